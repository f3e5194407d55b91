"""Deliver one edit: look what is there, send what is missing, store what came of it.

Every delivery begins by reading. So a lost answer, whether by a time-out, a failing
provider or a killed worker, is resolved by the next one before anything is sent again;
and what changed there since the form was opened is never overwritten unseen.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from integrations.http.client import ApiClient
from integrations.http.errors import AlreadyExists, ApiError, NotFound, Server
from integrations.models import Edit
from integrations.models.reasons import Reason, ReasonCode
from integrations.providers.capabilities import WritesItems
from integrations.providers.connector import CollectionContext
from integrations.providers.records import IntegrationItem
from integrations.providers.writing import RawValues, WritableField
from integrations.services.common import clients
from integrations.services.common.clock import database_now
from integrations.services.common.connector_errors import connector_boundary
from integrations.services.common.errors import LeaseLostError, NoTokenError
from integrations.services.grants import circuit_breaker
from integrations.services.grants.tokens import TokenSource
from integrations.services.sync import spend
from integrations.services.sync.refresh.context import context_of
from integrations.services.writing import editing, lease, outbox, outcomes, storing

logger = logging.getLogger(__name__)


class Step(StrEnum):
    """How far a delivery got: what an error means depends on it."""

    READING = "reading"
    SENDING = "sending"
    ANSWERED = "answered"


@dataclass(kw_only=True)
class Delivery:
    """One attempt to deliver an edit, under its lease."""

    edit: Edit
    lease_id: UUID
    api: ApiClient
    writer: WritesItems
    context: CollectionContext
    fields: Mapping[str, WritableField]
    step: Step = Step.READING
    is_halfway: bool = False
    # None where an earlier delivery sent it: what that was is not known any more.
    sent: RawValues | None = None

    def __post_init__(self) -> None:
        self.api.before_send = self.renew

    def renew(self) -> None:
        """Renew the lease, which every call begins with: a write may take several."""
        is_sending = self.step is Step.SENDING
        lease.renew(self.edit, self.lease_id, is_sending=is_sending)

    def fetch(self, remote_id: str) -> IntegrationItem | None:
        """Return an item as it is there now."""
        return self.writer.fetch_written(self.api, self.context, remote_id)

    def find_existing(self) -> str | None:
        """Return the id of what has the identity of a new item."""
        return self.writer.find_existing(self.api, self.context, self.edit.values)

    def note_sent(self) -> None:
        """Store that the next call writes."""
        lease.note_sent(self.edit, self.lease_id)
        self.step = Step.SENDING

    def differing(self, values: RawValues, there: RawValues) -> list[str]:
        """Return the names of values that are not there."""
        return differing(self.writer, self.fields, values, there)


def differing(
    writer: WritesItems,
    fields: Mapping[str, WritableField],
    values: RawValues,
    there: RawValues,
) -> list[str]:
    """Return the names of values that are not there."""

    def is_same(name: str, one: Any, other: Any) -> bool:
        field = fields.get(name)
        return one == other if field is None else writer.is_same(field, one, other)

    return [
        name
        for name, value in values.items()
        if not is_same(name, value, there.get(name))
    ]


def touched(
    writer: WritesItems,
    fields: Mapping[str, WritableField],
    edit: Edit,
    there: RawValues,
) -> list[str]:
    """Return the names of values that somebody changed since an undo looked at them.

    What its user archives on its own page has no base: that is archived as it is.
    """
    if not edit.base:
        return []
    known = {name: edit.base.get(name) for name in {**fields, **edit.base}}
    return differing(writer, fields, known, there)


def left_halfway(
    writer: WritesItems, edit: Edit, names: Iterable[str], there: RawValues
) -> set[str]:
    """Return the names of what a write of the edit's own left when it was cut off."""
    if not edit.may_have_arrived:
        return set()
    return {name for name in names if writer.is_halfway(name, there.get(name))}


def deliver(edit_id: int) -> float | None:
    """Deliver an edit; return seconds until it is tried again, None for never.

    A second delivery of one that is being delivered ends without a call.
    """
    claimed = lease.claim(edit_id, now=database_now())
    if claimed is None:
        return None
    edit, lease_id = claimed
    delivery: Delivery | None = None
    try:
        with connector_boundary("write", edit=edit.uuid):
            delivery = _begin(edit, lease_id)
            VERBS[Edit.Verb(edit.verb)](delivery)
    except LeaseLostError:
        return None
    except (ApiError, NoTokenError) as exc:
        return _after_error(edit, lease_id, delivery, exc)
    finally:
        if delivery is not None:
            spend.note(edit.connection_id, delivery.api.calls)
    outbox.send_next(edit)
    return None


def _begin(edit: Edit, lease_id: UUID) -> Delivery:
    connection, writer = edit.connection, editing.writer_of(edit.connection)
    if writer is None or not editing.can_write(edit.collection):
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


def _update(delivery: Delivery) -> None:
    """Change an item, unless it has those values already or others changed them."""
    edit = delivery.edit
    found = delivery.fetch(edit.remote_id)
    if found is None:
        _end(delivery, Edit.State.REFUSED, Reason(code=ReasonCode.ITEM_DELETED))
        return
    missing = delivery.differing(edit.values, found.properties)
    if not missing:
        _finish_update(delivery, found)
        return
    bases = {name: edit.base.get(name) for name in missing}
    changed = delivery.differing(bases, found.properties)
    halfway = left_halfway(delivery.writer, edit, changed, found.properties)
    if set(changed) - halfway:
        _conflict(delivery, found, changed, ReasonCode.CHANGED_THERE)
        return
    delivery.is_halfway = bool(halfway)
    if edit.is_cancelled:
        _give_back(delivery, halfway)
        _end_cancelled(delivery)
        return
    delivery.note_sent()
    values = {name: edit.values[name] for name in missing}
    delivery.sent = values
    written = delivery.writer.update(
        delivery.api, delivery.context, edit.remote_id, values
    )
    _answered(delivery, written)


def _create(delivery: Delivery) -> None:
    """Create an item, unless something has its identity: then that is looked at."""
    edit, is_unsure = delivery.edit, delivery.edit.may_have_arrived
    there = edit.remote_id or delivery.find_existing()
    if not there and edit.is_cancelled:
        _end_cancelled(delivery)
        return
    if not there:
        delivery.note_sent()
        try:
            written = delivery.writer.create(
                delivery.api, delivery.context, edit.values
            )
        except AlreadyExists as exc:
            there = exc.remote_id or delivery.find_existing()
            if not there:
                raise
            delivery.step = Step.READING
        else:
            _answered(delivery, written)
            return
    found = delivery.fetch(there)
    if found is None:
        raise Server("what has this identity could not be read")
    differing = delivery.differing(edit.values, found.properties)
    if is_unsure and not differing:
        _save(delivery, found)
        return
    if edit.is_cancelled:
        _end_cancelled(delivery)
        return
    _conflict(delivery, found, differing, ReasonCode.EXISTS_THERE)


def _archive(delivery: Delivery) -> None:
    """Archive an item; one that is not there any more is archived already."""
    edit = delivery.edit
    found = delivery.fetch(edit.remote_id)
    if found is not None and edit.is_cancelled:
        _end_cancelled(delivery)
        return
    if found is not None:
        names = touched(delivery.writer, delivery.fields, edit, found.properties)
        if names:
            _conflict(delivery, found, names, ReasonCode.CHANGED_THERE)
            return
        delivery.note_sent()
        try:
            delivery.writer.archive(delivery.api, delivery.context, edit.remote_id)
        except NotFound:
            logger.info("archived already edit=%s", edit.uuid)
    now = timezone.now()
    with transaction.atomic():
        edit.correlation_id = delivery.api.correlation_id
        edit.change = storing.archive_item(edit, now=now)
        _end(delivery, Edit.State.SAVED, change=edit.change)


VERBS: Mapping[Edit.Verb, Callable[[Delivery], None]] = {
    Edit.Verb.CREATE: _create,
    Edit.Verb.UPDATE: _update,
    Edit.Verb.ARCHIVE: _archive,
}


def _answered(delivery: Delivery, written: Any) -> None:
    """Store the answer at once, then the item as it is there now."""
    correlation = delivery.api.correlation_id
    lease.note_answer(delivery.edit, delivery.lease_id, written, correlation)
    delivery.step = Step.ANSWERED
    found = delivery.fetch(written.remote_id)
    if found is None:
        raise Server("what was written could not be read")
    if delivery.edit.verb == Edit.Verb.UPDATE:
        _finish_update(delivery, found)
        return
    _save(delivery, found)


def _give_back(delivery: Delivery, names: Iterable[str]) -> None:
    """Restore what a cancelled write had cleared when it was cut off."""
    edit = delivery.edit
    values = {name: edit.base.get(name) for name in names}
    if values:
        delivery.step = Step.SENDING
        delivery.writer.update(delivery.api, delivery.context, edit.remote_id, values)


def _end_cancelled(delivery: Delivery) -> None:
    """End a cancelled edit that has not arrived: it is not sent again."""
    _end(delivery, Edit.State.CANCELLED, Reason(code=ReasonCode.DISCARDED))


def _finish_update(delivery: Delivery, found: IntegrationItem) -> None:
    """Save an update, or show what it replaced between the reading and the write."""
    edit = delivery.edit
    replaced: RawValues = {}
    if edit.may_have_arrived:
        names = edit.values if delivery.sent is None else delivery.sent
        told = delivery.writer.fetch_overwritten(
            delivery.api,
            delivery.context,
            {found.id: {name: edit.values[name] for name in names}},
            {found.id: edit.base},
        )
        replaced = told.get(found.id, {})
    _save(delivery, found, replaced=replaced)


def _save(
    delivery: Delivery, found: IntegrationItem, *, replaced: RawValues | None = None
) -> None:
    edit, now = delivery.edit, timezone.now()
    state, why = Edit.State.SAVED, None
    if replaced:
        state, why = Edit.State.CONFLICT, Reason(code=ReasonCode.OVERWROTE)
    with transaction.atomic():
        item = storing.store_item(edit, found, now=now)
        edit.item, edit.remote_id = item, found.id
        _end(
            delivery,
            state,
            why,
            item=item,
            remote_id=found.id,
            theirs=dict(replaced or {}),
            change=storing.change_of(edit, now=now),
        )


def _conflict(
    delivery: Delivery, found: IntegrationItem, names: list[str], why: ReasonCode
) -> None:
    """Store what is there, and leave the choice to the user."""
    edit = delivery.edit
    theirs = {name: found.properties.get(name) for name in names}
    with transaction.atomic():
        edit.item = storing.store_item(edit, found, now=timezone.now())
        _end(
            delivery,
            Edit.State.CONFLICT,
            Reason(code=why),
            item=edit.item,
            remote_id=found.id,
            theirs=theirs,
        )


def _end(
    delivery: Delivery, state: Edit.State, reason: Reason | None = None, **values: Any
) -> None:
    """End the edit and record it in the audit trail, in one transaction."""
    edit = delivery.edit
    correlation = edit.correlation_id or delivery.api.correlation_id
    with transaction.atomic():
        more = {**values, "correlation_id": correlation}
        lease.end(edit, delivery.lease_id, state, reason, **more)
        outbox.record(state.value, edit, reason=edit.reason)


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
        return store_outcome(edit, lease_id, outcome)
    except LeaseLostError:
        return None


def store_outcome(
    edit: Edit, lease_id: UUID, outcome: outcomes.Outcome
) -> float | None:
    """Store what an error made of an edit; return seconds until it is tried again."""
    if outcome.wait is None:
        with transaction.atomic():
            columns = {**outcome.columns, "sent_at": None}
            lease.end(edit, lease_id, outcome.state, outcome.reason, **columns)
            outbox.record(outcome.state.value, edit, reason=edit.reason)
        outbox.send_next(edit)
        return None
    sent_at = edit.sent_at if outcome.state is Edit.State.UNKNOWN else None
    lease.wait(
        edit,
        lease_id,
        until=timezone.now() + outcome.wait,
        reason=outcome.reason,
        state=outcome.state,
        sent_at=sent_at,
        **outcome.columns,
    )
    if sent_at is None and outbox.discard_cancelled(edit):
        return None
    return outcome.wait.total_seconds()
