"""Note how many items each collection holds today, for the chart of its past."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from uuid import UUID

from django.db.models import Exists, OuterRef

from integrations.models import Collection, CollectionCount

# One sweep notes at most so many; the others are noted by the next ones.
MOST_AT_ONCE = 2000


def note(*, now: datetime) -> int:
    """Write today's number of collections where it is not written yet."""
    today = now.astimezone(UTC).date()
    same = CollectionCount.objects.filter(
        collection=OuterRef("pk"), day=today, number=OuterRef("stored_count")
    )
    changed = Collection.objects.filter(~Exists(same)).order_by()
    found = changed.values_list("pk", "stored_count")[:MOST_AT_ONCE]
    rows = [
        CollectionCount(collection_id=key, day=today, number=number)
        for key, number in found
    ]
    CollectionCount.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["collection", "day"],
        update_fields=["number"],
    )
    return len(rows)


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
