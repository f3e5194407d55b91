"""The time of which a page of changes asks, by its day, its sync and its since."""

from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from integrations.models import SyncRun
from integrations.services.items.history.change_query import ChangeQuery

# A run notes when it ended after its last change.
RUN_ENDS = timedelta(seconds=2)
# A change is stored so much later than its time says, at most as a rule.
SETTLES = timedelta(seconds=10)
# The least that two times can be apart.
TICK = timedelta(microseconds=1)


def settled_until() -> datetime:
    """Return the time up to which no more changes are to come.

    What came late, with a time before the mark, would never show as unseen.
    """
    return timezone.now() - SETTLES


def bounds_of(
    query: ChangeQuery, run: SyncRun | None, since: datetime | None
) -> tuple[datetime | None, datetime | None]:
    """Return since and before when a query asks for changes; None without an end."""
    starts, ends = list[datetime](), list[datetime]()
    if query.day_bounds:
        starts.append(query.day_bounds[0])
        ends.append(query.day_bounds[1])
    if query.since and since is not None:
        starts.append(since + TICK)
        ends.append(settled_until() + TICK)
    if run is not None and run.started_at is not None:
        starts.append(run.started_at)
        if run.finished_at is not None:
            ends.append(run.finished_at + RUN_ENDS + TICK)
    return max(starts, default=None), min(ends, default=None)


def is_within_time(
    query: ChangeQuery, name: str, run: SyncRun | None, since: datetime | None
) -> Q:
    """Return the condition that a column lies in the time that is asked for."""
    start, end = bounds_of(query, run, since)
    after = Q(**{f"{name}__gte": start}) if start else Q()
    return after & Q(**{f"{name}__lt": end}) if end else after
