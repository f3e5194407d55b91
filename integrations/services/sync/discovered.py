"""Store what a page happened to show of other collections, and which it revealed."""

from datetime import datetime

from django.db.models import F
from django.db.models.functions import Greatest

from integrations.models import Collection
from integrations.providers.records import Page
from integrations.services.items import store
from integrations.services.sync import deletions, discovery, held_deletions, seen_bitmap
from integrations.services.sync.lease import Slice

IN_A_PASS = ("full", "gone", "sweep")


def store_discovered(
    current: Slice, collection: Collection, page: Page, *, now: datetime
) -> None:
    """Do both in the transaction of the page they came with.

    What is revealed is read before the collection that revealed it goes on, because
    that may have to look into it.
    """
    position = max(0, collection.position - 1)
    for found in page.collections:
        if discovery.add_collection(current.connection, found, position=position):
            current.has_discovered = True
    for remote_id, sibling in page.other_collections.items():
        _store_sibling(current, collection, remote_id, sibling, now)


def _store_sibling(
    current: Slice, collection: Collection, remote_id: str, page: Page, now: datetime
) -> None:
    sibling = (
        Collection.objects.select_related("connection")
        .filter(
            connection=current.connection,
            remote_id=remote_id,
            is_selected=True,
            misses__lt=Collection.MOST_MISSES,
        )
        .exclude(pk=collection.pk)
        .first()
    )
    if sibling is None:
        return
    if sibling.held_deletions:
        # In turn with whoever decides about them.
        held_deletions.lock(sibling)
    run_id = current.run.pk
    counts = store.store_page(
        sibling, page.items, run_id=run_id, now=now, texts=page.contents
    )
    if sibling.phase in IN_A_PASS or sibling.held_deletions:
        # What this page saw, the sibling's own pass need not prove again.
        seen_bitmap.mark(sibling, counts.seen_keys)
    deleted = deletions.take_by_the_way(current, sibling, page, now=now)
    current.keep(sibling, counts, deleted=deleted)
    Collection.objects.filter(pk=sibling.pk).update(
        stored_count=Greatest(F("stored_count") + counts.live_delta - deleted, 0)
    )
