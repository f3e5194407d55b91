"""Estimate what reading an account costs in API calls a month.

A workspace on a Free plan has 1,000 calls a month for all of its integrations, and
one call brings a hundred records at most. Whether calls that ask for bases and
tables count is not documented; they are counted here.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from integrations.providers.airtable.ids import STRUCTURE
from integrations.providers.capabilities import Estimate, Plan, Schedule

# https://support.airtable.com/docs/managing-api-call-limits-in-airtable
# Calls a month and workspace; the other plans have no such limit.
PLANS: Final = (
    Plan(slug="free", name="Free", calls=1_000),
    Plan(slug="team", name="Team", calls=100_000),
    Plan(slug="business", name="Business or Enterprise Scale", calls=None),
)
QUOTA_DESCRIPTION: Final = (
    "The quota belongs to a workspace, and all its integrations share it."
)
RECORDS_PER_CALL: Final = 100
BASES_PER_LISTING: Final = 10
MONTH_MINUTES: Final = 31 * 24 * 60
# Runs are brought forward by up to a tenth, so that not all connections run at once.
EARLY: Final = 0.9
DISCOVERY_HOURS: Final = 24
# What a schedule may be: how often to look for changes, and to read everything.
INTERVALS: Final = (5, 15, 30, 60, 180, 360, 720, 1440, 2880, 4320, 10080, 20160, 43200)
FULL_REFRESH_HOURS: Final = (24, 72, 168, 336, 720)


def estimate(
    counts: Mapping[str, int], *, interval_minutes: int, full_refresh_hours: float
) -> Estimate:
    """Return what each collection costs, the structure by the number of bases."""
    base_count = len({key.partition("/")[0] for key in counts if key != STRUCTURE})
    return Estimate(
        collections={
            key: monthly_structure_calls(base_count, interval_minutes)
            if key == STRUCTURE
            else monthly_calls(
                count, interval_minutes, full_refresh_hours=full_refresh_hours
            )
            for key, count in counts.items()
        },
        listing=monthly_listing_calls(base_count, interval_minutes),
    )


def fitting_schedule(
    counts: Mapping[str, int],
    *,
    chosen: Collection[str],
    quota: int,
    intervals: Sequence[int] = INTERVALS,
) -> Schedule | None:
    """Return the best schedule whose calls fit a monthly quota, None if none does.

    Frequent full refreshes count for more than frequent looks for changes: only they
    find what was deleted.
    """
    for hours in FULL_REFRESH_HOURS:
        for minutes in sorted(intervals):
            if minutes > hours * 60:
                break
            found = estimate(counts, interval_minutes=minutes, full_refresh_hours=hours)
            calls = found.listing + sum(found.collections[key] for key in chosen)
            if calls <= quota:
                return Schedule(
                    interval_minutes=minutes, full_refresh_hours=hours, calls=calls
                )
    return None


def monthly_calls(
    record_count: int,
    interval_minutes: float,
    *,
    full_refresh_hours: float = 24,
    changes_per_run: int = 0,
) -> int:
    """Return how many calls a month a table of so many records costs.

    A full refresh reads the schema and every page; any other run reads what changed,
    which takes a call even when nothing did.
    """
    runs = _runs(interval_minutes)
    if full_refresh_hours <= 0:
        raise ValueError("an interval is longer than nothing")
    passes = min(runs, math.ceil(MONTH_MINUTES / (full_refresh_hours * 60)))
    return passes * (_pages(record_count) + 1) + (runs - passes) * _pages(
        changes_per_run
    )


def monthly_structure_calls(base_count: int, interval_minutes: float) -> int:
    """Return how many calls a month it costs to list bases and tables at every run."""
    listing = base_count + max(1, math.ceil(base_count / BASES_PER_LISTING))
    return _runs(interval_minutes) * listing


def monthly_listing_calls(base_count: int, interval_minutes: float) -> int:
    """Return what it costs to look for new tables, once a day at the most."""
    days = math.ceil(MONTH_MINUTES / (DISCOVERY_HOURS * 60))
    return min(_runs(interval_minutes), days) * (base_count + 1)


def _runs(interval_minutes: float) -> int:
    if interval_minutes <= 0:
        raise ValueError("an interval is longer than nothing")
    return math.ceil(MONTH_MINUTES / (interval_minutes * EARLY))


def _pages(record_count: int) -> int:
    return max(1, math.ceil(record_count / RECORDS_PER_CALL))
