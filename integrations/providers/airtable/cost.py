"""Estimate what reading an account costs in API calls a month.

A workspace on a Free plan has 1,000 calls a month for all of its integrations, and
one call brings a hundred records at most. Whether calls that ask for bases and
tables count is not documented; they are counted here.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

# https://support.airtable.com/docs/managing-api-call-limits-in-airtable
# Calls a month and workspace; the other plans have no such limit.
PLAN_CALLS: Final = {"Free": 1_000, "Team": 100_000}
RECORDS_PER_CALL: Final = 100
BASES_PER_LISTING: Final = 10
MONTH_MINUTES: Final = 31 * 24 * 60
# Runs are brought forward by up to a tenth, so that not all connections run at once.
EARLY: Final = 0.9
DISCOVERY_HOURS: Final = 24
# What a person can choose for the interval, and how rarely a full pass may come.
INTERVALS: Final = (5, 15, 30, 60, 180, 720, 1440)
FULL_PASS_HOURS: Final = (24, 72, 168, 336, 720)


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """Say how often to look for changes and to read everything, and the cost."""

    interval_minutes: int
    full_pass_hours: float
    calls: int


def monthly_calls(
    record_count: int,
    interval_minutes: float,
    *,
    full_pass_hours: float = 24,
    changes_per_run: int = 0,
) -> int:
    """Return how many calls a month a table of so many records costs.

    A full pass reads the schema and every page; any other run reads what changed,
    which takes a call even when nothing did.
    """
    runs, passes = _runs(interval_minutes, full_pass_hours)
    return passes * (_pages(record_count) + 1) + (runs - passes) * _pages(
        changes_per_run
    )


def monthly_structure_calls(
    base_count: int, interval_minutes: float, *, full_pass_hours: float = 24
) -> int:
    """Return how many calls a month it costs to know the bases and their tables.

    Every run lists them, and once a day they are looked through for new tables.
    """
    runs, _ = _runs(interval_minutes, full_pass_hours)
    listing = base_count + max(1, math.ceil(base_count / BASES_PER_LISTING))
    discoveries = min(runs, math.ceil(MONTH_MINUTES / (DISCOVERY_HOURS * 60)))
    return runs * listing + discoveries * (base_count + 1)


def fitting_schedule(
    record_counts: Sequence[int],
    *,
    base_count: int,
    quota: int,
    intervals: Sequence[int] = INTERVALS,
) -> Schedule | None:
    """Return the best schedule whose calls fit a monthly quota, None if none does.

    Frequent full passes count for more than frequent looks for changes: only they
    find what was deleted.
    """
    for hours in FULL_PASS_HOURS:
        for minutes in sorted(intervals):
            calls = sum(
                monthly_calls(count, minutes, full_pass_hours=hours)
                for count in record_counts
            ) + monthly_structure_calls(base_count, minutes, full_pass_hours=hours)
            if calls <= quota:
                return Schedule(
                    interval_minutes=minutes, full_pass_hours=hours, calls=calls
                )
    return None


def _runs(interval_minutes: float, full_pass_hours: float) -> tuple[int, int]:
    """Return how many runs a month has, and how many of them are full passes."""
    if interval_minutes <= 0 or full_pass_hours <= 0:
        raise ValueError("an interval is longer than nothing")
    runs = math.ceil(MONTH_MINUTES / (interval_minutes * EARLY))
    return runs, min(runs, math.ceil(MONTH_MINUTES / (full_pass_hours * 60)))


def _pages(record_count: int) -> int:
    return max(1, math.ceil(record_count / RECORDS_PER_CALL))
