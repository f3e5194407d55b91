"""The census reads open and failed runs by their indexes, however many have ended."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection as database
from django.utils import timezone

from integrations.services.upkeep.census import Census
from integrations.services.upkeep.checks import processes, providers
from tests.support.rows import make_connection, make_finished_run, make_run

pytestmark = pytest.mark.django_db


class Asked:
    """Keep statements with their parameters, which decide what index serves."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, Any]] = []

    def __call__(self, execute: Any, sql: str, params: Any, *rest: Any) -> Any:
        self.seen.append((sql, params))
        return execute(sql, params, *rest)


def test_the_work_is_found_by_indexes(alice: User) -> None:
    if database.vendor != "sqlite":
        pytest.skip("the planner of SQLite, which is told no values, is asked")
    make_finished_run(
        make_connection(alice), outcome="failed", finished_at=timezone.now()
    )
    asked, census = Asked(), Census()
    with database.execute_wrapper(asked):
        assert census.work
        assert census.oldest_run is None

    with database.cursor() as cursor:
        for sql, params in asked.seen:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}", params)
            steps = [row[-1] for row in cursor.fetchall()]
            on_runs = [step for step in steps if "integrations_syncrun" in step]
            assert on_runs
            assert all(step.startswith("SEARCH") for step in on_runs), steps


def test_the_probe_of_queues_reads_one_row(alice: User) -> None:
    run = make_run(make_connection(alice), due_at=timezone.now())
    asked, census = Asked(), Census()
    with database.execute_wrapper(asked):
        result = next(c for c in processes.CHECKS if c.id == "queues").probe(census)

    assert result.ok
    assert census.oldest_run == run.due_at
    [(sql, _)] = asked.seen
    assert "LIMIT 1" in sql
    assert "COUNT" not in sql


@pytest.mark.parametrize(("others", "is_well"), [(0, False), (99, False), (100, True)])
def test_one_quota_among_many_is_its_users_own_affair(
    alice: User, others: int, is_well: bool
) -> None:
    today = timezone.now().date()
    make_connection(alice, calls_on=today, calls_today=10**7)
    for _ in range(others):
        make_connection(alice)

    quota = next(check for check in providers.CHECKS if check.id == "quota")

    assert quota.probe(Census()).ok is is_well
