"""Architecture: layers, order of the services, import cycles, provider folders."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from pathlib import Path

import pytest

from config.environment.env import LINE
from integrations.management.names import find_uses
from integrations.providers import SPECS

ROOT = Path(__file__).resolve().parent.parent
PRODUCT = ROOT / "integrations"
# Layers and packages are those of the drawing: "7  views signin", by their ranks.
DRAWING = (ROOT / "docs/architecture.md").read_text("utf-8").split("```text\n")[1]
DRAWN = re.findall(r"^( *)(\d)  (.+)$", DRAWING.partition("```")[0], re.MULTILINE)
LAYERS, SERVICE_RANKS = (
    {
        name: int(rank)
        for indent, rank, names in DRAWN
        if bool(indent) is is_service
        for name in names.split()
    }
    for is_service in (False, True)
)
# What Django loads by name stands outside the layers and imports at most one of them.
UNLAYERED = {"apps", "migrations", "__init__"}
WITHOUT_DJANGO = 3


def python_files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*.py")):
        if not {"migrations", "__pycache__"} & set(path.parts):
            yield path


def layer_of(module: str) -> int | None:
    """Return the layer of a dotted module, or None for what stands outside."""
    parts = module.split(".")[1:]
    if not parts or parts[0] in UNLAYERED:
        return None
    assert parts[0] in LAYERS, f"{module} has no layer in docs/architecture.md"
    return LAYERS[parts[0]]


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def read(path: Path) -> tuple[set[str], dict[str, int]]:
    """Return what a file imports, wherever, and its functions with their lines.

    It is parsed once for both, which takes most of these tests' time.
    """
    imports: set[str] = set()
    lines: dict[str, int] = {}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imports |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            imports |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            end = node.end_lineno or node.lineno
            name = f"{node.name} in line {node.lineno}"
            lines[name] = end - node.lineno + 1
    return imports, lines


def service_package(module: str) -> str | None:
    """Return which package of the services a dotted module belongs to, if any."""
    parts = module.split(".")
    return parts[2] if parts[1:2] == ["services"] and len(parts) > 2 else None


def imports_between(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield each module of a folder with each module that it imports."""
    for path in python_files(folder):
        module = module_of(path)
        yield from ((module, imported) for imported in read(path)[0])


def test_a_module_imports_from_its_own_layer_or_below() -> None:
    wrong = []
    for module, imported in imports_between(PRODUCT):
        layer = layer_of(module)
        if layer is None:
            continue
        other = layer_of(imported) if imported.startswith("integrations.") else None
        is_framework = imported.startswith(("django", "allauth", "celery", "config"))
        if (other or 0) > layer or (is_framework and layer <= WITHOUT_DJANGO):
            wrong.append(f"{module} imports {imported}")

    assert wrong == []


def test_a_service_imports_from_its_own_package_or_those_before() -> None:
    wrong = []
    for module, imported in imports_between(PRODUCT / "services"):
        package = service_package(module)
        ours = imported.startswith("integrations.")
        other = service_package(imported) if ours else None
        if None in {package, other} or other == package:
            continue
        if SERVICE_RANKS[other] >= SERVICE_RANKS[package]:
            wrong.append(f"{module} imports {imported}")

    assert wrong == []


def test_the_drawing_has_every_layer_and_every_package_of_the_services() -> None:
    packages = {path.parent.name for path in PRODUCT.glob("services/*/__init__.py")}
    files = {path.relative_to(PRODUCT).parts[0] for path in python_files(PRODUCT)}
    tops = {name.removesuffix(".py") for name in files}

    assert packages == set(SERVICE_RANKS)
    assert tops - UNLAYERED == set(LAYERS)


TREES = ("config", "integrations", "sandbox")
LONGEST = 50
# In one folder, so that its list is read at a glance; Django looks into two for all.
MOST_FILES = 16
DJANGOS = {"migrations", "commands"}


@pytest.mark.parametrize("tree", [*TREES, "tests"])
def test_no_folder_is_crowded(tree: str) -> None:
    files = Counter(path.parent for path in python_files(ROOT / tree))
    crowded = {
        str(folder.relative_to(ROOT)): number
        for folder, number in files.items()
        if number > MOST_FILES and folder.name not in DJANGOS
    }

    assert crowded == {}


@pytest.mark.parametrize("tree", TREES)
def test_no_function_is_longer_than_a_page(tree: str) -> None:
    found = [
        f"{path}: {name} has {lines} lines"
        for path in python_files(ROOT / tree)
        for name, lines in read(path)[1].items()
        if lines > LONGEST
    ]

    assert found == []


@pytest.mark.parametrize("tree", TREES)
def test_no_modules_import_each_other_in_a_cycle(tree: str) -> None:
    files = {module_of(path): path for path in python_files(ROOT / tree)}
    graph = {
        module: {
            name if name in files else name.rpartition(".")[0] for name in read(path)[0]
        }
        & set(files) - {module}
        for module, path in files.items()
    }

    try:
        TopologicalSorter(graph).prepare()
    except CycleError as exc:
        pytest.fail(" imports ".join(reversed(exc.args[1])))


def test_an_import_for_types_alone_counts_as_well(tmp_path: Path) -> None:
    path = tmp_path / "two.py"
    path.write_text("if TYPE_CHECKING:\n    from box.one import Name\n")

    assert read(path)[0] == {"box.one.Name"}


def test_the_product_is_configured_and_does_not_ask_its_configuration() -> None:
    for path in python_files(PRODUCT):
        asked = {name for name in read(path)[0] if name.startswith("config")}
        assert not asked, f"{path}: {asked}"


@pytest.mark.parametrize("model", ["Connection", "Collection", "Item", "Download"])
def test_a_page_finds_what_is_the_users_own_by_one_name(model: str) -> None:
    for path in python_files(PRODUCT / "views"):
        text = path.read_text()
        found = re.search(rf"\b{model}\.objects\.filter\(\s*connection__owner", text)
        assert not found, f"{path}: use {model}.objects.owned_by"


def test_the_sandbox_and_the_product_import_nothing_of_each_other() -> None:
    for folder, other in (("sandbox", "integrations"), ("integrations", "sandbox")):
        for path in python_files(ROOT / folder):
            found = {name for name in read(path)[0] if name.startswith(other)}
            assert not found, f"{path}: {found}"


def test_a_seed_of_the_sandbox_knows_no_api_and_only_its_pages_and_command_django():
    for path in python_files(ROOT / "sandbox"):
        imports = read(path)[0]
        assert "seed" not in path.parts or not [n for n in imports if ".api" in n], path
        may_use_django = {"management", "apps.py", "html.py"} & set(path.parts)
        is_django = any(name.startswith("django") for name in imports)
        assert may_use_django or not is_django, path


def test_nothing_outside_a_providers_folder_names_it() -> None:
    assert list(find_uses(SPECS)) == []


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
