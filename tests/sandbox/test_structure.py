"""Check that no module of the sandbox needs itself, by whatever way around."""

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def read_modules(folder: Path) -> dict[str, Path]:
    """Return the modules below a folder by their dotted names."""
    found = {}
    for path in folder.rglob("*.py"):
        parts = path.relative_to(folder.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = path
    return found


def read_names(path: Path) -> set[str]:
    """Return what a module imports, in functions and under TYPE_CHECKING as well."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def check_order(folder: Path) -> None:
    modules = read_modules(folder)
    graph = {}
    for name, path in modules.items():
        names = read_names(path)
        owners = {one if one in modules else one.rpartition(".")[0] for one in names}
        graph[name] = owners & modules.keys()
    TopologicalSorter(graph).prepare()


def test_the_sandbox_has_no_import_circle() -> None:
    check_order(ROOT / "sandbox")


def test_the_sandbox_imports_nothing_of_the_product_and_a_seed_nothing_of_the_api():
    for name, path in read_modules(ROOT / "sandbox").items():
        imports = read_names(path)
        tops = {name.split(".")[0] for name in imports}
        assert not tops & {"integrations", "config"}, path
        may_use_django = {"management", "apps.py", "html.py"} & set(path.parts)
        assert may_use_django or "django" not in tops, path
        assert ".seed" not in name or not [n for n in imports if ".api" in n], path


def test_a_circle_of_types_is_one_too(tmp_path: Path) -> None:
    folder = tmp_path / "box"
    folder.mkdir()
    (folder / "one.py").write_text("from box import two\n")
    lazy = "if TYPE_CHECKING:\n    from box.one import Name\n"
    (folder / "two.py").write_text(f"from typing import TYPE_CHECKING\n{lazy}")

    with pytest.raises(CycleError, match=r"box\.one"):
        check_order(folder)
