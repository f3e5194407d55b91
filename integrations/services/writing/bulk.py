"""Bulk edits: one value for one property of many items, from draft to undo.

A draft holds a digest of each value that its preview showed. Confirming it takes an
edit for each row that is still so: what changed meanwhile is left out and counted.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, TypeVar

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from integrations.models import BulkEdit, Collection, Edit, Item, ItemChange
from integrations.models.reasons import Reason, ReasonCode, columns
from integrations.providers.writing import WritableField
from integrations.services.common import audit, queue
from integrations.services.writing import editing, outbox
from integrations.services.writing.outbox import EditingOffError, NothingToUndoError

MOST_ROWS: Final = 10_000
# Rows whose values are looked at together.
CHUNK: Final = 500

T = TypeVar("T")


class Kind(StrEnum):
    """What a bulk edit does to a row."""

    CHANGE = "change"
    SAME = "same"
    REFUSED = "refused"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of a bulk edit: its item, if it is still there, and its value now."""

    key: int
    item: Item | None
    old: Any
    kind: Kind
    digest: str


def choosable_fields(collection: Collection) -> Mapping[str, WritableField]:
    """Return the fields that many items may have alike."""
    fields = editing.fields_of(collection)
    return {name: each for name, each in fields.items() if not each.is_identity}


def draft(
    collection: Collection, keys: Sequence[int], *, filters: str, user: User
) -> BulkEdit:
    """Store which rows are meant."""
    _ensure_allowed(collection, user)
    return BulkEdit.objects.create(
        connection=collection.connection,
        collection=collection,
        created_by=user,
        filters=filters[:2000],
        rows=[[key] for key in keys],
    )


def choose(bulk: BulkEdit, field: WritableField, value: Any) -> None:
    """Choose property and value, and look what that does to each row."""
    bulk.field, bulk.value = field.name, value
    keys = [row[0] for row in bulk.rows]
    bulk.rows = [[row.key, row.kind, row.digest] for row in _rows(bulk, field, keys)]
    bulk.save(update_fields=("field", "value", "rows"))


def counts(bulk: BulkEdit) -> Mapping[Kind, int]:
    """Return how many rows a draft changes, leaves as they are, and cannot change."""
    kinds = [row[1] for row in bulk.rows]
    return {kind: kinds.count(kind) for kind in Kind}


def preview(bulk: BulkEdit, kind: Kind, start: int, size: int) -> list[Row]:
    """Return some of a draft's rows of a kind, as they are now."""
    field = choosable_fields(bulk.collection).get(bulk.field)
    if field is None:
        return []
    keys = [row[0] for row in bulk.rows if row[1] == kind]
    return list(_rows(bulk, field, keys[start : start + size]))


def confirm(bulk: BulkEdit, *, user: User) -> int:
    """Take an edit for each row that is as the preview showed it; return how many."""
    _ensure_allowed(bulk.collection, user)
    field = choosable_fields(bulk.collection).get(bulk.field)
    if field is None:
        raise EditingOffError
    shown = {row[0]: row[2] for row in bulk.rows if row[1] == Kind.CHANGE}
    taken: list[Edit] = []
    kinds = counts(bulk)
    with transaction.atomic():
        fresh = BulkEdit.objects.filter(pk=bulk.pk, confirmed_at__isnull=True)
        if not fresh.update(confirmed_at=timezone.now(), rows=[]):
            return 0
        for row in _rows(bulk, field, list(shown)):
            if row.item is None or row.digest != shown[row.key]:
                continue
            base = {field.name: row.old}
            taken.append(_edit(bulk, row.item, {field.name: bulk.value}, base))
        Edit.objects.bulk_create(taken, batch_size=CHUNK)
        told = {
            "same_count": kinds[Kind.SAME],
            "refused_count": kinds[Kind.REFUSED],
            "moved_count": len(shown) - len(taken),
        }
        BulkEdit.objects.filter(pk=bulk.pk).update(**told)
        _record("confirmed", bulk, user, rows=len(taken), **told)
        send(bulk)
    bulk.refresh_from_db()
    return len(taken)


def send(bulk: BulkEdit) -> None:
    """Have a bulk edit delivered now."""
    for key in bulk.edits.open().order_by("pk").values_list("pk", flat=True):
        queue.send("deliver_edit", key)


def cancel(bulk: BulkEdit, *, user: User) -> int:
    """Discard what has not been sent; return how many rows that were.

    What may have arrived is still looked for, because nobody knows.
    """
    with transaction.atomic():
        rows = BulkEdit.objects.filter(pk=bulk.pk, cancelled_at__isnull=True)
        if rows.update(cancelled_at=timezone.now()):
            _record("cancelled", bulk, user)
    bulk.refresh_from_db()
    return discard_cancelled(bulk)


def discard_cancelled(bulk: BulkEdit) -> int:
    """Discard the rows of a cancelled bulk edit that nobody has sent or is sending."""
    if bulk.cancelled_at is None:
        return 0
    idle = bulk.edits.open().filter(lease_id__isnull=True, sent_at__isnull=True)
    waiting = list(idle.values_list("order_key", flat=True))
    discarded = idle.update(
        state=Edit.State.CANCELLED,
        ended_at=timezone.now(),
        **columns(Reason(code=ReasonCode.DISCARDED)),
    )
    for chunk in _chunks(waiting):
        outbox.send_following(chunk)
    return discarded


def undoable(bulk: BulkEdit, user: User) -> list[Edit]:
    """Return those edits of a bulk edit that are the latest of their field."""
    if bulk.is_draft or bulk.created_by_id != user.pk:
        return []
    if not editing.can_write(bulk.collection):
        return []
    saved = bulk.edits.filter(state=Edit.State.SAVED, change__isnull=False)
    rows = list(saved.select_related("item").order_by("pk"))
    found: list[Edit] = []
    for chunk in _chunks(rows):
        found += [edit for edit in chunk if edit.pk not in _overtaken(chunk)]
    return found


def _overtaken(edits: Sequence[Edit]) -> set[int]:
    """Return the keys of edits after which something newer happened to their item."""
    items = {edit.item_id: edit for edit in edits if edit.item_id is not None}
    overtaken = {edit.pk for edit in edits if edit.item is None or edit.item.is_deleted}
    is_open = Edit.objects.open().filter(item__in=list(items))
    overtaken |= {items[key].pk for key in is_open.values_list("item", flat=True)}
    oldest = min((edit.change_id or 0 for edit in edits), default=0)
    newer = ItemChange.objects.filter(item__in=list(items), pk__gt=oldest)
    for key, item_id, fields in newer.values_list("pk", "item_id", "fields"):
        edit = items[item_id]
        names = {f"properties.{name}" for name in edit.values}
        if key > (edit.change_id or 0) and names & set(fields):
            overtaken.add(edit.pk)
    return overtaken


def undo(bulk: BulkEdit, *, user: User) -> BulkEdit:
    """Take the old values back, where nothing newer stands, as a bulk edit."""
    _ensure_allowed(bulk.collection, user)
    edits = undoable(bulk, user)
    if not edits or BulkEdit.objects.filter(undoes=bulk).exists():
        raise NothingToUndoError
    try:
        with transaction.atomic():
            undoing = BulkEdit.objects.create(
                connection=bulk.connection,
                collection=bulk.collection,
                created_by=user,
                undoes=bulk,
                field=bulk.field,
                filters=bulk.filters,
                confirmed_at=timezone.now(),
            )
            Edit.objects.bulk_create(_undoing(undoing, edits), batch_size=CHUNK)
            _record("undone", bulk, user, rows=len(edits))
            send(undoing)
    except IntegrityError as exc:
        raise NothingToUndoError from exc
    return undoing


def _undoing(undoing: BulkEdit, edits: Iterable[Edit]) -> Iterator[Edit]:
    for edit in edits:
        if edit.item is None:
            continue
        base = {name: edit.item.properties.get(name) for name in edit.values}
        yield _edit(undoing, edit.item, outbox.old_values(edit), base, undoes=edit)


def _edit(bulk: BulkEdit, item: Item, values: Any, base: Any, **more: Any) -> Edit:
    return Edit(
        connection_id=bulk.connection_id,
        collection_id=bulk.collection_id,
        created_by_id=bulk.created_by_id,
        bulk_edit=bulk,
        item=item,
        remote_id=item.remote_id,
        verb=Edit.Verb.UPDATE,
        values=values,
        base=base,
        order_key=outbox.order_key(item),
        **more,
    )


def _rows(bulk: BulkEdit, field: WritableField, keys: Sequence[int]) -> Iterator[Row]:
    """Yield what the bulk edit does to some of its items, in the order of the keys."""
    for chunk in _chunks(keys):
        live = Item.objects.live().filter(collection=bulk.collection_id)
        own = live.only("pk", "uuid", "remote_id", "name", "properties", "collection")
        items = own.in_bulk(chunk)
        values, archived = _pending(chunk, field.name)
        for key in chunk:
            item = items.get(key)
            old = values.get(key, item.properties.get(field.name) if item else None)
            kind = Kind.CHANGE
            if item is None or key in archived:
                kind = Kind.REFUSED
            elif editing.is_same(bulk.collection, field, bulk.value, old):
                kind = Kind.SAME
            digest = _digest(old)
            yield Row(key=key, item=item, old=old, kind=kind, digest=digest)


def _pending(keys: Sequence[int], name: str) -> tuple[dict[int, Any], set[int]]:
    """Return the values that are on their way to items, and which are archived."""
    waiting = Edit.objects.open().filter(item__in=keys).order_by("pk")
    values, archived = {}, set()
    for key, verb, told in waiting.values_list("item_id", "verb", "values"):
        if verb == Edit.Verb.ARCHIVE:
            archived.add(key)
        elif name in told:
            values[key] = told[name]
    return values, archived


def _chunks(rows: Sequence[T]) -> Iterator[Sequence[T]]:
    return (rows[start : start + CHUNK] for start in range(0, len(rows), CHUNK))


def _digest(value: Any) -> str:
    told = json.dumps(value, sort_keys=True).encode()
    return hashlib.sha256(told).hexdigest()[:16]


def _ensure_allowed(collection: Collection, user: User) -> None:
    if not outbox.may_write(collection, user):
        raise EditingOffError


def _record(event: str, bulk: BulkEdit, user: User, **facts: Any) -> None:
    audit.record(
        f"bulk_edit.{event}",
        user=user,
        subject=bulk.uuid,
        connection=str(bulk.connection_id),
        field=bulk.field,
        new=bulk.value,
        **facts,
    )
