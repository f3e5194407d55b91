"""Offer running products to the tests of the real tier and of the browser."""

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from tests.real.support.fork_server import ForkServers
from tests.real.support.processes import forget_ended, last_words
from tests.real.support.stack import Stack
from tests.support.guards.groups import stack_of
from tests.support.provider_answers.seeds import FEW_PROPERTIES, SMALL
from tests.support.shared_files import shared_directory

if TYPE_CHECKING:
    from tests.real.support.postgres import Postgres
    from tests.real.support.templates import Templates

MakeStack = Callable[..., Stack]
# The names by which tests/support/guards/groups.py knows the tests that share a stack.
DATABASES = ["sqlite", "postgres"]
# Stacks that tests share, by their database, and what ends them.
KEPT: "pytest.StashKey[dict[str, tuple[Stack, ExitStack]]]" = pytest.StashKey()


@pytest.fixture(scope="session")
def postgres(templates: "Templates") -> "Iterator[Postgres]":
    """Return one PostgreSQL server for all tests of a worker."""
    # Not needed, and slow to load, where only the fast tests run.
    from tests.real.support.postgres import Postgres

    server = Postgres(templates.postgres())
    yield server
    server.close()


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> "Templates":
    """Return what stacks begin with, shared by the workers of one pytest."""
    from tests.real.support.templates import Templates

    return Templates(shared_directory(tmp_path_factory) / "templates")


@pytest.fixture(scope="session")
def make_any_stack(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> MakeStack:
    """Make stacks with all their data and nothing running; the caller closes them.

    HubSpot's types have few ``properties`` there; 0 stands for their usual number.
    """

    def make(
        database: str = "sqlite",
        *,
        sizes: Mapping[str, int] = SMALL,
        properties: int = FEW_PROPERTIES,
        **values: str,
    ) -> Stack:
        url = ""
        if database == "postgres":
            server = request.getfixturevalue("postgres")
            url = server.create_database(template="migrated")
        directory = tmp_path_factory.mktemp(f"stack-{database}")
        stack = Stack(directory, database_url=url, fork_servers=ForkServers(), **values)
        request.getfixturevalue("templates").fill(stack, sizes, properties)
        return stack

    return make


@pytest.fixture
def make_stack(make_any_stack: MakeStack) -> Iterator[MakeStack]:
    """Make stacks of the test's own, migrated and not started.

    ``make_stack("postgres", SWEEP_INTERVAL="2")`` takes settings by name.
    """
    with ExitStack() as made:

        def make(database: str = "sqlite", **options: Any) -> Stack:
            stack = make_any_stack(database, **options)
            made.callback(stack.close)
            return stack

        yield make


@pytest.fixture(params=DATABASES)
def stack(request: pytest.FixtureRequest, make_any_stack: MakeStack) -> Stack:
    """Return everything running, shared by tests that leave it as they found it.

    It goes with the last of those that follow each other: one that idles for minutes
    costs more than to start another.
    """
    kept = request.session.stash.setdefault(KEPT, {})
    if request.param not in kept:
        begun = ExitStack()
        made = begun.enter_context(running(make_any_stack(request.param, properties=0)))
        kept[request.param] = made, begun
    return kept[request.param][0]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Begin a test, of which only its own processes tell."""
    forget_ended()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[
    None, pytest.TestReport, pytest.TestReport
]:
    """Tell with a failure what the processes wrote: whoever reads it saw none."""
    report = yield
    if report.failed:
        report.sections += last_words()
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Close the stack whose last test this was."""
    kept = item.session.stash.get(KEPT, {})
    for database in kept.keys() - {stack_of(nextitem)}:
        kept.pop(database)[1].close()


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Close what an interrupted run kept: no test's teardown came for it.

    What it began has sessions of its own, and outlives this process otherwise.
    """
    kept = session.stash.get(KEPT, {})
    with ExitStack() as left:
        while kept:
            left.callback(kept.popitem()[1][1].close)


@contextmanager
def running(stack: Stack) -> Iterator[Stack]:
    """Run a product whose workers are not the subject, in one process for all."""
    stack.join_workers()
    try:
        stack.start()
        yield stack
    finally:
        stack.close()
