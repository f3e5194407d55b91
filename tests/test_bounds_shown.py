"""Every bound has a sign that exists, or a reason for having none."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.guards.bounds import BOUNDS, NONE, OTHERS

ROOT = Path(__file__).resolve().parent.parent
BELOW = ("providers", "models", "http", "oauth")
PLACES = ("views", "services", "management", *BELOW)
# Ids and digests are taken apart in shorter pieces.
FEW = 30
NAME = re.compile(
    r"(?:MOST|MAX|LONG|LISTED|SHOWN|LOOKED_AT|ATTEMPTS|RUNS|HISTORY|RECENT|SAMPLE)"
    r"|(?:FEW|SOME|ENOUGH)$|(?:\w+_)?(?:LENGTH|LIMIT|SIZES?)$"
)


def bounds_in(module: Path) -> Iterator[str]:
    """Yield the names of a module that bound something."""
    for node in ast.parse(module.read_text(encoding="utf-8")).body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        if isinstance(node, ast.AnnAssign):
            targets = [node.target]
        for target in targets:
            for each in target.elts if isinstance(target, ast.Tuple) else [target]:
                if isinstance(each, ast.Name) and NAME.match(each.id):
                    yield each.id


def found() -> set[str]:
    base = ROOT / "integrations"
    return {
        f"{path.relative_to(base)}::{name}"
        for place in PLACES
        for path in (base / place).rglob("*.py")
        for name in bounds_in(path)
        if name not in OTHERS
    }


def cuts_in(module: Path) -> Iterator[str]:
    """Yield the slices of a module that end at a bare number, which nobody explains."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        end = node.upper if isinstance(node, ast.Slice) else None
        if isinstance(end, ast.Constant) and int(str(end.value)) >= FEW:
            yield f"{module.name}:{end.lineno}"


def test_what_is_read_of_a_provider_is_cut_at_no_bare_number() -> None:
    base = ROOT / "integrations"
    modules = [p for place in BELOW for p in (base / place).rglob("*.py")]

    assert [cut for module in modules for cut in cuts_in(module)] == []


def test_no_bound_is_forgotten_and_none_is_kept_that_is_gone() -> None:
    assert found() == set(BOUNDS)


@pytest.fixture(scope="module")
def sources() -> str:
    """Return all that templates and modules say, among which a sign has to be."""
    paths = [
        *(ROOT / "templates").rglob("*.html"),
        *(ROOT / "integrations").rglob("*.py"),
    ]
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


def test_every_sign_is_there(sources: str) -> None:
    signs = {sign for sign in BOUNDS.values() if not sign.startswith(NONE)}

    assert {sign for sign in signs if sign not in sources} == set()
