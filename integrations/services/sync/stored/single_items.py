"""Store items that were asked for by their ids, beside the listings of a refresh."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from integrations.models import Collection, Item
from integrations.providers.records import IntegrationItem, Page
from integrations.providers.stored import StoredItem
from integrations.services.items.storage.store import PageCounts
from integrations.services.items.tables.indexing import rows as table_rows
from integrations.services.sync.leases.lease import RunLease
from integrations.services.sync.refresh import pages


def store_unchanged(
    lease: RunLease,
    collection: Collection,
    items: Sequence[IntegrationItem],
    *,
    digests: Mapping[str, str],
    now: datetime,
) -> set[str]:
    """Store items over the rows that are still as they were when these were asked for.

    ``digests`` are the rows' of that time. A row that was written or deleted since is
    left alone: what was asked for is older. Every other row is written, even if its
    digest says that nothing is to be. The caller holds the transaction; returns the
    remote ids of what was written.
    """
    table_rows.lock_rows(collection)
    wanted = [item for item in items if item.id in digests]
    rows = (
        Item.objects.live()
        .filter(collection=collection, remote_id__in=[item.id for item in wanted])
        .select_for_update(no_key=True)
    )
    found = {
        remote_id: pk
        for remote_id, pk, digest in rows.values_list("remote_id", "pk", "digest")
        if digests[remote_id] == digest
    }
    Item.objects.filter(pk__in=found.values()).update(digest="")
    page = Page(items=[i for i in wanted if i.id in found], next_cursor=None)
    counts = pages.store_items(lease, collection, page, is_listing=False, now=now)
    lease.count(collection, PageCounts(changed=counts.changed))
    return set(found)


def to_stored(
    collection: Collection, item: Item, properties: Mapping[str, Any]
) -> StoredItem:
    """Return an item of a collection as connectors see it, with some properties."""
    return StoredItem(
        id=item.remote_id,
        type=item.type,
        collection_id=collection.remote_id,
        changed=item.changed_at,
        updated=item.remote_updated_at,
        parent_id=item.parent_remote_id or None,
        properties=properties,
    )


def behind(collection: Collection, position: str) -> QuerySet[Item]:
    """Return the live items of a collection behind a remote id, in their order."""
    live = Item.objects.live().filter(collection=collection, remote_id__gt=position)
    return live.order_by("remote_id")
