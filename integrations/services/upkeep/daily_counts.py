"""Note how many items each collection holds today, for the chart of its past."""

import logging
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from integrations.models import Collection, CollectionCount, Heartbeat, times

logger = logging.getLogger(__name__)

# The heartbeat that says when all were noted, and how long that is enough.
NOTED, EVERY = "daily_counts", timedelta(hours=1)
# One sweep notes at most so many; the others are noted by the next ones.
MOST_AT_ONCE = 2000


def note(*, now: datetime) -> int:
    """Write today's number of collections where it is not written yet, hourly."""
    noted = Heartbeat.objects.filter(pk=NOTED).values_list("at", flat=True).first()
    if not times.is_over(noted, EVERY, now):
        return 0
    today = now.astimezone(UTC).date()
    found = _changed(today).values_list("pk", "stored_count")[:MOST_AT_ONCE]
    rows = [
        CollectionCount(collection_id=key, day=today, number=number)
        for key, number in found
    ]
    try:
        _write(rows)
    except IntegrityError:
        # A collection was erased meanwhile; the next sweep does not find it.
        logger.info("daily counts not noted: a collection was erased")
        return 0
    if len(rows) < MOST_AT_ONCE:
        Heartbeat.objects.update_or_create(pk=NOTED, defaults={"at": now})
    return len(rows)


def _changed(today: date) -> QuerySet[Collection]:
    """Return whose number is another, without what has never held anything."""
    known = CollectionCount.objects.filter(collection=OuterRef("pk"))
    same = known.filter(day=today, number=OuterRef("stored_count"))
    return Collection.objects.filter(
        ~Exists(same), Q(stored_count__gt=0) | Exists(known)
    ).order_by("pk")


@transaction.atomic
def _write(rows: list[CollectionCount]) -> None:
    CollectionCount.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["collection", "day"],
        update_fields=["number"],
    )


def history_of(
    collections: Sequence[Collection], *, since: date
) -> dict[UUID, dict[date, int]]:
    """Return the numbers of some collections by day, of the days that are noted."""
    rows = CollectionCount.objects.filter(collection__in=collections, day__gte=since)
    found: dict[UUID, dict[date, int]] = {}
    for key, day, number in rows.order_by("day").values_list(
        "collection", "day", "number"
    ):
        found.setdefault(key, {})[day] = number
    return found
