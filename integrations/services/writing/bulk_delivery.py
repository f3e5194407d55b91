"""Deliver a bulk edit, as many rows at once as one call of its provider takes.

What holds for one edit holds for each row: it is read before it is sent, its intent is
stored before the call, its answer before anything else, and what may have arrived is
read again before it is sent again. Rows that a call does not settle go alone.
"""

import logging
from collections.abc import Mapping, Sequence
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from integrations.http.errors import (
    ApiError,
    InvalidRequest,
    NotFound,
    QuotaExhausted,
    Server,
)
from integrations.models import BulkEdit, Edit
from integrations.models.reasons import ReasonCode
from integrations.providers.capabilities import WritesManyItems
from integrations.providers.records import IntegrationItem
from integrations.providers.writing import RawValues, WrittenMany
from integrations.services.common import clients
from integrations.services.common.clock import database_now
from integrations.services.common.connector_errors import connector_boundary
from integrations.services.common.errors import LeaseLostError, NoTokenError
from integrations.services.grants import circuit_breaker
from integrations.services.grants.tokens import TokenSource
from integrations.services.sync import spend
from integrations.services.sync.refresh.context import context_of
from integrations.services.writing import (
    bulk,
    editing,
    lease,
    outbox,
    storing,
)
from integrations.services.writing.batch import Batch
from integrations.services.writing.delivery import Step, left_halfway

logger = logging.getLogger(__name__)


def deliver(bulk_id: int) -> float | None:
    """Deliver the next rows of a bulk edit; return seconds until more, None for none.

    One worker at a time is on a bulk edit. What a dead one had, or what waits behind
    another edit, is left to the sweep.
    """
    rows = BulkEdit.objects.select_related("collection__connection", "connection")
    found = rows.filter(pk=bulk_id).first()
    if found is None:
        return None
    bulk.discard_cancelled(found)
    writer = editing.writer_of(found.connection)
    if not isinstance(writer, WritesManyItems):
        bulk.send_alone(found)
        return None
    now, most = database_now(), writer.items_per_write
    if lease.is_under_way(found.pk, now=now):
        return None
    edits, lease_id = lease.claim_many(found, now=now, most=most)
    if not edits:
        return _seconds_until_due(found)
    try:
        wait = _deliver(found, edits, lease_id, writer)
    except LeaseLostError:
        return None
    # Rows that were on their way when it was cancelled may have been put back.
    bulk.discard_cancelled(found)
    return wait


def _seconds_until_due(found: BulkEdit) -> float | None:
    """Return when rows are due that are tried again, None where there are none."""
    now = timezone.now()
    later = found.edits.open().filter(due_at__gt=now, is_sent_alone=False)
    due_at = later.order_by("due_at").values_list("due_at", flat=True).first()
    return None if due_at is None else max(1.0, (due_at - now).total_seconds())


def _deliver(
    found: BulkEdit, edits: Sequence[Edit], lease_id: UUID, writer: WritesManyItems
) -> float:
    connection, wait = found.connection, 0.0
    batch = Batch(
        bulk=found,
        lease_id=lease_id,
        open={edit.remote_id: edit for edit in edits},
        api=clients.api_client(connection, TokenSource(connection.pk)),
        writer=writer,
        context=context_of(found.collection),
    )
    try:
        with connector_boundary("write_many", bulk_edit=found.uuid):
            _work_on(batch)
    except (ApiError, NoTokenError) as exc:
        wait = _after_error(batch, exc)
    finally:
        spend.note(connection.pk, batch.api.calls)
    outbox.send_following(batch.order_keys)
    return wait


def _work_on(batch: Batch) -> None:
    """Read, send what is missing, store the answer, and read what was written."""
    collection = batch.bulk.collection
    if not editing.can_write(collection):
        raise NoTokenError(ReasonCode.NO_PERMISSION)
    circuit_breaker.ensure_running(collection.connection.provider)
    batch.fields = editing.fields_of(collection)
    there = batch.fetch(batch.open)
    changes = _compare(batch, there)
    if not changes:
        return
    batch.sent = set(changes)
    lease.note_sent_many([batch.open[key] for key in changes], batch.lease_id)
    batch.step = Step.SENDING
    answer = batch.writer.update_many(batch.api, batch.context, changes)
    _store_answer(batch, answer)
    batch.step = Step.ANSWERED
    if batch.open:
        _finish(batch, batch.fetch(batch.open))


def _compare(
    batch: Batch, there: Mapping[str, IntegrationItem]
) -> dict[str, RawValues]:
    """End what needs no call, and return what has to be written, by item."""
    changes: dict[str, RawValues] = {}
    same: list[Edit] = []
    changed: list[Edit] = []
    for key, edit in list(batch.open.items()):
        item = there.get(key)
        if item is None:
            # It was deleted, merged or cannot be read: looked at by itself.
            batch.leave_alone(edit)
            continue
        missing = batch.differing(edit.values, item.properties)
        bases = {name: edit.base.get(name) for name in missing}
        edit.theirs = {
            name: item.properties.get(name)
            for name in batch.differing(bases, item.properties)
        }
        halfway = left_halfway(batch.writer, edit, edit.theirs, item.properties)
        if not missing:
            same.append(edit)
        elif edit.is_cancelled and halfway:
            # What its write cleared has to be given back to this one alone.
            batch.leave_alone(edit)
        elif edit.is_cancelled:
            edit.theirs = {}
            with transaction.atomic():
                batch.end(edit, Edit.State.CANCELLED, ReasonCode.DISCARDED)
        elif set(edit.theirs) - halfway:
            changed.append(edit)
        else:
            edit.theirs = {}
            if halfway:
                batch.halfway.add(key)
            changes[key] = {name: edit.values[name] for name in missing}
    _store(batch, [*same, *changed], there)
    return changes


def _store(
    batch: Batch, edits: Sequence[Edit], there: Mapping[str, IntegrationItem]
) -> None:
    """End rows by what is there: their values, or those of somebody else."""
    if not edits:
        return
    replaced = _fetch_overwritten(batch, edits)
    now = timezone.now()
    with transaction.atomic():
        found = [there[edit.remote_id] for edit in edits]
        items = storing.store_items(edits[0], found, now=now)
        for edit in edits:
            edit.item = items[edit.remote_id]
        changes = storing.changes_of(edits, now=now)
        for edit in edits:
            if edit.theirs:
                batch.end(edit, Edit.State.CONFLICT, ReasonCode.CHANGED_THERE)
                continue
            edit.change = changes.get(edit.pk)
            if theirs := replaced.get(edit.remote_id):
                edit.theirs = dict(theirs)
                batch.end(edit, Edit.State.CONFLICT, ReasonCode.OVERWROTE)
                continue
            batch.end(edit, Edit.State.SAVED)


def _fetch_overwritten(batch: Batch, edits: Sequence[Edit]) -> Mapping[str, RawValues]:
    """Return what rows that were sent replaced between the reading and the write."""
    sent = {
        edit.remote_id: edit
        for edit in edits
        if edit.may_have_arrived and not edit.theirs
    }
    if not sent:
        return {}
    return batch.writer.fetch_overwritten(
        batch.api,
        batch.context,
        {key: edit.values for key, edit in sent.items()},
        {key: edit.base for key, edit in sent.items()},
    )


def _store_answer(batch: Batch, answer: WrittenMany) -> None:
    """Store what was answered of each row that was sent, before anything else."""
    with transaction.atomic():
        for key in batch.sent:
            edit = batch.open[key]
            if key in answer.written:
                correlation = batch.api.correlation_id
                written = answer.written[key]
                lease.note_answer(edit, batch.lease_id, written, correlation)
                continue
            exc = answer.refused.get(key) or Server("the answer does not tell of it")
            batch.settle(edit, exc, is_sent=True)


def _finish(batch: Batch, there: Mapping[str, IntegrationItem]) -> None:
    """End what was written by what is there now; what is not is looked for later."""
    _store(batch, [e for key, e in batch.open.items() if key in there], there)
    unread = Server("what was written could not be read")
    for edit in list(batch.open.values()):
        batch.settle(edit, unread, is_sent=False)


def _after_error(batch: Batch, exc: ApiError | NoTokenError) -> float:
    """Decide what an error makes of the rows that are open; return how long to wait."""
    logger.warning(
        "bulk edit held up bulk_edit=%s rows=%d error=%s status=%s correlation_id=%s",
        batch.bulk.uuid,
        len(batch.open),
        type(exc).__name__,
        getattr(exc, "status", None),
        getattr(exc, "correlation_id", ""),
    )
    is_sending = batch.step is Step.SENDING
    is_refused = isinstance(exc, InvalidRequest | NotFound) and not exc.has_written
    are_many = len(batch.open) > 1 and not isinstance(exc, QuotaExhausted)
    wait = 0.0
    with transaction.atomic():
        for key, edit in list(batch.open.items()):
            is_sent = is_sending and key in batch.sent
            if is_refused and are_many:
                # All were refused for some of them; which, is for each to find out.
                # What was sent by an earlier batch may still have arrived.
                is_unsent = is_sent and key not in batch.halfway
                unsent = {"state": Edit.State.WAITING, "sent_at": None}
                batch.leave_alone(edit, **(unsent if is_unsent else {}))
                continue
            wait = max(wait, batch.settle(edit, exc, is_sent=is_sent))
    return wait
