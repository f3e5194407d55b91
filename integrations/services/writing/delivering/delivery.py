"""Deliver one edit: look what is there, send what is missing, store what came of it.

Every delivery begins by reading. So a lost answer, whether by a time-out, a failing
provider or a killed worker, is resolved by the next one before anything is sent again;
and what changed there since the form was opened is never overwritten unseen.
"""

import logging
from collections.abc import Callable
from uuid import UUID

from integrations.http.errors import ApiError
from integrations.models import Edit
from integrations.models.reasons import ReasonCode
from integrations.services.common.clients import api_clients as clients
from integrations.services.common.clients.connector_errors import connector_boundary
from integrations.services.common.clock import database_now
from integrations.services.common.errors import LeaseLostError, NoTokenError
from integrations.services.grants import circuit_breaker
from integrations.services.grants.tokens import TokenSource
from integrations.services.sync.calls import spend
from integrations.services.sync.refresh.context import context_of
from integrations.services.writing import editing
from integrations.services.writing.delivering import dispatch, lease, outcomes
from integrations.services.writing.delivering.attempt import (
    Delivery,
    Step,
    ignore,
    key_of,
)
from integrations.services.writing.delivering.verbs import VERBS

logger = logging.getLogger(__name__)


def deliver(edit_id: int, *, on_call: Callable[[], None] = ignore) -> float | None:
    """Deliver an edit; return seconds until it is tried again, None for never.

    A second delivery of one that is being delivered ends without a call. ``on_call``
    is called before each call.
    """
    # A lease that ran out because this process was slow is not taken from itself.
    if lease.heartbeat.is_at_work(key_of(edit_id)):
        return None
    claimed = lease.claim(edit_id, now=database_now())
    if claimed is None:
        return None
    edit, lease_id = claimed
    delivery: Delivery | None = None
    try:
        with connector_boundary("write", edit=edit.uuid):
            delivery = _begin(edit, lease_id)
            delivery.on_call = on_call
            with lease.heartbeat.renewing(delivery):
                VERBS[Edit.Verb(edit.verb)](delivery)
    except LeaseLostError:
        return None
    except (ApiError, NoTokenError) as exc:
        return _after_error(edit, lease_id, delivery, exc)
    finally:
        if delivery is not None:
            spend.note(edit.connection_id, delivery.api.calls)
    dispatch.send_next(edit)
    return None


def _begin(edit: Edit, lease_id: UUID) -> Delivery:
    connection, writer = edit.connection, editing.writer_of(edit.connection)
    is_allowed = edit.is_cancelled or editing.can_write(edit.collection)
    if writer is None or not is_allowed:
        raise NoTokenError(ReasonCode.NO_PERMISSION)
    circuit_breaker.ensure_running(connection.provider)
    return Delivery(
        edit=edit,
        lease_id=lease_id,
        api=clients.api_client(connection, TokenSource(connection.pk)),
        writer=writer,
        context=context_of(edit.collection),
        fields=editing.fields_of(edit.collection),
    )


def _after_error(
    edit: Edit, lease_id: UUID, delivery: Delivery | None, exc: Exception
) -> float | None:
    """Decide what an error makes of the edit, by how far its delivery got."""
    is_sent = delivery is not None and delivery.step is Step.SENDING
    is_unsure = edit.may_have_arrived and not is_sent
    outcome = outcomes.outcome_of(
        edit,
        exc,
        is_sent=is_sent,
        is_unsure=is_unsure,
        is_halfway=delivery is not None and delivery.is_halfway,
    )
    logger.warning(
        "edit not saved edit=%s state=%s error=%s status=%s correlation_id=%s",
        edit.uuid,
        outcome.state,
        type(exc).__name__,
        getattr(exc, "status", None),
        getattr(exc, "correlation_id", ""),
    )
    try:
        return outcomes.store_outcome(edit, lease_id, outcome)
    except LeaseLostError:
        return None
