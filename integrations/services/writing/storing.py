"""Store what a write made of an item, as the next sync would: through one mapping."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import F
from django.db.models.functions import Greatest

from integrations.models import Collection, Edit, Item, ItemChange
from integrations.providers.kinds import Deletion, DeletionKind
from integrations.providers.records import IntegrationItem
from integrations.services.items import store
from integrations.services.sync.deletions import seen_bitmap


def store_item(edit: Edit, found: IntegrationItem, *, now: datetime) -> Item:
    """Store an item as it is there now, in the caller's transaction."""
    return store_items(edit, [found], now=now)[found.id]


def store_items(
    edit: Edit, found: Sequence[IntegrationItem], *, now: datetime
) -> dict[str, Item]:
    """Store items of the edit's collection as they are there now, by their ids.

    They count as seen, so that a full refresh under way does not miss them.
    """
    collection = _lock(edit)
    counts = store.store_page(collection, found, run_id=None, now=now)
    seen_bitmap.mark(collection, counts.seen_keys)
    _count(collection, counts.live_delta)
    ids = [each.id for each in found]
    rows = Item.objects.filter(collection=collection, remote_id__in=ids)
    stored = {item.remote_id: item for item in rows}
    for item in stored.values():
        item.collection = collection
    return stored


def change_of(edit: Edit, *, now: datetime) -> ItemChange | None:
    """Return the change in the item's history that is this edit's."""
    return changes_of([edit], now=now).get(edit.pk)


def changes_of(edits: Sequence[Edit], *, now: datetime) -> dict[int, ItemChange]:
    """Return the changes in the items' histories that are these edits', by edit.

    A sync may have seen what was written before its answer was stored.
    """
    items = [edit.item_id for edit in edits if edit.item_id is not None]
    since = min([now, *(edit.sent_at for edit in edits if edit.sent_at)])
    rows = ItemChange.objects.filter(item__in=items, edit__isnull=True, at__gte=since)
    own: dict[int | None, list[ItemChange]] = {}
    for change in rows.order_by("pk"):
        own.setdefault(change.item_id, []).append(change)
    found = {}
    for edit in edits:
        made = _made_by(edit, own.get(edit.item_id, []), now)
        if made is not None:
            found[edit.pk] = made
    return found


def _made_by(
    edit: Edit, changes: Sequence[ItemChange], now: datetime
) -> ItemChange | None:
    made = (each for each in changes if each.run_id is None and each.at == now)
    if (change := next(made, None)) is not None or edit.sent_at is None:
        return change
    names = {f"properties.{name}" for name in edit.values}
    since = (each for each in changes if each.at >= edit.sent_at)
    return next((each for each in since if names & set(each.fields)), None)


def archive_items(edits: Sequence[Edit], *, now: datetime) -> dict[int, ItemChange]:
    """Turn the items of edits into tombstones, in the caller's transaction.

    Returns the changes in their histories, by edit.
    """
    if not edits:
        return {}
    collection = _lock(edits[0])
    archived = Deletion(kind=DeletionKind.ARCHIVED)
    items = {edit.item_id: archived for edit in edits if edit.item_id is not None}
    gone = store.soft_delete(collection, items, run_id=None, now=now)
    _count(collection, -gone)
    return changes_of(edits, now=now)


def _lock(edit: Edit) -> Collection:
    rows = Collection.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("connection").get(pk=edit.collection_id)


def _count(collection: Collection, delta: int) -> None:
    if delta:
        Collection.objects.filter(pk=collection.pk).update(
            stored_count=Greatest(F("stored_count") + delta, 0)
        )
