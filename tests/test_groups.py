"""Tests that share something slow are run by one worker of pytest."""

import ast
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest
from xdist.remote import Producer

from tests.browser import fixtures as browser
from tests.real.pages.test_tables import FILES_LEFT_OUT, SAME, TESTS_LEFT_OUT
from tests.real.support import fixtures as real
from tests.support.guards.groups import (
    CONTROLS,
    LONG,
    LONGEST,
    ONE_STACK,
    TOGETHER,
    WAITING,
    InGroups,
    group_of,
    order_of,
)

OWN_EDIT = "tests/real/pages/test_editing.py::test_rows"
OF_THE_FILE = '@pytest.fixture(scope="module"'
LETS_IN = "django_db_" + "blocker"
FAST = "tests/http/sending/test_urls.py::test_a_path[items]"
OWN = "tests/real/run/test_run.py::test_a_taken_port_is_named"
LONG_FILE = "tests/providers/test_mutations.py::test_a_mistake[notion]"
BROWSER = "tests/browser/test_journey.py::test_a_newcomer[js]"
IN_BROWSER = "tests/browser/items/test_tables.py::test_a_table"
ALL_OF_A_PAGE = "tests/browser/test_every_control.py::test_everything"
GAME_DAY = "tests/real/operations/test_game_day.py::test_each_fault[postgres]"
OWN_STACK = "tests/real/sync/test_sync.py::test_a_worker_killed[sqlite]"
SQLITE = "tests/real/pages/test_search.py::test_a_stage_is_found[sqlite]"
POSTGRES = "tests/real/pages/test_editing.py::test_writes[postgres]"
GRANTS = "tests/real/grants/test_grants.py"


@pytest.mark.parametrize(
    ("node_id", "group"),
    [
        (FAST, "tests/http/sending/test_urls.py"),
        (
            "tests/http/sending/test_urls.py::test_x[postgres]",
            "tests/http/sending/test_urls.py",
        ),
        (OWN, OWN),
        ("tests/real/web/test_doors.py::test_a_page", "tests/real/web/test_doors.py"),
        (BROWSER, "tests/browser/"),
        (IN_BROWSER, "tests/browser/items/"),
        (ALL_OF_A_PAGE, "tests/browser/ controls"),
        (GAME_DAY, GAME_DAY),
        (OWN_STACK, OWN_STACK),
        (SQLITE, "sqlite"),
        (POSTGRES, "postgres"),
        (
            "tests/real/pages/test_editing.py::test_rows",
            "tests/real/pages/test_editing.py::test_rows",
        ),
        (f"{GRANTS}::test_an_answer[postgres-hubspot]", f"{GRANTS} postgres"),
    ],
)
def test_a_name_says_the_group(node_id: str, group: str) -> None:
    assert group_of(node_id) == group


def test_what_waits_comes_first() -> None:
    ids = [FAST, LONG_FILE, ALL_OF_A_PAGE, POSTGRES, BROWSER]

    assert sorted(ids, key=order_of) == [*reversed(ids)]
    assert order_of(OWN) == order_of(ALL_OF_A_PAGE)


def test_the_files_of_what_is_long_are_no_more_than_workers() -> None:
    """One more would wait behind one of them, as a second half does."""
    paths = map(str, Path("tests").rglob("test_*.py"))

    assert len({group_of(path) for path in paths if order_of(path) == 0}) == WAITING


@pytest.mark.parametrize("more", [0, 1, 2])
def test_one_worker_more_begins_at_the_other_end(more: int) -> None:
    """Whoever waits leaves it the cores."""
    waiting = [f"{OWN_STACK}-{number}" for number in range(WAITING + more)]
    files = [f"tests/http/test_{n}.py::test_{m}" for n in range(3) for m in range(3)]
    nodes = [Mock(shutting_down=False) for _ in waiting]
    config = Mock(**{"getvalue.return_value": ["popen"] * len(nodes)})
    config.option.loadscopereorder = False
    scheduling = InGroups(config, Producer("tests"))
    for node in nodes:
        scheduling.add_node(node)
        scheduling.add_node_collection(node, [*waiting, *files])

    scheduling.schedule()

    begun = [next(iter(scheduling.assigned_work[node])) for node in nodes]
    last = ["tests/http/test_2.py"] if more else waiting[-1:]
    assert begun == [*waiting[:-1], *last]


def test_the_tests_of_a_file_that_share_its_server_stay_together() -> None:
    texts = {path: path.read_text("utf-8") for path in Path("tests/real").rglob("*.py")}

    own = {str(path) for path, text in texts.items() if OF_THE_FILE in text}

    assert own == set(TOGETHER)


def _uses_the_stack_of_others(text: str) -> bool:
    """Tell whether a test beside others takes the stack that the files share."""
    functions = [
        node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)
    ]
    if "stack" in {each.name for each in functions}:
        return False
    return any(
        "stack" in {argument.arg for argument in each.args.args}
        for each in functions
        if (marks := [ast.unparse(mark) for mark in each.decorator_list])
        or each.name.startswith("test_")
        if "pytest.mark.alone" not in marks
    )


def test_the_tests_that_share_a_stack_between_files_stay_together() -> None:
    texts = {path: path.read_text("utf-8") for path in Path("tests/real").rglob("*.py")}

    sharing = {
        str(path) for path, text in texts.items() if _uses_the_stack_of_others(text)
    }

    assert sharing == set(ONE_STACK)


def test_a_file_that_is_called_long_exists() -> None:
    assert all(Path(name).exists() for name in (*LONG, *LONGEST, *CONTROLS))


def _tests_of(path: str) -> list[str]:
    tree = ast.parse(Path(path).read_text("utf-8"))
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    return [each.name for each in functions if each.name.startswith("test_")]


def test_what_runs_on_postgresql_exists() -> None:
    assert all(Path(each).exists() for half in SAME.values() for each in half)


@pytest.mark.parametrize("path", FILES_LEFT_OUT)
def test_of_a_file_left_out_on_postgresql_every_test_was_looked_at(path: str) -> None:
    assert len(_tests_of(path)) == FILES_LEFT_OUT[path]


@pytest.mark.parametrize("node_id", TESTS_LEFT_OUT)
def test_a_test_left_out_on_postgresql_takes_no_other_with_it(node_id: str) -> None:
    """Pytest leaves out whatever begins with the name."""
    path, _, name = node_id.partition("::")

    assert [each for each in _tests_of(path) if each.startswith(name)] == [name]


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


def test_no_fixture_but_the_own_one_of_the_database_reads_it_between_tests() -> None:
    """What stands there is of the test that happened to be the last."""
    texts = {path: path.read_text("utf-8") for path in Path("tests").rglob("*.py")}

    assert {str(path) for path, text in texts.items() if LETS_IN in text} == {
        "tests/conftest.py"
    }


def test_what_an_interrupted_run_kept_is_closed() -> None:
    closed: list[str] = []

    def begun(name: str) -> Any:
        ends = ExitStack()
        ends.callback(closed.append, name)
        return None, ends

    session: Any = SimpleNamespace(stash=pytest.Stash())
    session.stash[real.KEPT] = {name: begun(name) for name in real.DATABASES}
    session.stash[browser.SITE] = begun("site")
    session.stash[browser.BROWSERS] = SimpleNamespace(close=begun("browsers")[1].close)

    for each in (real, browser, real, browser):
        each.pytest_sessionfinish(session)

    assert sorted(closed) == sorted([*real.DATABASES, "site", "browsers"])
