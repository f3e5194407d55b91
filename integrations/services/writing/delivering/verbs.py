"""What is done with one edit, by its verb: look, send what is missing, store it."""

import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from integrations.http.errors import AlreadyExists, ApiError, NotFound, Server
from integrations.models import Edit
from integrations.models.reasons import Reason, ReasonCode
from integrations.providers.records import IntegrationItem
from integrations.providers.writing import RawValues
from integrations.services.common.errors import NoTokenError
from integrations.services.writing import editing, trail
from integrations.services.writing.delivering import lease, storing
from integrations.services.writing.delivering.attempt import (
    Delivery,
    Step,
    left_halfway,
    touched,
)

logger = logging.getLogger(__name__)

UNREADABLE: Final = "what has this identity could not be read"


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
    if edit.is_cancelled:
        delivery.is_halfway = bool(halfway)
        _give_back(delivery, found, halfway)
        _end_cancelled(delivery)
        return
    if set(changed) - halfway:
        _conflict(delivery, found, changed, ReasonCode.CHANGED_THERE)
        return
    delivery.is_halfway = bool(halfway)
    storing.store_drift([edit], {edit.remote_id: found})
    _send_changes(delivery, found, {name: edit.values[name] for name in missing})


def _send_changes(
    delivery: Delivery, found: IntegrationItem, values: RawValues
) -> None:
    """Change an item, or what it became since it was read."""
    delivery.note_sent()
    delivery.sent = values
    try:
        written = delivery.writer.update(
            delivery.api, delivery.context, found.id, values
        )
    except AlreadyExists as exc:
        exc.remote_id = exc.remote_id or delivery.find_existing() or ""
        _store_existing(delivery, exc.remote_id)
        raise
    except NotFound:
        became = delivery.fetch(found.id)
        if became is None or became.id == found.id:
            raise
        _update(delivery)
        return
    _answered(delivery, written)


def _store_existing(delivery: Delivery, remote_id: str) -> None:
    """Store what has the identity already, as far as it can be read now."""
    with suppress(ApiError, NoTokenError):
        if remote_id and (found := delivery.fetch(remote_id)) is not None:
            with transaction.atomic():
                storing.store_item(delivery.edit, found, now=timezone.now())


def _create(delivery: Delivery) -> None:
    """Create an item, unless something has its identity: then that is looked at."""
    edit, is_unsure = delivery.edit, delivery.edit.may_have_arrived
    there = edit.remote_id or delivery.find_existing()
    if not there and edit.is_cancelled:
        _end_cancelled(delivery)
        return
    found = delivery.fetch(there) if there else _send_new(delivery, is_unsure=is_unsure)
    if found is None and not there:
        return
    if found is None:
        raise Server(UNREADABLE)
    differing = delivery.differing(edit.values, found.properties)
    if is_unsure and not differing:
        _save(delivery, found)
        return
    if edit.is_cancelled:
        _end_cancelled(delivery)
        return
    _conflict(delivery, found, differing, ReasonCode.EXISTS_THERE)


def _send_new(delivery: Delivery, *, is_unsure: bool) -> IntegrationItem | None:
    """Create an item and save it, or return what has its identity already.

    What has it and cannot be read refuses the new one, unless an earlier call made it.
    """
    delivery.note_sent()
    try:
        written = delivery.writer.create(
            delivery.api, delivery.context, delivery.edit.values
        )
    except AlreadyExists as exc:
        there = exc.remote_id or delivery.find_existing()
        found = delivery.fetch(there) if there else None
        if found is None and not is_unsure:
            raise
        delivery.step = Step.READING
        if found is None:
            raise Server(UNREADABLE) from exc
        return found
    _answered(delivery, written)
    return None


def _archive(delivery: Delivery) -> None:
    """Archive an item; one that is not there any more is archived already."""
    edit = delivery.edit
    found = delivery.fetch(edit.remote_id)
    if found is not None and edit.is_cancelled:
        _end_cancelled(delivery)
        return
    if found is not None and found.id != edit.remote_id:
        _refuse_merged(delivery, found)
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
        edit.change = storing.archive_items([edit], now=now).get(edit.pk)
        _end(delivery, Edit.State.SAVED, change=edit.change)


def _refuse_merged(delivery: Delivery, found: IntegrationItem) -> None:
    """Leave alone what an item became by a merge: nobody wanted that archived."""
    with transaction.atomic():
        storing.store_item(delivery.edit, found, now=timezone.now())
        reason = Reason.of(ReasonCode.ITEM_MERGED, existing=found.id)
        _end(delivery, Edit.State.REFUSED, reason)


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
    found = delivery.writer.as_written(delivery.context, found, written)
    if delivery.edit.verb == Edit.Verb.UPDATE:
        _finish_update(delivery, found)
        return
    _save(delivery, found)


def _give_back(
    delivery: Delivery, found: IntegrationItem, names: Iterable[str]
) -> None:
    """Restore what a cancelled write had cleared when it was cut off."""
    edit = delivery.edit
    values = {name: edit.base.get(name) for name in names}
    if values and not editing.can_write(edit.collection):
        raise NoTokenError(ReasonCode.NO_PERMISSION)
    if values:
        delivery.step = Step.SENDING
        delivery.writer.update(delivery.api, delivery.context, found.id, values)


def _end_cancelled(delivery: Delivery) -> None:
    """End a cancelled edit that has not arrived: it is not sent again."""
    _end(delivery, Edit.State.CANCELLED, Reason(code=ReasonCode.DISCARDED))


def _finish_update(delivery: Delivery, found: IntegrationItem) -> None:
    """Save an update, or show what it replaced between the reading and the write."""
    edit = delivery.edit
    replaced: RawValues = {}
    # The history of what was merged since is that of both.
    if edit.may_have_arrived and found.id == edit.remote_id:
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
        trail.record(state.value, edit, reason=edit.reason)
