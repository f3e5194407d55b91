"""Mass loss: so many items that vanish at once need a user's word.

Counted are the items of a collection, and together with whatever else the same run
has deleted, those of the whole connection: many small losses are a large one.
"""

from collections.abc import Sequence

from django.db.models import Sum

from integrations.models import Collection
from integrations.providers import CONNECTORS
from integrations.services.items.storage import store
from integrations.services.sync.deletions.held_deletions import HELD_ROWS, is_too_many
from integrations.services.sync.leases.lease import RunLease


def is_of_collection(
    lease: RunLease, collection: Collection, number: int, *, before: int = 0
) -> bool:
    """Tell whether so many more deletions in a collection are too many.

    ``before`` is how many this refresh has deleted already.
    """
    if not number:
        return False
    number += before
    elsewhere = _deleted_elsewhere(lease, [collection])
    if number + elsewhere <= HELD_ROWS:
        return False
    if is_too_many(number, store.count_live(collection) + before):
        return True
    if not elsewhere:
        return False
    return is_too_many(number + elsewhere, _stored(lease) + before + elsewhere)


def is_of_connection(lease: RunLease, lost: Sequence[Collection], number: int) -> bool:
    """Tell whether losing all of some collections is losing too much of them all."""
    elsewhere = _deleted_elsewhere(lease, lost)
    if is_too_many(number + elsewhere, _stored(lease) + elsewhere):
        return True
    return number > 0 and len(lost) > 1 and not _is_anything_left(lease, lost)


def _deleted_elsewhere(lease: RunLease, but: Sequence[Collection]) -> int:
    """Return how many items this run has deleted in other collections."""
    keys = {str(collection.pk) for collection in but}
    entries = lease.run.entries.items()
    return sum(entry.deleted for key, entry in entries if key not in keys)


def _stored(lease: RunLease) -> int:
    counts = lease.connection.collections.order_by().aggregate(all=Sum("stored_count"))
    return counts["all"] or 0


def _is_anything_left(lease: RunLease, lost: Sequence[Collection]) -> bool:
    """Tell whether anything remains besides what an account is made of."""
    connector = CONNECTORS[lease.connection.provider]
    others = lease.connection.collections.exclude(pk__in=[each.pk for each in lost])
    data = others.exclude(item_type__in=connector.structure_types)
    return data.filter(misses__lt=Collection.MOST_MISSES, stored_count__gt=0).exists()
