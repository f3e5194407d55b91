"""Guard the floors of the house, and the promise that providers keep to their rooms."""

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from config.env import LINE
from integrations.providers import SPECS

ROOT = Path(__file__).resolve().parent.parent
PRODUCT = ROOT / "integrations"
FLOORS = {
    "http": 1,
    "oauth": 2,
    "providers": 3,
    "models": 4,
    "services": 5,
    "tasks": 6,
    "admin": 6,
    "management": 6,
    "checks": 6,
    "admin_site": 7,
    "context_processors": 7,
    "forms": 7,
    "signin": 7,
    "templatetags": 7,
    "urls": 7,
    "views": 7,
}
# What Django loads by name stands beside the floors and imports at most one of them.
BESIDE = {"apps", "migrations", "__init__"}
WITHOUT_DJANGO = 3
# The list of rooms, and the sentence that says what the product is.
SIGNS = {PRODUCT / "providers" / "__init__.py", PRODUCT / "__init__.py"}


def python_files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*.py")):
        if not {"migrations", "__pycache__"} & set(path.parts):
            yield path


def floor_of(module: str) -> int | None:
    """Return the floor of a dotted module, or None for what stands beside."""
    parts = module.split(".")[1:]
    if not parts or parts[0] in BESIDE:
        return None
    assert parts[0] in FLOORS, f"{module} has no floor; give it one in this test"
    return FLOORS[parts[0]]


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path) -> set[str]:
    """Return the modules a file imports, wherever in the file it does."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize(
    "path", list(python_files(PRODUCT)), ids=lambda path: str(path.relative_to(PRODUCT))
)
def test_a_module_imports_from_its_own_floor_or_below(path: Path) -> None:
    floor = floor_of(module_of(path))
    if floor is None:
        return

    for imported in imports_of(path):
        if imported.startswith("integrations."):
            other = floor_of(imported)
            assert other is None or other <= floor, f"{path.name} imports {imported}"
        if floor <= WITHOUT_DJANGO:
            assert not imported.startswith(("django", "allauth", "celery", "config")), (
                f"{path.name} imports {imported}"
            )


def test_the_sandbox_and_the_product_know_nothing_of_each_other() -> None:
    for folder, other in (("sandbox", "integrations"), ("integrations", "sandbox")):
        for path in python_files(ROOT / folder):
            strangers = {name for name in imports_of(path) if name.startswith(other)}
            assert not strangers, f"{path}: {strangers}"


def test_nobody_names_a_provider_outside_its_own_room() -> None:
    words = re.compile("|".join(SPECS), re.IGNORECASE)
    rooms = {PRODUCT / "providers" / slug for slug in SPECS}
    places = [*python_files(PRODUCT), *python_files(ROOT / "config")]
    places += sorted((ROOT / "templates").rglob("*.html"))
    told = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in places
        if path not in SIGNS and not rooms & set(path.parents)
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1)
        if words.search(line)
    ]
    assert told == []


def test_every_provider_explains_itself() -> None:
    for slug in SPECS:
        assert (PRODUCT / "providers" / slug / "README.md").is_file(), slug


def test_every_make_target_the_readme_names_exists() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    named = set(
        re.findall(r"\bmake ([a-z-]+)", (ROOT / "README.md").read_text("utf-8"))
    )

    for target in named:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_every_line_of_the_example_settings_is_explained() -> None:
    lines = (ROOT / ".env.example").read_text("utf-8").splitlines()
    for before, line in pairwise(lines):
        if LINE.match(line.lstrip("#")) and not line.startswith("# "):
            is_second = LINE.match(before.lstrip("#")) and not before.startswith("# ")
            assert before.startswith("# ") or is_second, line
