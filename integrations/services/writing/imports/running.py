"""The run of an import: its rows become edits, each of them once.

A row and its edit are written in one transaction, so that no kill makes two edits of
a row; and an edit is sent at most once in effect. New items and changes are sent as
many at once as a call takes, and one by one what such a call does not settle.
"""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID, uuid5

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from integrations.models import BulkEdit, Connection, Edit, Import, ImportRow
from integrations.models.reasons import ReasonCode
from integrations.models.writing.import_texts import RowProblem
from integrations.providers.capabilities import WritesManyItems
from integrations.services.common import audit
from integrations.services.common.sealing import import_content
from integrations.services.writing import conflicts, editing, outbox
from integrations.services.writing.batches import bulk, bulk_delivery
from integrations.services.writing.delivering import delivery
from integrations.services.writing.delivering.outcomes import FIRST_LOOK
from integrations.services.writing.imports import checking, results
from integrations.services.writing.imports.lease import ImportLease
from integrations.services.writing.undo import discarding

# Rows that wait for something keep no others from being sent, up to so many.
MOST_OPEN: Final = 10
# What only its user can change is looked at so often.
HELD_SECONDS: Final = 60.0
FIRST_LOOK_SECONDS: Final = FIRST_LOOK.total_seconds()
State = ImportRow.State
TOGETHER: Final = Q(bulk_edit__isnull=False, is_sent_alone=False)


def run(lease: ImportLease) -> float | None:
    """Work on an import for a slice; return seconds until the next, None at its end.

    Raises LeaseLostError when somebody else has it.
    """
    source = lease.source
    stop_at = time.monotonic() + settings.SLICE_SECONDS
    if source.state == Import.State.CANCELLING:
        discard_open(source)
    _go_on(lease)
    wait = _send_rows(lease, stop_at)
    results.settle(lease)
    left = open_edits(source).exists() or _found_there(source).exists()
    if wait is None and left:
        is_readable = Connection.objects.syncable().filter(pk=source.connection_id)
        wait = FIRST_LOOK_SECONDS if is_readable.exists() else HELD_SECONDS
    if wait is None:
        _end(lease)
        return None
    wait = min(wait, HELD_SECONDS)
    lease.release(due_at=timezone.now() + timedelta(seconds=wait))
    return wait


def _go_on(lease: ImportLease) -> None:
    """Go on with what was taken: its worker may have been killed in the middle."""
    _deliver_alone(lease)
    if open_edits(lease.source).filter(TOGETHER).exists():
        lease.renew()
        _deliver_together(lease)


def _deliver_alone(lease: ImportLease) -> None:
    """Deliver what no call for many has settled, and what is there already."""
    alone = open_edits(lease.source).exclude(TOGETHER)
    for edit in [*alone.order_by("pk"), *_found_there(lease.source)]:
        lease.renew()
        _deliver(lease, edit)


def _send_rows(lease: ImportLease, stop_at: float) -> float | None:
    """Send rows until something has to be waited for; None when none are left."""
    source, wait = lease.source, None
    while not wait and source.state == Import.State.RUNNING:
        if not _may_send(source):
            return HELD_SECONDS
        if open_edits(source).count() >= MOST_OPEN:
            return wait or FIRST_LOOK_SECONDS
        if _take_together(lease):
            if not (wait := _deliver_together(lease)):
                _deliver_alone(lease)
        elif (edit := _take_next(lease)) is not None:
            wait = _deliver(lease, edit)
        else:
            return None
        results.settle(lease)
        if time.monotonic() >= stop_at:
            return wait or 0.0
    return wait


def _may_send(source: Import) -> bool:
    allowed = Connection.objects.syncable().filter(
        pk=source.connection_id, is_editing=True
    )
    return allowed.exists() and editing.can_write(source.collection)


def open_edits(source: Import) -> QuerySet[Edit]:
    """Return the edits of rows whose outcome is not known yet."""
    return Edit.objects.open().filter(imported_rows__source=source)


def _found_there(source: Import) -> QuerySet[Edit]:
    rows = results.found_there(source)
    return Edit.objects.filter(pk__in=rows.values("edit")).order_by("pk")


def discard_open(source: Import) -> None:
    """Discard what was taken and not sent; what may have arrived is looked for."""
    waiting = open_edits(source)
    discarding.stop_sending(Edit.objects.filter(pk__in=waiting.values("pk")))
    unsent = waiting.filter(sent_at__isnull=True)
    discarding.discard(list(unsent), user=source.created_by, why=ReasonCode.CANCELLED)


def _take_together(lease: ImportLease) -> int:
    """Make edits of as many rows of a kind as one call takes; return how many."""
    source, user = lease.source, lease.source.created_by
    writer = editing.writer_of(source.connection)
    if not isinstance(writer, WritesManyItems):
        return 0
    bulk.ensure_allowed(source.collection, user)
    changed = source.rows.filter(state=State.CHANGED, item__isnull=False)
    new = source.rows.filter(state=State.NEW)
    with transaction.atomic():
        lease.renew()
        for rows in (changed, new):
            ordered = rows.select_related("item").order_by("number")
            if taken := list(ordered[: writer.items_per_write]):
                break
        else:
            return 0
        found = source.bulk_edit or bulk.open_for(source.collection, user=user)
        lease.renew(bulk_edit=found)
        Edit.objects.bulk_create(_edits(found, source, taken))
        results.store(taken)
    return len(taken)


def _edits(
    found: BulkEdit, source: Import, rows: Iterable[ImportRow]
) -> Iterator[Edit]:
    """Yield the edit of each row, which is noted in the row."""
    names = outbox.identity_fields(source.collection)
    for row in rows:
        content = import_content.unseal(row)
        try:
            edit = _edit(found, source, row, content, identified_by=names)
        except ValueError:
            _refuse(row, RowProblem.NO_IDENTITY)
            continue
        row.state, row.edit = State.SENT, edit
        yield edit


def _edit(
    found: BulkEdit,
    source: Import,
    row: ImportRow,
    content: Mapping[str, Any],
    *,
    identified_by: Sequence[str],
) -> Edit:
    if row.state == State.CHANGED and row.item is not None:
        return bulk.edit_of(found, row.item, content["values"], content["base"])
    values = content["values"]
    new = outbox.new_item(source.collection, values, identified_by=identified_by)
    return bulk.row_of(found, uuid=_key(source, row), **new)


def _deliver_together(lease: ImportLease) -> float | None:
    """Deliver the edits of changed rows; how long to wait, 0 and None for no wait."""
    key = lease.source.bulk_edit_id
    return bulk_delivery.deliver(key, on_call=lease.note_call) if key else None


def _take_next(lease: ImportLease) -> Edit | None:
    """Make an edit of the next row, in one transaction with what the row is then."""
    source = lease.source
    rows = source.rows.filter(state__in=ImportRow.TO_SEND).select_related(
        "item__collection"
    )
    while (row := rows.order_by("number").first()) is not None:
        with transaction.atomic():
            lease.renew()
            edit = _to_edit(source, row)
            row.edit = edit
            row.save(update_fields=["state", "edit", "problems"])
        if edit is not None:
            return edit
    return None


def _to_edit(source: Import, row: ImportRow) -> Edit | None:
    """Make the edit of a row, if there is one, and say in the row what it is then."""
    content, user = import_content.unseal(row), source.created_by
    key, values = _key(source, row), content["values"]
    if row.state == State.NEW:
        try:
            edit = outbox.create(
                source.collection, values, user=user, key=key, is_queued=False
            )
        except ValueError:
            _refuse(row, RowProblem.NO_IDENTITY)
            return None
        row.state = State.SENT
        return edit
    if row.item is None:
        _refuse(row, RowProblem.GONE)
        return None
    row.item.collection = source.collection
    update = outbox.update(
        row.item, values, content["base"], user=user, key=key, is_queued=False
    )
    row.state = State.SENT if update else State.UNCHANGED
    return update


def _refuse(row: ImportRow, problem: RowProblem) -> None:
    row.state, row.problems = State.INVALID, [[checking.WHOLE_ROW, problem, 0]]


def _key(source: Import, row: ImportRow, step: str = "") -> UUID:
    return uuid5(source.pk, f"{row.number}{step}")


def _deliver(lease: ImportLease, edit: Edit) -> float | None:
    """Deliver an edit; what turns out to be there already is updated instead.

    Not by an import that is cancelled: that begins nothing any more.
    """
    wait = delivery.deliver(edit.pk, on_call=lease.note_call)
    edit.refresh_from_db()
    is_there = edit.state == Edit.State.CONFLICT and edit.verb == Edit.Verb.CREATE
    is_running = lease.source.state == Import.State.RUNNING
    instead = _update_instead(lease, edit) if is_there and is_running else None
    if instead is None:
        return wait
    return delivery.deliver(instead.pk, on_call=lease.note_call)


def _update_instead(lease: ImportLease, edit: Edit) -> Edit | None:
    """Give an item that turned out to be there the values of its row."""
    rows = edit.imported_rows.select_related("source__created_by")
    if (row := rows.first()) is None or edit.item is None:
        return None
    fields = editing.fields_of(edit.collection)
    values = {
        name: edit.values[name]
        for name in edit.theirs
        if name in fields and not fields[name].is_identity
    }
    key, user = _key(row.source, row, ":there"), row.source.created_by
    with transaction.atomic():
        # A cancelled import may be another worker's, who has settled this row.
        lease.renew()
        update = conflicts.decide(edit, values, user=user, key=key, is_queued=False)
        if update is None:
            row.item, row.state = edit.item, State.UNCHANGED
            row.save(update_fields=["item", "state"])
    return update


def _end(lease: ImportLease) -> None:
    source = lease.source
    is_cancelled = source.state == Import.State.CANCELLING
    state = Import.State.CANCELLED if is_cancelled else Import.State.DONE
    with transaction.atomic():
        lease.release(state=state, ended_at=timezone.now())
        audit.record(
            f"import.{state.value}",
            user=source.created_by,
            subject=source.pk,
            **results.counts_of(source),
        )
