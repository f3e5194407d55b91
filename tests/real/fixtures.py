"""Offer running products to the tests of the real tier and of the browser."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from tests.real.stack import Stack

if TYPE_CHECKING:
    from tests.real.postgres import Postgres

MakeStack = Callable[..., Stack]


@pytest.fixture(scope="session")
def postgres() -> "Iterator[Postgres]":
    """Return one PostgreSQL server for all tests."""
    # Not needed, and slow to load, where only the fast tests run.
    from tests.real.postgres import Postgres

    server = Postgres()
    yield server
    server.close()


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def stack(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """Return everything running, shared by tests that leave it as they found it."""
    url = ""
    if request.param == "postgres":
        url = request.getfixturevalue("postgres").create_database("shared")
    made = Stack(tmp_path_factory.mktemp(f"stack-{request.param}"), database_url=url)
    made.prepare()
    made.start()
    yield made
    made.close()


@pytest.fixture
def make_stack(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[MakeStack]:
    """Make stacks of the test's own, migrated and not started.

    ``make_stack("postgres", SWEEP_INTERVAL="2")`` takes settings by name.
    """
    made: list[Stack] = []

    def make(database: str = "sqlite", **values: str) -> Stack:
        url = ""
        if database == "postgres":
            server = request.getfixturevalue("postgres")
            url = server.create_database(f"own_{uuid4().hex}")
        directory = tmp_path_factory.mktemp("own")
        stack = Stack(directory, database_url=url, **values)
        made.append(stack)
        stack.prepare()
        return stack

    yield make
    for stack in made:
        stack.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Return everything running once more, for the browser to look at."""
    made = Stack(tmp_path_factory.mktemp("site"))
    made.prepare()
    made.start()
    yield made
    made.close()
