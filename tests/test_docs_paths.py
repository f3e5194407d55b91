"""Every path that the documentation names is in the tree."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
CODE = re.compile(r"`([\w.*-]+(?:/[\w.*-]+)+/?|\w+\.py)`")
# The documentation leaves out the package that most of it is about.
BASES = (ROOT, ROOT / "integrations")
CODE_TOPS = ("integrations", "config", "tests", "sandbox")
# The provider that a newcomer writes.
EXAMPLE = "acme"
TOPS = {each.name for base in BASES for each in base.iterdir() if each.is_dir()}


def is_there(name: str) -> bool:
    """Tell whether a name is of a file, a folder, a module or something in one."""
    if "/" not in name:
        return (ROOT / name).exists() or any(
            any(ROOT.glob(f"{top}/**/{name}")) for top in CODE_TOPS
        )
    module = name if name.endswith(".py") else re.sub(r"\.\w+$", "", name)
    names = (name, f"{name}.py", f"{module}.py", module)
    return any(any(base.glob(each.rstrip("/"))) for base in BASES for each in names)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_path_that_a_page_names_exists(page: Path) -> None:
    found = set(CODE.findall(page.read_text()))
    named = {name for name in found if EXAMPLE not in name}
    # The first part says whether it is one of the tree's at all.
    ours = {n for n in named if "/" not in n or n.partition("/")[0] in TOPS}

    assert not [name for name in sorted(ours) if not is_there(name)]


READMES = [*ROOT.glob("integrations/providers/*/README.md"), ROOT / "sandbox/README.md"]
LOCAL = re.compile(r"`((?:[\w-]+/)*\w+\.py)`")


@pytest.mark.parametrize("page", READMES, ids=lambda page: page.parent.name)
def test_every_module_that_a_readme_names_is_below_it(page: Path) -> None:
    named = set(LOCAL.findall(page.read_text()))
    own = {path.relative_to(page.parent) for path in page.parent.rglob("*.py")}
    ends = {"/".join(path.parts[n:]) for path in own for n in range(len(path.parts))}

    assert named
    others = sorted(named - ends)
    assert not [name for name in others if "/" not in name or not is_there(name)]


def symbols(page: Path) -> list[tuple[str, str]]:
    """Return the modules that a page names with something in them, and that."""
    found = {name for name in CODE.findall(page.read_text()) if "/" in name}
    split = [name.rpartition(".") for name in sorted(found) if EXAMPLE not in name]
    parts = [(path, name) for path, _, name in split]
    return [
        (path, name)
        for path, name in parts
        if path and name != "py" and any(modules_at(path))
    ]


def modules_at(path: str) -> list[Path]:
    """Return the module or the package at a path, from either base."""
    ends = (f"{path}.py", f"{path}/__init__.py")
    return [base / end for base in BASES for end in ends if (base / end).exists()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_names_in_a_module_is_defined_there(page: Path) -> None:
    for path, name in symbols(page):
        text = "\n".join(each.read_text() for each in modules_at(path))

        defined = rf"(?m)^\s*(?:def|class) {name}\b|^{name}\b.*="
        assert re.search(defined, text), f"{path}.{name}"


def test_what_holds_is_named_by_where_it_is() -> None:
    """Of a module's name alone nobody can tell whether there still is one."""
    text = (ROOT / "docs/security.md").read_text()
    names = re.findall(r"`([a-zA-Z_]+\.[a-zA-Z_]+)`", text)

    assert not [name for name in names if not is_there(name)]
    assert symbols(ROOT / "docs/security.md")
