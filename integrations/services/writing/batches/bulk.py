"""Bulk edits: one value for one property of many items, from draft to delivery.

A draft holds a digest of each value that its preview showed. Confirming it takes an
edit for each row that is still so: what changed meanwhile is left out and counted.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from integrations.models import BulkEdit, Collection, Edit, Item
from integrations.models.reasons import ReasonCode
from integrations.providers.writing import WritableField
from integrations.services.common import audit, queue
from integrations.services.common.errors import ServiceError
from integrations.services.writing import outbox
from integrations.services.writing.batches.bulk_rows import (
    CHUNK,
    Kind,
    Row,
    choosable_fields,
    chunks,
    look,
)
from integrations.services.writing.delivering import dispatch
from integrations.services.writing.outbox import EditingOffError
from integrations.services.writing.undo import discarding

MOST_ROWS: Final = 10_000


class PreviewChangedError(ServiceError):
    """Another value was chosen after the preview that is confirmed."""


def draft(
    collection: Collection, keys: Sequence[int], *, filters: str, user: User
) -> BulkEdit:
    """Store which rows are meant."""
    ensure_allowed(collection, user)
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
    bulk.rows = [[row.key, row.kind, row.digest] for row in look(bulk, field, keys)]
    told = json.dumps([bulk.field, bulk.value, bulk.rows], sort_keys=True)
    bulk.shown = hashlib.sha256(told.encode()).hexdigest()
    # Another window may have confirmed it.
    drafts = BulkEdit.objects.filter(pk=bulk.pk, confirmed_at__isnull=True)
    drafts.update(field=bulk.field, value=value, rows=bulk.rows, shown=bulk.shown)


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
    return list(look(bulk, field, keys[start : start + size]))


def leave(bulk: BulkEdit) -> bool:
    """Delete a draft; say whether it was one still."""
    drafts = BulkEdit.objects.filter(pk=bulk.pk, confirmed_at__isnull=True)
    return bool(drafts.delete()[0])


def confirm(bulk: BulkEdit, *, user: User, shown: str) -> int:
    """Take an edit for each row that is as the preview showed it; return how many.

    Raises PreviewChangedError where the preview that is confirmed is not the latest.
    """
    ensure_allowed(bulk.collection, user)
    if bulk.is_draft and bulk.shown != shown:
        raise PreviewChangedError
    field = choosable_fields(bulk.collection).get(bulk.field)
    if field is None:
        raise EditingOffError
    digests = {row[0]: row[2] for row in bulk.rows if row[1] == Kind.CHANGE}
    kinds, values = counts(bulk), {field.name: bulk.value}
    # Read before the transaction, which keeps others from writing.
    taken = [
        edit_of(bulk, row.item, values, {field.name: row.old})
        for row in look(bulk, field, list(digests))
        if row.item is not None and row.digest == digests[row.key]
    ]
    with transaction.atomic():
        drafts = BulkEdit.objects.filter(pk=bulk.pk, confirmed_at__isnull=True)
        fresh = drafts.filter(shown=shown)
        if not fresh.update(confirmed_at=timezone.now(), rows=[]):
            return 0
        Edit.objects.bulk_create(taken, batch_size=CHUNK)
        told = {
            "same_count": kinds[Kind.SAME],
            "refused_count": kinds[Kind.REFUSED],
            "moved_count": len(digests) - len(taken),
        }
        BulkEdit.objects.filter(pk=bulk.pk).update(**told)
        record("confirmed", bulk, user, rows=len(taken), **told)
        send(bulk)
    bulk.refresh_from_db()
    return len(taken)


def send(bulk: BulkEdit) -> bool:
    """Have a bulk edit delivered now; say whether the queue took it."""
    return queue.send("deliver_bulk_edit", bulk.pk)


def send_alone(bulk: BulkEdit) -> None:
    """Have the rows delivered one by one, where a provider takes no more at once."""
    for key in bulk.edits.open().order_by("pk").values_list("pk", flat=True):
        queue.send("deliver_edit", key)


def cancel(bulk: BulkEdit, *, user: User) -> int:
    """Discard what has not been sent; return how many rows that were.

    What may have arrived is still looked for, because nobody knows.
    """
    with transaction.atomic():
        rows = BulkEdit.objects.filter(pk=bulk.pk, cancelled_at__isnull=True)
        if rows.update(cancelled_at=timezone.now()):
            record("cancelled", bulk, user)
    bulk.refresh_from_db()
    return discard_cancelled(bulk)


def discard_cancelled(bulk: BulkEdit) -> int:
    """Discard the rows of a cancelled bulk edit that nobody has sent.

    It may have been cancelled by somebody else since it was read.
    """
    if not BulkEdit.objects.filter(pk=bulk.pk, cancelled_at__isnull=False).exists():
        return 0
    # From here on no worker sends one that it has taken.
    discarding.stop_sending(bulk.edits.open())
    unsent = bulk.edits.open().filter(sent_at__isnull=True)
    waiting = list(unsent.values_list("order_key", flat=True))
    discarded = discarding.discard_rows(unsent, ReasonCode.DISCARDED)
    for chunk in chunks(waiting):
        dispatch.send_following(chunk)
    return discarded


def reopen(bulk: BulkEdit) -> None:
    """Let a cancelled bulk edit take what its user decides on since."""
    discard_cancelled(bulk)
    BulkEdit.objects.filter(pk=bulk.pk).update(cancelled_at=None)


def discard_left() -> int:
    """Discard what a worker that died, or a refused call, left of cancelled ones."""
    left = Edit.objects.open().filter(
        Q(sent_at__isnull=True) | Q(cancelled_at__isnull=True),
        bulk_edit__cancelled_at__isnull=False,
    )
    keys = set(left.order_by().values_list("bulk_edit", flat=True).distinct())
    return sum(discard_cancelled(each) for each in BulkEdit.objects.filter(pk__in=keys))


def open_for(collection: Collection, *, user: User) -> BulkEdit:
    """Return a bulk edit whose rows are taken one after the other, each as it is."""
    return BulkEdit.objects.create(
        connection=collection.connection,
        collection=collection,
        created_by=user,
        confirmed_at=timezone.now(),
    )


def edit_of(bulk: BulkEdit, item: Item, values: Any, base: Any, **more: Any) -> Edit:
    """Return the edit of one row, which is not stored yet."""
    of_item = {
        "verb": Edit.Verb.UPDATE,
        "item": item,
        "remote_id": item.remote_id,
        "values": values,
        "base": base,
        "order_key": outbox.order_key(item),
    }
    return row_of(bulk, **{**of_item, **more})


def row_of(bulk: BulkEdit, **columns: Any) -> Edit:
    """Return an edit that is one of many, which is not stored yet."""
    return Edit(
        connection_id=bulk.connection_id,
        collection_id=bulk.collection_id,
        created_by_id=bulk.created_by_id,
        bulk_edit=bulk,
        **columns,
    )


def ensure_allowed(collection: Collection, user: User) -> None:
    """Raise EditingOffError unless a user may write to a collection."""
    if not outbox.may_write(collection, user):
        raise EditingOffError


def record(event: str, bulk: BulkEdit, user: User, **facts: Any) -> None:
    """Write into the audit trail what was done with a bulk edit."""
    audit.record(
        f"bulk_edit.{event}",
        user=user,
        subject=bulk.uuid,
        connection=str(bulk.connection_id),
        field=bulk.field,
        new=bulk.value,
        **facts,
    )
