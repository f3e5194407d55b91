"""Store what a write made of an item, as the next sync would: through one mapping."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest
from django.utils import timezone

from integrations.models import Collection, Edit, Item, ItemChange
from integrations.providers.kinds import Deletion, DeletionKind
from integrations.providers.records import IntegrationItem
from integrations.services.items.storage import store
from integrations.services.items.tables.indexing import rows as table_rows
from integrations.services.sync.deletions import seen_bitmap
from integrations.services.writing import editing


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


def store_drift(edits: Sequence[Edit], there: Mapping[str, IntegrationItem]) -> None:
    """Store what others changed before a write, so that its own change is known."""
    drifted = [
        there[edit.remote_id]
        for edit in edits
        if (item := edit.item)
        and (item.is_deleted or item.properties != there[edit.remote_id].properties)
    ]
    if drifted:
        with transaction.atomic():
            store_items(edits[0], drifted, now=timezone.now())


def change_of(edit: Edit, *, now: datetime) -> ItemChange | None:
    """Return the change in the item's history that is this edit's."""
    return changes_of([edit], now=now).get(edit.pk)


def changes_of(edits: Sequence[Edit], *, now: datetime) -> dict[int, ItemChange]:
    """Return the changes in the items' histories that are these edits', by edit.

    A sync may have seen what was written before its answer was stored. What others
    changed is taken out: that stays in the history as a change of its own.
    """
    if not edits:
        return {}
    items = [edit.item_id for edit in edits if edit.item_id is not None]
    since = min([now, *(edit.sent_at for edit in edits if edit.sent_at)])
    rows = ItemChange.objects.made().filter(
        item__in=items, edit__isnull=True, at__gte=since
    )
    own: dict[int | None, list[ItemChange]] = {}
    for change in rows.order_by("pk"):
        own.setdefault(change.item_id, []).append(change)
    found = {}
    for edit in edits:
        made = _made_by(edit, own.get(edit.item_id, []), now)
        if made is not None:
            found[edit.pk] = made
    return _take_out_others(edits, found)


def _take_out_others(
    edits: Sequence[Edit], made: Mapping[int, ItemChange]
) -> dict[int, ItemChange]:
    """Leave in each edit's change what it wrote, and what may have followed from it."""
    writable = {f"properties.{n}" for n in editing.fields_of(edits[0].collection)}
    found = {key: made[key] for key in made}
    for edit in edits:
        if (change := found.get(edit.pk)) is None or edit.verb == Edit.Verb.ARCHIVE:
            continue
        written = {f"properties.{name}" for name in edit.values}
        own = {n: pair for n, pair in change.fields.items() if n in written}
        if not own:
            del found[edit.pk]
        elif (writable - written) & set(change.fields):
            found[edit.pk] = _split(change, own)
    return found


def _split(change: ItemChange, own: Mapping[str, Any]) -> ItemChange:
    """Store a part of a change as a change of its own, no sync's, and return it."""
    change.fields = {n: v for n, v in change.fields.items() if n not in own}
    change.save(update_fields=["fields"])
    return ItemChange.objects.create(
        item_id=change.item_id,
        connection_id=change.connection_id,
        at=change.at,
        kind=ItemChange.Kind.CHANGED,
        fields=dict(own),
    )


def _made_by(
    edit: Edit, changes: Sequence[ItemChange], now: datetime
) -> ItemChange | None:
    # What was there already was somebody else's doing.
    if edit.sent_at is None:
        return None
    made = (each for each in changes if each.run_id is None and each.at == now)
    if (change := next(made, None)) is not None:
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
    table_rows.lock_rows(edit.collection)
    return Collection.objects.select_related("connection").get(pk=edit.collection_id)


def _count(collection: Collection, delta: int) -> None:
    if delta:
        Collection.objects.filter(pk=collection.pk).update(
            stored_count=Greatest(F("stored_count") + delta, 0)
        )
