"""The outbox: take edits, and say what becomes of them; their delivery is a task's."""

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID, uuid4, uuid5

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from integrations.models import (
    AuditEvent,
    Collection,
    Connection,
    Edit,
    Item,
    times,
)
from integrations.providers.writing import RawValues
from integrations.services.common import audit, queue
from integrations.services.common.clock import database_now
from integrations.services.common.errors import ServiceError
from integrations.services.writing import editing, lease

# One sweep sends at most so many; the next one goes on.
MOST_AT_ONCE = 500
# A message may wait in its queue for so long before it is taken for lost.
SENT_AGAIN_AFTER = timedelta(seconds=30)
# Events of the trail whose values are deleted by one statement.
FORGOTTEN_AT_ONCE: Final = 500
# What tells by which task an edit is delivered.
SENT_BY: Final = ("bulk_edit", "is_sent_alone")


class EditingOffError(ServiceError):
    """Nothing may be written there: editing is off, or not allowed."""


class NothingToUndoError(ServiceError):
    """There is no edit of one's own that is the latest of its fields."""


def create(
    collection: Collection,
    values: RawValues,
    *,
    user: User,
    key: UUID,
    is_queued: bool = True,
) -> Edit:
    """Take a new item; the same key again is the same edit, not another one.

    One that is not queued is delivered by whoever took it, and by the sweep at last.
    Raises ValueError without an identity: such an item could be created twice.
    """
    return _take(
        collection,
        user=user,
        uuid=key,
        is_queued=is_queued,
        **new_item(collection, values, identified_by=identity_fields(collection)),
    )


def identity_fields(collection: Collection) -> list[str]:
    """Return the names of the fields that no two items have alike."""
    fields = editing.fields_of(collection).values()
    return [field.name for field in fields if field.is_identity]


def new_item(
    collection: Collection, values: RawValues, *, identified_by: Sequence[str]
) -> dict[str, Any]:
    """Return the columns of a new item's edit; raise ValueError without an identity."""
    given = {name: value for name, value in values.items() if value not in ("", None)}
    identities = [given.get(name) for name in identified_by]
    if not all(identities) or not given:
        raise ValueError("an item without its identity")
    identity = " ".join(str(each).casefold() for each in identities)
    return {
        "verb": Edit.Verb.CREATE,
        "values": given,
        "order_key": f"{collection.pk}:new:{identity}"[:320],
    }


def update(
    item: Item,
    values: RawValues,
    base: RawValues,
    *,
    user: User,
    key: UUID,
    undoes: Edit | None = None,
    is_queued: bool = True,
) -> Edit | None:
    """Take new values of an item, as far as they differ from what a form showed.

    A field that is not there any more is sent as well, and refused with its reason.
    The same key with other values, as from a form that was corrected before its first
    answer came, is a further edit behind the first one.
    """
    fields = editing.fields_of(item.collection)
    sent = Edit.objects.filter(uuid=key, created_by=user, verb=Edit.Verb.UPDATE).first()
    if sent is not None and _differ(item.collection, values, base, sent):
        if sent.state in (*Edit.OPEN, Edit.State.SAVED):
            values = {name: sent.base.get(name) for name in sent.values} | {**values}
            now = shown_values(item)
            base = {**base, **{name: now.get(name) for name in sent.values}}
        key = uuid5(key, json.dumps(values, sort_keys=True))
    changed = {
        name: value
        for name, value in values.items()
        if name not in fields
        or not editing.is_same(item.collection, fields[name], value, base.get(name))
    }
    if not changed:
        return None
    return _take(
        item.collection,
        user=user,
        uuid=key,
        is_queued=is_queued,
        verb=Edit.Verb.UPDATE,
        item=item,
        remote_id=item.remote_id,
        values=changed,
        base={name: base.get(name) for name in changed},
        undoes=undoes,
        order_key=order_key(item),
    )


def _differ(
    collection: Collection, values: RawValues, base: RawValues, sent: Edit
) -> bool:
    """Tell whether an edit that was sent means other values than a form has now."""
    fields = editing.fields_of(collection)
    return any(
        not editing.is_same(
            collection,
            fields[name],
            values.get(name, base.get(name)),
            sent.values.get(name, base.get(name)),
        )
        for name in {*values, *sent.values}
        if name in fields
    )


def archive(item: Item, *, user: User, key: UUID) -> Edit:
    """Take the archiving of an item."""
    return _take(
        item.collection,
        user=user,
        uuid=key,
        verb=Edit.Verb.ARCHIVE,
        item=item,
        remote_id=item.remote_id,
        order_key=order_key(item),
    )


def order_key(item: Item) -> str:
    """Return what all edits of an item share: they are delivered in their order."""
    return f"{item.collection_id}:{item.remote_id}"


def may_write(collection: Collection, user: User) -> bool:
    """Tell whether a user may write to a collection, and the provider lets it be."""
    is_own = collection.connection.owner_id == user.pk
    return is_own and editing.can_write(collection)


def _take(
    collection: Collection,
    *,
    user: User,
    uuid: UUID,
    is_queued: bool = True,
    **values: Any,
) -> Edit:
    """Store an edit, and have it sent after the commit."""
    connection = collection.connection
    if not may_write(collection, user):
        raise EditingOffError
    try:
        with transaction.atomic():
            edit = Edit.objects.create(
                uuid=uuid,
                connection=connection,
                collection=collection,
                created_by=user,
                **values,
            )
    except IntegrityError:
        # A form that was sent twice, or a key of somebody else's, which says nothing.
        sent = Edit.objects.filter(uuid=uuid, created_by=user).first()
        if sent is not None:
            return sent
        return _take(collection, user=user, uuid=uuid4(), is_queued=is_queued, **values)
    if is_queued:
        send(edit)
    return edit


def send(edit: Edit) -> bool:
    """Have an edit delivered now; say whether the queue took it."""
    return queue.send("deliver_edit", edit.pk)


def send_due() -> int:
    """Send what is due and was left: by a lost message, a dead worker, a pause."""
    now = database_now()
    # What still has a lease has lost its worker.
    is_left = Q(due_at__lte=now - SENT_AGAIN_AFTER) | Q(lease_until__isnull=False)
    due = Edit.objects.deliverable(now).filter(is_left)
    edits = list(due.order_by("due_at").only(*SENT_BY)[:MOST_AT_ONCE])
    # What is in the queue already is no more due than it was.
    keys = [edit.pk for edit in edits]
    Edit.objects.filter(pk__in=keys, lease_id__isnull=True).update(due_at=now)
    # Whoever delivers a bulk edit goes on with it.
    together = {edit.bulk_edit_id for edit in edits if edit.is_sent_together}
    busy = {key for key in together if key and lease.is_under_way(key, now=now)}
    idle = [e for e in edits if not e.is_sent_together or e.bulk_edit_id not in busy]
    return _send_all(idle)


def send_next(edit: Edit) -> None:
    """Send the edit that waited behind one that has ended."""
    send_following([edit.order_key])


def send_following(order_keys: Sequence[str]) -> None:
    """Send the edits that waited behind some that have ended."""
    following = Edit.objects.open().filter(order_key__in=order_keys).order_by("pk")
    first: dict[str, Edit] = {}
    for edit in following.only("order_key", *SENT_BY):
        first.setdefault(edit.order_key, edit)
    _send_all(list(first.values()))


def wake(connection: Connection) -> None:
    """Have a connection's waiting edits tried now: it has been renewed or resumed.

    Those that the provider has asked to wait do.
    """
    now = timezone.now()
    free = Edit.objects.open().filter(connection=connection, lease_id__isnull=True)
    is_due = times.come("due_at", now, longest=Edit.LONGEST_WAIT)
    waiting = free.filter(is_due | ~Q(reason_data__has_key="is_asked"))
    keys = list(waiting.order_by("pk").values_list("pk", flat=True))
    waiting.update(due_at=now, failures=0)
    _send_all(list(free.filter(pk__in=keys[:MOST_AT_ONCE]).only(*SENT_BY)))


def _send_all(edits: Sequence[Edit]) -> int:
    """Send edits, those of a bulk edit together; return how many the queue took."""
    together = {edit.bulk_edit_id for edit in edits if edit.is_sent_together}
    sent = sum(queue.send("deliver_bulk_edit", key) for key in together)
    alone = [edit for edit in edits if not edit.is_sent_together]
    return sent + sum(queue.send("deliver_edit", edit.pk) for edit in alone)


def forget(connection: Connection) -> None:
    """Delete a connection's edits and imports, and their values from the trail."""
    # The trail is kept for longer than the edits that it tells of.
    trail = AuditEvent.objects.filter(
        Q(event__startswith="edit.") | Q(event__startswith="bulk_edit."),
        facts__connection=str(connection.pk),
    )
    keys = list(trail.order_by().values_list("pk", flat=True))
    for start in range(0, len(keys), FORGOTTEN_AT_ONCE):
        told = keys[start : start + FORGOTTEN_AT_ONCE]
        AuditEvent.objects.filter(pk__in=told).update(facts={})
    connection.imports.all().delete()
    connection.edits.all().delete()
    connection.bulk_edits.all().delete()


def record(event: str, edit: Edit, *, user: User | None = None, **facts: Any) -> None:
    """Write into the audit trail what became of an edit, with its values."""
    audit.record(
        f"edit.{event}",
        user=user or edit.created_by,
        subject=edit.item.uuid if edit.item else edit.uuid,
        connection=str(edit.connection_id),
        edit=str(edit.uuid),
        verb=edit.verb,
        remote_id=edit.remote_id,
        old=edit.base,
        new=edit.values,
        correlation_id=edit.correlation_id,
        **facts,
    )


def shown_values(item: Item) -> Mapping[str, Any]:
    """Return an item's values as they will be when what is open has been sent."""
    values = dict(item.properties)
    for edit in item.edits.open().filter(verb=Edit.Verb.UPDATE).order_by("pk"):
        values |= edit.values
    return values
