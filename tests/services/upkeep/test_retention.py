"""What is too old is found by its date, so that a sweep costs what it deletes."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.services.upkeep import retention

# So few that looking at each costs nothing: an hour's tries, a user's own files.
SMALL = {
    "integrations_signintry",
    "integrations_import",
    "integrations_bulkedit",
}
# Looked through once an hour.
HOURLY = {"integrations_importrow"}


def test_old_rows_are_found_without_looking_at_the_others(db: None) -> None:
    if database.vendor != "sqlite":
        pytest.skip("the planner of SQLite, which is told no values, is asked")
    asked: list[tuple[str, Any]] = []

    def note(execute: Any, sql: str, params: Any, *rest: Any) -> Any:
        asked.append((sql, params))
        return execute(sql, params, *rest)

    with database.execute_wrapper(note):
        retention.prune(now=timezone.now())

    looked_at = set()
    with database.cursor() as cursor:
        for sql, params in asked:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}", params)
            steps = [row[-1].split() for row in cursor.fetchall()]
            looked_at |= {step[1] for step in steps if step[0] == "SCAN"}
    assert len(asked) >= 16
    assert looked_at <= SMALL | HOURLY


def test_what_imports_leave_behind_is_looked_for_once_an_hour(db: None) -> None:
    now = timezone.now()

    def asks(minutes: int) -> bool:
        with CaptureQueriesContext(database) as asked:
            retention.prune(now=now + timedelta(minutes=minutes))
        return any("importrow" in each["sql"] for each in asked.captured_queries)

    assert [asks(minutes) for minutes in (0, 1, 59, 61, 62)] == [
        True,
        False,
        False,
        True,
        False,
    ]
