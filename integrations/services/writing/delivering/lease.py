"""A worker's lease on an edit: claim, renew, note what was sent, end.

Between two calls the ``heartbeat`` of its process renews it.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from integrations.models import BulkEdit, Connection, Edit, times
from integrations.models.connection import ConnectionQuerySet
from integrations.models.reasons import Reason, columns
from integrations.providers.writing import Written
from integrations.services.common import metrics
from integrations.services.common.clock import DatabaseNow
from integrations.services.common.database.row_locks import update_in_order
from integrations.services.common.errors import LeaseLostError
from integrations.services.sync.leases.heartbeat import Heartbeat
from integrations.services.writing import row_states

RELATED: Final = ("connection", "collection__connection", "item", "created_by")


def claim(edit_id: int, *, now: datetime) -> tuple[Edit, UUID] | None:
    """Take the lease of an edit that may be sent now, or nothing."""
    lease_id = uuid.uuid4()
    taken = (
        Edit.objects.deliverable(now)
        .filter(pk=edit_id)
        .update(
            lease_id=lease_id,
            lease_until=DatabaseNow() + Edit.lease_length(),
            attempts=F("attempts") + 1,
        )
    )
    if not taken:
        return None
    return Edit.objects.select_related(*RELATED).get(pk=edit_id), lease_id


def claim_many(bulk: BulkEdit, *, now: datetime, most: int) -> tuple[list[Edit], UUID]:
    """Take one lease of rows of a bulk edit that may be sent now, all of one verb."""
    lease_id = uuid.uuid4()
    due = Edit.objects.deliverable(now).filter(bulk_edit=bulk, is_sent_alone=False)
    verb = due.order_by("pk").values_list("verb", flat=True).first()
    due = due.filter(verb=verb or "")
    keys = list(due.order_by("pk").values_list("pk", flat=True)[:most])
    update_in_order(
        Edit.objects.deliverable(now).filter(pk__in=keys),
        lease_id=lease_id,
        lease_until=DatabaseNow() + Edit.lease_length(),
        attempts=F("attempts") + 1,
    )
    taken = Edit.objects.filter(pk__in=keys, lease_id=lease_id).order_by("pk")
    edits = list(taken.select_related("item", "created_by"))
    for edit in edits:
        # Read once for all: a schema is longer than all else of a row.
        edit.connection, edit.collection = bulk.connection, bulk.collection
    return edits, lease_id


def is_under_way(bulk_id: int, *, now: datetime) -> bool:
    """Tell whether a worker is delivering rows of a bulk edit now."""
    rows = Edit.objects.open().filter(bulk_edit=bulk_id, is_sent_alone=False)
    leased = rows.filter(lease_until__isnull=False)
    is_over = times.come("lease_until", now, longest=Edit.longest_lease())
    return leased.exclude(is_over).exists()


def renew_many(
    edits: Sequence[Edit], lease_id: UUID, *, is_sending: bool = False
) -> None:
    """Renew the lease of edits of one connection, as ``renew`` does."""
    if edits:
        only = {} if is_sending else {"connection__in": _allowed(edits)}
        _write_many(edits, lease_id, only=only, is_sending=is_sending)


def note_sent_many(edits: Sequence[Edit], lease_id: UUID) -> None:
    """Store the intent to send edits of one connection by one call."""
    sent = {"state": Edit.State.SENDING, "sent_at": timezone.now(), **columns(None)}
    only = {"connection__in": _allowed(edits), "cancelled_at": None}
    _write_many(edits, lease_id, only=only, is_sending=True, **sent)


def _write_many(
    edits: Sequence[Edit],
    lease_id: UUID,
    *,
    only: dict[str, Any],
    is_sending: bool,
    **values: Any,
) -> None:
    """Write columns of all or none, as long as all leases are held."""
    keys = [edit.pk for edit in edits]
    rows = Edit.objects.filter(pk__in=keys, lease_id=lease_id, **only)
    with transaction.atomic():
        until = DatabaseNow() + _length(is_sending=is_sending)
        if update_in_order(rows, lease_until=until, **values) != len(keys):
            raise LeaseLostError("some edits are not this worker's any more")
    for edit in edits:
        for name, value in values.items():
            setattr(edit, name, value)


def _length(*, is_sending: bool) -> timedelta:
    return Edit.longest_lease() if is_sending else Edit.lease_length()


def renew_silently(lease_ids: Sequence[UUID]) -> None:
    """Renew leases between two calls, which says nothing about whether they may be."""
    held = Edit.objects.open().filter(lease_id__in=lease_ids)
    sending = Q(state=Edit.State.SENDING)
    for rows, is_sending in ((~sending, False), (sending, True)):
        until = DatabaseNow() + _length(is_sending=is_sending)
        update_in_order(held.filter(rows), lease_until=until)


def _allowed(edits: Sequence[Edit]) -> ConnectionQuerySet:
    """Return the connection of some edits, as long as it may be written to.

    Where they are only looked for, it need only be readable.
    """
    generation = edits[0].connection.generation
    readable = Connection.objects.syncable().filter(generation=generation)
    if all(edit.is_cancelled for edit in edits):
        return readable
    return readable.filter(is_editing=True)


def release_unsent(lease_id: UUID) -> int:
    """Give back what a lease still has of rows that were not sent; return how many."""
    rows = Edit.objects.open().filter(lease_id=lease_id, sent_at__isnull=True)
    return update_in_order(rows, lease_id=None, lease_until=None)


def renew(edit: Edit, lease_id: UUID, *, is_sending: bool = False) -> None:
    """Renew the lease before a call; raise LeaseLostError when it may not be made.

    Another worker has it, or editing was switched off, paused or disconnected; that
    does not end a write of several calls in its middle.
    """
    only = {} if is_sending else {"connection__in": _allowed([edit])}
    _write(edit, lease_id, only=only, is_sending=is_sending)


def note_sent(edit: Edit, lease_id: UUID) -> None:
    """Store the intent: from now on it may have arrived."""
    _write(
        edit,
        lease_id,
        only={"connection__in": _allowed([edit]), "cancelled_at": None},
        is_sending=True,
        state=Edit.State.SENDING,
        sent_at=timezone.now(),
        **columns(None),
    )


def note_answer(edit: Edit, lease_id: UUID, written: Written, correlation: str) -> None:
    """Store the answer, with the values as the provider keeps them."""
    kept = {n: written.values.get(n, value) for n, value in edit.values.items()}
    _write(
        edit,
        lease_id,
        remote_id=written.remote_id,
        values=kept,
        correlation_id=correlation,
    )


def wait(
    edit: Edit, lease_id: UUID, *, until: datetime, reason: Reason, **values: Any
) -> None:
    """Put an edit back until later."""
    more = {**values, **columns(reason), "due_at": until}
    release(edit, lease_id, **more)


def end(
    edit: Edit, lease_id: UUID, state: Edit.State, reason: Reason | None, **values: Any
) -> None:
    """End an edit, in the caller's transaction."""
    metrics.count(
        metrics.EDITS,
        provider=edit.connection.provider,
        verb=edit.verb,
        outcome=state.value,
    )
    more = {**values, **columns(reason)}
    release(edit, lease_id, state=state, ended_at=timezone.now(), **more)
    if not edit.is_sent_together:
        row_states.follow(edit)


def release(edit: Edit, lease_id: UUID, **values: Any) -> None:
    """Give an edit back, with columns written."""
    _write(edit, lease_id, is_released=True, **values)


def _write(
    edit: Edit,
    lease_id: UUID,
    *,
    only: dict[str, Any] | None = None,
    is_sending: bool = False,
    is_released: bool = False,
    **values: Any,
) -> None:
    """Write columns as long as the lease is held; raise LeaseLostError when not."""
    until = DatabaseNow() + _length(is_sending=is_sending)
    leased: dict[str, Any] = {"lease_until": until}
    if is_released:
        leased = {"lease_id": None, "lease_until": None}
    rows = Edit.objects.filter(pk=edit.pk, lease_id=lease_id, **(only or {}))
    if not rows.update(**leased, **values):
        raise LeaseLostError("the edit is not this worker's any more")
    for name, value in values.items():
        setattr(edit, name, value)


heartbeat: Final = Heartbeat(renew_silently, Edit.lease_length)
