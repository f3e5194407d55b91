"""Workers and users on one PostgreSQL neither wait for each other nor share a run."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.real.support.fork_server import ForkServers
from tests.real.support.stack import Stack

if TYPE_CHECKING:
    from tests.real.support.postgres import Postgres

pytestmark = pytest.mark.real
PROCESSES = 3


def run(stack: Stack, what: str, *, module: str = "rivals") -> str:
    """Run a function of ``rivals`` in a process of its own; return what it wrote."""
    done = stack.manage(
        "shell",
        "--no-imports",
        "-c",
        f"from tests.real.support import {module}; {module}.{what}()",
    )
    assert "Traceback" not in done.stderr, done.stderr[-3000:]
    return done.stdout


@pytest.mark.parametrize("database", ["postgres"])
def test_each_run_is_taken_once_and_nobody_locks_out_the_other(
    database: str, postgres: "Postgres", tmp_path: Path
) -> None:
    url = postgres.create_database(template="migrated")
    stack = Stack(tmp_path, database_url=url, fork_servers=ForkServers())
    run(stack, "fill")

    with ThreadPoolExecutor(PROCESSES) as pool:
        told = pool.map(lambda _: run(stack, "compete"), range(PROCESSES))
        taken = [line for each in told for line in each.splitlines()]

    assert len(taken) == len(set(taken)) > 0
    assert stack.rows("select distinct state from integrations_syncrun") == [
        ("finished",)
    ]
    outcomes = dict(
        stack.rows("select outcome, count(*) from integrations_syncrun group by 1")
    )
    assert set(outcomes) == {"complete", "cancelled"}
    stack.close()


@pytest.mark.parametrize("database", ["postgres"])
def test_whoever_stores_in_linked_collections_waits_for_nobody_who_waits(
    database: str, postgres: "Postgres", tmp_path: Path
) -> None:
    url = postgres.create_database(template="migrated")
    stack = Stack(tmp_path, database_url=url, fork_servers=ForkServers())
    assert run(stack, "store_tables").splitlines()[-1] == "failed: 0 []"
    stack.close()


@pytest.mark.parametrize("database", ["postgres"])
def test_what_is_noted_beside_a_sync_is_neither_lost_nor_in_its_way(
    database: str, postgres: "Postgres", tmp_path: Path
) -> None:
    url = postgres.create_database(template="migrated")
    stack = Stack(tmp_path, database_url=url, fork_servers=ForkServers())
    told = run(stack, "note", module="own_rivals").splitlines()
    assert told[-2:] == ["failed: 0 []", "lost: []"]
    stack.close()
