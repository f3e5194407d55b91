"""Tests that share something slow are run by one worker of pytest."""

import ast
from pathlib import Path

import pytest

from tests.support.guards.groups import LONG, TOGETHER, group_of, order_of

OF_THE_FILE = '@pytest.fixture(scope="module")'
FAST = "tests/http/sending/test_urls.py::test_a_path[items]"
OWN = "tests/real/test_run.py::test_ctrl_c_stops_everything"
LONG_FILE = "tests/providers/test_mutations.py::test_a_mistake[notion]"
BROWSER = "tests/browser/test_journey.py::test_a_newcomer[js]"
SQLITE = "tests/real/test_sync.py::test_a_worker_killed[sqlite]"
POSTGRES = "tests/real/test_grants.py::test_a_late_answer[postgres-hubspot]"


@pytest.mark.parametrize(
    ("node_id", "group"),
    [
        (FAST, "tests/http/sending/test_urls.py"),
        (
            "tests/http/sending/test_urls.py::test_x[postgres]",
            "tests/http/sending/test_urls.py",
        ),
        (OWN, OWN),
        ("tests/real/test_doors.py::test_a_page", "tests/real/test_doors.py"),
        (BROWSER, "tests/browser/"),
        (SQLITE, "sqlite"),
        (POSTGRES, "postgres"),
    ],
)
def test_a_name_says_the_group(node_id: str, group: str) -> None:
    assert group_of(node_id) == group


def test_what_waits_comes_first() -> None:
    ids = [FAST, LONG_FILE, OWN, BROWSER, SQLITE, POSTGRES]

    assert sorted(ids, key=order_of) == [*reversed(ids)]


def test_the_tests_of_a_file_that_share_its_server_stay_together() -> None:
    texts = {path: path.read_text("utf-8") for path in Path("tests/real").glob("*.py")}

    own = {str(path) for path, text in texts.items() if OF_THE_FILE in text}

    assert own == set(TOGETHER)


def test_a_file_that_is_called_long_exists() -> None:
    assert all(Path(name).is_file() for name in LONG)


def _is_a_set(values: ast.expr) -> bool:
    if isinstance(values, ast.Call) and isinstance(values.func, ast.Name):
        return values.func.id in {"set", "frozenset"}
    return isinstance(values, ast.Set | ast.SetComp)


def test_every_worker_collects_the_tests_in_one_order() -> None:
    """A set's order differs between processes, and pytest-xdist refuses to begin."""
    calls = {
        (str(path), node.lineno): node.args[1]
        for path in Path("tests").rglob("test_*.py")
        if "parametrize(" in (text := path.read_text("utf-8"))
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "parametrize"
        and len(node.args) > 1
    }

    assert len(calls) > 500
    assert not [place for place, values in calls.items() if _is_a_set(values)]
