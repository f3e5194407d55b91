"""Store what a page happened to show of other collections, and which it discovered."""

from datetime import datetime

from django.db.models import F
from django.db.models.functions import Greatest

from integrations.models import Collection
from integrations.providers.records import Page
from integrations.services.items.storage import store
from integrations.services.sync.collections import discovery
from integrations.services.sync.deletions import (
    held_deletions,
    seen_bitmap,
    soft_delete,
)
from integrations.services.sync.leases.lease import RunLease
from integrations.services.sync.refresh import checkpoint
from integrations.services.sync.refresh.checkpoint import CheckpointError, FullRefresh


def store_discovered(
    lease: RunLease, collection: Collection, page: Page, *, now: datetime
) -> None:
    """Do both in the transaction of the page they came with.

    What is discovered is read before the collection that showed it goes on, because
    that may have to look into it.
    """
    position = max(0, collection.position - 1)
    for found in page.collections:
        if discovery.add_collection(lease.connection, found, position=position):
            lease.has_discovered = True
    discovery.note_seen(lease.connection, page.seen_collections)
    for remote_id, shown in page.other_collections.items():
        _store_other(lease, collection, remote_id, shown, now)


def _store_other(
    lease: RunLease, collection: Collection, remote_id: str, page: Page, now: datetime
) -> None:
    other = (
        Collection.objects.select_related("connection")
        .filter(
            connection=lease.connection,
            remote_id=remote_id,
            is_selected=True,
            misses__lt=Collection.MOST_MISSES,
        )
        .exclude(pk=collection.pk)
        .first()
    )
    if other is None:
        return
    if other.hold is not None:
        # In turn with whoever decides about them.
        held_deletions.lock(other)
    counts = store.store_page(
        other, page.items, run_id=lease.run.pk, now=now, texts=page.contents
    )
    if _is_in_full_refresh(other) or other.hold is not None:
        # What this page saw, the other's own refresh need not prove again.
        seen_bitmap.mark(other, counts.seen_keys)
    deleted = soft_delete.take_by_the_way(lease, other, page, now=now)
    lease.count(other, counts, deleted=deleted)
    Collection.objects.filter(pk=other.pk).update(
        stored_count=Greatest(F("stored_count") + counts.live_delta - deleted, 0)
    )


def _is_in_full_refresh(collection: Collection) -> bool:
    try:
        return isinstance(checkpoint.read(collection), FullRefresh)
    except CheckpointError:
        # It begins again from its first page and marks everything anew.
        return False
