"""Deliver a bulk edit, as many rows at once as one call of its provider takes."""

import logging
from collections.abc import Callable, Sequence
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from integrations.http.errors import (
    AlreadyExists,
    ApiError,
    InvalidRequest,
    NotFound,
    QuotaExhausted,
)
from integrations.models import BulkEdit, Edit
from integrations.models.reasons import ReasonCode
from integrations.providers.capabilities import WritesManyItems
from integrations.services.common.clients import api_clients as clients
from integrations.services.common.clients.connector_errors import connector_boundary
from integrations.services.common.clock import database_now
from integrations.services.common.errors import LeaseLostError, NoTokenError
from integrations.services.grants import circuit_breaker
from integrations.services.grants.tokens import TokenSource
from integrations.services.sync.calls import spend
from integrations.services.sync.refresh.context import context_of
from integrations.services.writing import editing
from integrations.services.writing.batches import batch as batches
from integrations.services.writing.batches import bulk, bulk_verbs
from integrations.services.writing.batches.batch import Batch
from integrations.services.writing.delivering import dispatch, lease
from integrations.services.writing.delivering.attempt import Step, ignore

logger = logging.getLogger(__name__)


def deliver(bulk_id: int, *, on_call: Callable[[], None] = ignore) -> float | None:
    """Deliver the next rows of a bulk edit; return seconds until more, None for none.

    One worker at a time is on a bulk edit. What a dead one had, or what waits behind
    another edit, is left to the sweep. ``on_call`` is called before each call.
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
    batch = _begin(found, edits, lease_id, writer)
    batch.on_call = on_call
    try:
        wait = _deliver(batch)
    except LeaseLostError:
        # One that was discarded meanwhile keeps no other from being sent.
        return 0.0 if lease.release_unsent(lease_id) else None
    # Rows that were on their way when it was cancelled may have been put back.
    bulk.discard_cancelled(found)
    return wait


def _seconds_until_due(found: BulkEdit) -> float | None:
    """Return when rows are due that are tried again, None where there are none."""
    now = timezone.now()
    later = found.edits.open().filter(due_at__gt=now, is_sent_alone=False)
    due_at = later.order_by("due_at").values_list("due_at", flat=True).first()
    return None if due_at is None else max(1.0, (due_at - now).total_seconds())


def _begin(
    found: BulkEdit, edits: Sequence[Edit], lease_id: UUID, writer: WritesManyItems
) -> Batch:
    connection = found.connection
    return Batch(
        bulk=found,
        lease_id=lease_id,
        verb=Edit.Verb(edits[0].verb),
        open={batches.key_of(edit): edit for edit in edits},
        api=clients.api_client(connection, TokenSource(connection.pk)),
        writer=writer,
        context=context_of(found.collection),
    )


def _deliver(batch: Batch) -> float:
    wait = 0.0
    try:
        with (
            connector_boundary("write_many", bulk_edit=batch.bulk.uuid),
            lease.heartbeat.renewing(batch),
        ):
            _work_on(batch)
    except (ApiError, NoTokenError) as exc:
        wait = _after_error(batch, exc)
    finally:
        spend.note(batch.bulk.connection_id, batch.api.calls)
    dispatch.send_following(batch.order_keys)
    return wait


def _work_on(batch: Batch) -> None:
    """Read, send what is missing, store the answer, and read what was written."""
    collection = batch.bulk.collection
    is_reading = all(edit.is_cancelled for edit in batch.open.values())
    if not is_reading and not editing.can_write(collection):
        raise NoTokenError(ReasonCode.NO_PERMISSION)
    circuit_breaker.ensure_running(collection.connection.provider)
    batch.fields = editing.fields_of(collection)
    bulk_verbs.VERBS[batch.verb](batch)


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
    # A new item that is there already is changed instead, which its own delivery does.
    are_many = len(batch.open) > 1 or isinstance(exc, AlreadyExists)
    are_many = are_many and not isinstance(exc, QuotaExhausted)
    wait = 0.0
    with transaction.atomic():
        for key, edit in list(batch.open.items()):
            is_sent = is_sending and key in batch.sent
            if is_refused and are_many:
                # All were refused for some of them; which, is for each to find out.
                leave = batch.leave_refused_alone if is_sent else batch.leave_alone
                leave(edit)
                continue
            wait = max(wait, batch.settle(edit, exc, is_sent=is_sent))
    return wait
