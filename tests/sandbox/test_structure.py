"""Check that no module of the sandbox needs itself, by whatever way around."""

import ast
from collections.abc import Mapping
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


def read_imports(path: Path, modules: Mapping[str, Path]) -> set[str]:
    """Return what a module imports, in functions and under TYPE_CHECKING as well."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in modules else node.module for name in names}
    return found & modules.keys()


def check_order(folder: Path) -> None:
    modules = read_modules(folder)
    graph = {name: read_imports(path, modules) for name, path in modules.items()}
    TopologicalSorter(graph).prepare()


def test_the_sandbox_has_no_import_circle() -> None:
    check_order(ROOT / "sandbox")


def test_a_circle_of_types_is_one_too(tmp_path: Path) -> None:
    folder = tmp_path / "box"
    folder.mkdir()
    (folder / "one.py").write_text("from box import two\n")
    lazy = "if TYPE_CHECKING:\n    from box.one import Name\n"
    (folder / "two.py").write_text(f"from typing import TYPE_CHECKING\n{lazy}")

    with pytest.raises(CycleError, match=r"box\.one"):
        check_order(folder)
