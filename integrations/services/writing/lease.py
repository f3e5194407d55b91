"""A worker's lease on an edit: claim, renew, note what was sent, end."""

import uuid
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F
from django.utils import timezone

from integrations.models import Connection, Edit
from integrations.models.reasons import Reason, columns
from integrations.providers.writing import Written
from integrations.services.common import metrics
from integrations.services.common.clock import DatabaseNow
from integrations.services.common.errors import LeaseLostError


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
    rows = Edit.objects.select_related(
        "connection", "collection__connection", "item", "created_by"
    )
    return rows.get(pk=edit_id), lease_id


def renew(edit: Edit, lease_id: UUID) -> None:
    """Renew the lease before a call; raise LeaseLostError when it may not be made.

    Another worker has it, or editing was switched off, paused or disconnected.
    """
    allowed = Connection.objects.syncable().filter(
        is_editing=True, generation=edit.connection.generation
    )
    _write(edit, lease_id, only={"connection__in": allowed})


def note_sent(edit: Edit, lease_id: UUID) -> None:
    """Store the intent: from now on it may have arrived."""
    allowed = Connection.objects.syncable().filter(
        is_editing=True, generation=edit.connection.generation
    )
    _write(
        edit,
        lease_id,
        only={"connection__in": allowed},
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
    _release(edit, lease_id, **more)


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
    _release(edit, lease_id, state=state, ended_at=timezone.now(), **more)


def _release(edit: Edit, lease_id: UUID, **values: Any) -> None:
    _write(edit, lease_id, is_released=True, **values)


def _write(
    edit: Edit,
    lease_id: UUID,
    *,
    only: dict[str, Any] | None = None,
    is_released: bool = False,
    **values: Any,
) -> None:
    """Write columns as long as the lease is held; raise LeaseLostError when not."""
    leased: dict[str, Any] = {"lease_until": DatabaseNow() + Edit.lease_length()}
    if is_released:
        leased = {"lease_id": None, "lease_until": None}
    rows = Edit.objects.filter(pk=edit.pk, lease_id=lease_id, **(only or {}))
    if not rows.update(**leased, **values):
        raise LeaseLostError("the edit is not this worker's any more")
    for name, value in values.items():
        setattr(edit, name, value)
