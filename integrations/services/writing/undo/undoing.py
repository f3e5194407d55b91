"""Undo of many edits: a bulk edit that takes old values back, where nothing is newer.

What one undo did not come to, because it was cancelled or refused, another one may.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from integrations.models import BulkEdit, Edit, Item, ItemChange
from integrations.models.writing.edit import EditQuerySet
from integrations.services.writing import editing
from integrations.services.writing.batches import bulk as bulk_edits
from integrations.services.writing.batches.bulk_rows import CHUNK, chunks
from integrations.services.writing.outbox import NothingToUndoError
from integrations.services.writing.undo import undo_one

# What tells whether something newer happened to the item of an edit.
LOOKED_AT: Final = ("verb", "values", "change", "item__deleted_at", "collection")


def can_undo(bulk: BulkEdit, user: User) -> bool:
    """Tell whether a bulk edit is the user's own, and is not being taken back now."""
    is_own = not bulk.is_draft and bulk.created_by_id == user.pk
    if not is_own or not editing.can_write(bulk.collection):
        return False
    return not Edit.objects.open().filter(bulk_edit__undoes=bulk).exists()


def saved(bulk: BulkEdit) -> EditQuerySet:
    """Return the rows that changed something there, and were not taken back."""
    changed = bulk.edits.filter(verb=Edit.Verb.UPDATE, change__isnull=False)
    return without_undone(changed.filter(state=Edit.State.SAVED))


def without_undone(edits: EditQuerySet) -> EditQuerySet:
    """Return those of some edits that were not taken back already."""
    undoing = Edit.objects.filter(state=Edit.State.SAVED, undoes__in=edits)
    return edits.exclude(pk__in=undoing.values("undoes"))


def undoable(bulk: BulkEdit, user: User) -> list[Edit]:
    """Return those edits of a bulk edit that are the latest of their field."""
    if not can_undo(bulk, user):
        return []
    return latest(saved(bulk))


def latest(edits: EditQuerySet) -> list[Edit]:
    """Return those of some saved edits after which nothing newer happened."""
    rows = list(edits.select_related("item").order_by("pk"))
    return [edit for chunk in chunks(rows) for edit in _latest_of(chunk)]


def latest_keys(edits: EditQuerySet) -> list[int]:
    """Return the keys of the latest edits, reading no more of each than it takes."""
    keys = list(edits.order_by("pk").values_list("pk", flat=True))
    rows = Edit.objects.select_related("item").only(*LOOKED_AT).order_by("pk")
    return [
        edit.pk
        for chunk in chunks(keys)
        for edit in _latest_of(list(rows.filter(pk__in=chunk)))
    ]


def load(keys: Sequence[int]) -> list[Edit]:
    """Return edits with their items, in the order of their keys."""
    rows = Edit.objects.select_related("item").order_by("pk")
    return [edit for chunk in chunks(keys) for edit in rows.filter(pk__in=chunk)]


def _latest_of(edits: Sequence[Edit]) -> list[Edit]:
    overtaken = _overtaken(edits)
    return [edit for edit in edits if edit.pk not in overtaken]


def _overtaken(edits: Sequence[Edit]) -> set[int]:
    """Return the keys of edits after which something newer happened to their item."""
    by_item: dict[int, list[Edit]] = {}
    for edit in edits:
        if edit.item_id is not None:
            by_item.setdefault(edit.item_id, []).append(edit)
    overtaken = {edit.pk for edit in edits if edit.item is None or edit.item.is_deleted}
    is_open = Edit.objects.open().filter(item__in=list(by_item))
    for item_id in is_open.values_list("item_id", flat=True):
        overtaken |= {edit.pk for edit in by_item.get(item_id or 0, ())}
    oldest = min((edit.change_id or 0 for edit in edits), default=0)
    newer = ItemChange.objects.filter(item__in=list(by_item), pk__gt=oldest)
    are_new = any(edit.verb == Edit.Verb.CREATE for edit in edits)
    writable = editing.fields_of(edits[0].collection) if are_new else {}
    for key, item_id, fields in newer.values_list("pk", "item_id", "fields"):
        for edit in by_item[item_id]:
            # Whoever filled in a field of a new item has made it theirs.
            own = writable if edit.verb == Edit.Verb.CREATE else edit.values
            if key > (edit.change_id or 0) and undo_one.touches(fields, own):
                overtaken.add(edit.pk)
    return overtaken


def undo(bulk: BulkEdit, *, user: User) -> BulkEdit:
    """Take the old values back, where nothing newer stands, as a bulk edit."""
    bulk_edits.ensure_allowed(bulk.collection, user)
    edits = undoable(bulk, user)
    if not edits:
        raise NothingToUndoError
    undoing = BulkEdit(
        connection=bulk.connection,
        collection=bulk.collection,
        created_by=user,
        undoes=bulk,
        field=bulk.field,
        filters=bulk.filters,
        confirmed_at=timezone.now(),
    )
    with transaction.atomic():
        # Another window may have begun to take it back meanwhile.
        BulkEdit.objects.select_for_update(no_key=True).get(pk=bulk.pk)
        if not can_undo(bulk, user):
            raise NothingToUndoError
        take(undoing, edits)
        bulk_edits.record("undone", bulk, user, rows=len(edits))
    return undoing


def take(undoing: BulkEdit, edits: Iterable[Edit]) -> None:
    """Store the undo of some edits and have it sent, in the caller's transaction."""
    undoing.save(force_insert=True)
    Edit.objects.bulk_create(_rows(undoing, edits), batch_size=CHUNK)
    bulk_edits.send(undoing)


def _rows(undoing: BulkEdit, edits: Iterable[Edit]) -> Iterator[Edit]:
    writable = editing.fields_of(undoing.collection)
    for edit in edits:
        if (item := edit.item) is None:
            continue
        if edit.verb == Edit.Verb.CREATE:
            archive = {"verb": Edit.Verb.ARCHIVE, "undoes": edit}
            base = _known_of(item, edit, writable)
            yield bulk_edits.edit_of(undoing, item, {}, base, **archive)
            continue
        base = {name: item.properties.get(name) for name in edit.values}
        old = undo_one.old_values(edit)
        yield bulk_edits.edit_of(undoing, item, old, base, undoes=edit)


def _known_of(item: Item, edit: Edit, writable: Iterable[str]) -> dict[str, Any]:
    """Return what a new item has to be still, so that it may be archived.

    Empty values are left out: what is filled in meanwhile differs from them.
    """
    known = {name: item.properties.get(name) for name in writable} | edit.values
    return {name: value for name, value in known.items() if value not in ("", None)}
