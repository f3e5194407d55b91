"""The outbox: take edits, and say what becomes of them; their delivery is a task's."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from integrations.models import AuditEvent, Collection, Connection, Edit, Item
from integrations.models.reasons import Reason, ReasonCode, columns
from integrations.providers.writing import RawValues
from integrations.services.common import audit, queue
from integrations.services.common.clock import database_now
from integrations.services.common.errors import ServiceError
from integrations.services.writing import editing

# One sweep sends at most so many; the next one goes on.
MOST_AT_ONCE = 500
# A message may wait in its queue for so long before it is taken for lost.
SENT_AGAIN_AFTER = timedelta(seconds=30)


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
    given = {name: value for name, value in values.items() if value not in ("", None)}
    fields = editing.fields_of(collection).values()
    identities = [given.get(field.name) for field in fields if field.is_identity]
    if not all(identities) or not given:
        raise ValueError("an item without its identity")
    identity = " ".join(str(each).casefold() for each in identities)
    return _take(
        collection,
        user=user,
        uuid=key,
        is_queued=is_queued,
        verb=Edit.Verb.CREATE,
        values=given,
        order_key=f"{collection.pk}:new:{identity}"[:320],
    )


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
    """Take new values of an item, as far as they differ from what a form showed."""
    fields = editing.fields_of(item.collection)
    changed = {
        name: value
        for name, value in values.items()
        if name in fields
        and not editing.is_same(item.collection, fields[name], value, base.get(name))
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
        order_key=_order_key(item),
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
        order_key=_order_key(item),
    )


def _order_key(item: Item) -> str:
    return f"{item.collection_id}:{item.remote_id}"


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
    if connection.owner_id != user.pk or not editing.can_write(collection):
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
        # A form that was sent twice.
        return Edit.objects.get(uuid=uuid, created_by=user)
    if is_queued:
        send(edit)
    return edit


def send(edit: Edit) -> bool:
    """Have an edit delivered now; say whether the queue took it."""
    return queue.send("deliver_edit", edit.pk)


def send_due() -> int:
    """Send what is due and was left: by a lost message, a dead worker, a pause."""
    now = database_now()
    due = Edit.objects.deliverable(now).filter(due_at__lte=now - SENT_AGAIN_AFTER)
    keys = list(due.order_by("due_at").values_list("pk", flat=True)[:MOST_AT_ONCE])
    # What is in the queue already is no more due than it was.
    Edit.objects.filter(pk__in=keys, lease_id__isnull=True).update(due_at=now)
    return sum(queue.send("deliver_edit", key) for key in keys)


def send_next(edit: Edit) -> None:
    """Send the edit that waited behind one that has ended."""
    following = Edit.objects.open().filter(order_key=edit.order_key)
    key = following.order_by("pk").values_list("pk", flat=True).first()
    if key is not None:
        queue.send("deliver_edit", key)


def wake(connection: Connection) -> None:
    """Have a connection's waiting edits tried now: it has been renewed or resumed."""
    now = timezone.now()
    waiting = Edit.objects.open().filter(connection=connection, lease_id__isnull=True)
    waiting.update(due_at=now, failures=0)
    for key in waiting.order_by("pk").values_list("pk", flat=True)[:MOST_AT_ONCE]:
        queue.send("deliver_edit", key)


def discard(edits: Sequence[Edit], *, user: User | None, why: ReasonCode) -> int:
    """Discard edits that nobody is sending now; return how many.

    One that may have arrived keeps what was sent: it is not undone by that.
    """
    discarded = 0
    for edit in edits:
        with transaction.atomic():
            idle = Edit.objects.filter(
                pk=edit.pk,
                lease_id__isnull=True,
                state__in=(*Edit.OPEN, *Edit.UNDECIDED),
            )
            changed = idle.update(
                state=Edit.State.CANCELLED,
                ended_at=timezone.now(),
                **columns(Reason(code=why)),
            )
            if changed:
                record("discarded", edit, user=user)
        if changed:
            discarded += 1
            send_next(edit)
    return discarded


def discard_waiting(connection: Connection, *, user: User | None) -> int:
    """Discard all that a connection has not sent yet."""
    waiting = list(connection.edits.open())
    return discard(waiting, user=user, why=ReasonCode.DISCARDED)


def forget(connection: Connection) -> None:
    """Delete a connection's edits and imports, and their values from the trail."""
    edits = [str(each) for each in connection.edits.values_list("uuid", flat=True)]
    trail = AuditEvent.objects.filter(event__startswith="edit.")
    trail.filter(facts__edit__in=edits).update(facts={})
    connection.imports.all().delete()
    connection.edits.all().delete()


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


def can_undo(edit: Edit, user: User) -> bool:
    """Tell whether an edit is the user's own, and the latest of all its fields."""
    if edit.verb != Edit.Verb.UPDATE or edit.state != Edit.State.SAVED:
        return False
    item = edit.item
    if edit.created_by_id != user.pk or item is None or item.is_deleted:
        return False
    if edit.change_id is None or not editing.can_write(item.collection):
        return False
    if item.edits.open().exists():
        return False
    names = {f"properties.{name}" for name in edit.values}
    newer = item.changes.filter(pk__gt=edit.change_id).values_list("fields", flat=True)
    return not any(names & set(fields) for fields in newer)


def undo(edit: Edit, *, user: User, key: UUID) -> Edit | None:
    """Take the old values of an edit back."""
    if edit.item is None or not can_undo(edit, user):
        raise NothingToUndoError
    now = edit.item.properties
    base = {name: now.get(name) for name in edit.values}
    old = {
        name: "" if edit.base.get(name) is None else edit.base[name]
        for name in edit.values
    }
    return update(edit.item, old, base, user=user, key=key, undoes=edit)


def decide(
    edit: Edit, mine: RawValues, *, user: User, key: UUID, is_queued: bool = True
) -> Edit | None:
    """Settle a conflict: send those values that the user still wants.

    What the provider has is then what they saw, so it is the base of the new edit.
    """
    if edit.state != Edit.State.CONFLICT or edit.item is None:
        raise NothingToUndoError
    with transaction.atomic():
        if not discard([edit], user=user, why=ReasonCode.DECIDED):
            return None
        there = {**edit.base, **edit.theirs}
        base = {name: there.get(name) for name in mine}
        return update(edit.item, mine, base, user=user, key=key, is_queued=is_queued)
