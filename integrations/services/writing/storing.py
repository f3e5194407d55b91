"""Store what a write made of an item, as the next sync would: through one mapping."""

from datetime import datetime

from django.db.models import F
from django.db.models.functions import Greatest

from integrations.models import Collection, Edit, Item, ItemChange
from integrations.providers.kinds import Deletion, DeletionKind
from integrations.providers.records import IntegrationItem
from integrations.services.items import store
from integrations.services.sync.deletions import seen_bitmap


def store_item(edit: Edit, found: IntegrationItem, *, now: datetime) -> Item:
    """Store an item as it is there now, in the caller's transaction.

    It counts as seen, so that a full refresh under way does not miss it.
    """
    collection = _lock(edit)
    counts = store.store_page(collection, [found], run_id=None, now=now)
    seen_bitmap.mark(collection, counts.seen_keys)
    _count(collection, counts.live_delta)
    return Item.objects.select_related("collection__connection").get(
        collection=collection, remote_id=found.id
    )


def change_of(edit: Edit, item: Item, *, now: datetime) -> ItemChange | None:
    """Return the change in the item's history that is this edit's.

    A sync may have seen what was written before its answer was stored.
    """
    own = item.changes.filter(edit__isnull=True)
    made = own.filter(run__isnull=True, at=now).first()
    if made is not None or edit.sent_at is None:
        return made
    names = {f"properties.{name}" for name in edit.values}
    since = own.filter(at__gte=edit.sent_at)
    return next((each for each in since if names & set(each.fields)), None)


def archive_item(edit: Edit, *, now: datetime) -> ItemChange | None:
    """Turn the item into a tombstone, in the caller's transaction."""
    item = edit.item
    if item is None:
        return None
    collection = _lock(edit)
    archived = Deletion(kind=DeletionKind.ARCHIVED)
    gone = store.soft_delete(collection, {item.pk: archived}, run_id=None, now=now)
    _count(collection, -gone)
    item.refresh_from_db()
    return change_of(edit, item, now=now)


def _lock(edit: Edit) -> Collection:
    rows = Collection.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("connection").get(pk=edit.collection_id)


def _count(collection: Collection, delta: int) -> None:
    if delta:
        Collection.objects.filter(pk=collection.pk).update(
            stored_count=Greatest(F("stored_count") + delta, 0)
        )
