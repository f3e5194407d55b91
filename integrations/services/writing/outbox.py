"""The outbox: take edits, and say what becomes of them; their delivery is a task's."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from integrations.models import AuditEvent, Collection, Connection, Edit, Item
from integrations.models.edit import EditQuerySet
from integrations.models.reasons import Reason, ReasonCode, columns
from integrations.providers.writing import RawValues
from integrations.services.common import audit, queue
from integrations.services.common.clock import database_now
from integrations.services.common.errors import ServiceError
from integrations.services.items.differences import is_capped
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
        **new_item(collection, values),
    )


def new_item(collection: Collection, values: RawValues) -> dict[str, Any]:
    """Return the columns of a new item's edit; raise ValueError without an identity."""
    given = {name: value for name, value in values.items() if value not in ("", None)}
    fields = editing.fields_of(collection).values()
    identities = [given.get(field.name) for field in fields if field.is_identity]
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
        order_key=order_key(item),
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
    """Have a connection's waiting edits tried now: it has been renewed or resumed."""
    now = timezone.now()
    waiting = Edit.objects.open().filter(connection=connection, lease_id__isnull=True)
    waiting.update(due_at=now, failures=0)
    _send_all(list(waiting.order_by("pk").only(*SENT_BY)[:MOST_AT_ONCE]))


def _send_all(edits: Sequence[Edit]) -> int:
    """Send edits, those of a bulk edit together; return how many the queue took."""
    together = {edit.bulk_edit_id for edit in edits if edit.is_sent_together}
    sent = sum(queue.send("deliver_bulk_edit", key) for key in together)
    alone = [edit for edit in edits if not edit.is_sent_together]
    return sent + sum(queue.send("deliver_edit", edit.pk) for edit in alone)


def cancel(edit: Edit, *, user: User) -> bool:
    """Discard an edit; what may have arrived is looked for, and not sent again.

    Where nobody can ask whether it has, it ends now.
    """
    if edit.connection.is_syncable and editing.can_write(edit.collection):
        # Its worker may be storing just now that it was not taken.
        sent = Edit.objects.open().filter(pk=edit.pk, sent_at__isnull=False)
        stop_sending(sent)
        if sent.exists():
            send(edit)
            return True
    return bool(discard([edit], user=user, why=ReasonCode.DISCARDED))


def discard(edits: Iterable[Edit], *, user: User | None, why: ReasonCode) -> int:
    """Discard edits that nobody is sending now; return how many.

    A worker that has not sent anything loses its lease. What may have arrived is not
    undone by that.
    """
    discarded = 0
    for edit in edits:
        with transaction.atomic():
            rows = Edit.objects.filter(
                pk=edit.pk, state__in=(*Edit.OPEN, *Edit.UNDECIDED)
            ).exclude(reason=ReasonCode.OVERWROTE)
            changed = discard_rows(rows, why)
            if changed:
                record("discarded", edit, user=user)
        if changed:
            discarded += 1
            send_next(edit)
    return discarded


def discard_cancelled(edit: Edit) -> bool:
    """Discard an edit that was cancelled on its way, if it is known to be unsent."""
    left = Edit.objects.cancelled_unsent().filter(pk=edit.pk)
    return bool(discard(left, user=None, why=ReasonCode.DISCARDED))


def discard_left() -> int:
    """Discard what was cancelled on its way and put back: nobody sends it any more."""
    left = Edit.objects.cancelled_unsent().order_by("pk")
    rows = left.select_related(*lease.RELATED)[:MOST_AT_ONCE]
    return discard(rows, user=None, why=ReasonCode.DISCARDED)


def discard_waiting(connection: Connection, *, user: User | None) -> int:
    """Discard all that a connection has not sent yet; rows of many at once."""
    waiting = connection.edits.open()
    discarded = discard(
        list(waiting.filter(bulk_edit__isnull=True)),
        user=user,
        why=ReasonCode.DISCARDED,
    )
    many = discard_rows(waiting.filter(bulk_edit__isnull=False), ReasonCode.DISCARDED)
    if many:
        audit.record("bulk_edit.discarded", user=user, subject=connection.pk, rows=many)
    return discarded + many


def stop_sending(rows: EditQuerySet) -> None:
    """Let open edits be sent no more; what was sent is looked for, and then ends."""
    rows.filter(cancelled_at__isnull=True).update(cancelled_at=timezone.now())


def discard_rows(rows: EditQuerySet, why: ReasonCode) -> int:
    """Discard rows that nobody is sending now, whoever has their lease."""
    idle = rows.filter(Q(lease_id__isnull=True) | Q(sent_at__isnull=True))
    return idle.update(
        state=Edit.State.CANCELLED,
        ended_at=timezone.now(),
        lease_id=None,
        lease_until=None,
        **columns(Reason(code=why)),
    )


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
    newer = item.changes.filter(pk__gt=edit.change_id).values_list("fields", flat=True)
    return not any(touches(fields, edit.values) for fields in newer)


def touches(fields: Mapping[str, Any], names: Iterable[str]) -> bool:
    """Tell whether a change of the history may be one of these properties."""
    return is_capped(fields) or any(f"properties.{n}" in fields for n in names)


def undo(edit: Edit, *, user: User, key: UUID) -> Edit | None:
    """Take the old values of an edit back."""
    if edit.item is None or not can_undo(edit, user):
        raise NothingToUndoError
    now = edit.item.properties
    base = {name: now.get(name) for name in edit.values}
    return update(edit.item, old_values(edit), base, user=user, key=key, undoes=edit)


def old_values(edit: Edit) -> dict[str, Any]:
    """Return what takes an edit back; an empty text clears a value."""
    was = {name: edit.base.get(name) for name in edit.values}
    return {name: "" if value is None else value for name, value in was.items()}


def decide(
    edit: Edit, mine: RawValues, *, user: User, key: UUID, is_queued: bool = True
) -> Edit | None:
    """Settle a conflict: send those values that the user still wants.

    What the provider has is then what they saw, so it is the base of the new edit.
    """
    if edit.state != Edit.State.CONFLICT or edit.item is None:
        raise NothingToUndoError
    if edit.reason == ReasonCode.OVERWROTE:
        return _give_back(edit, mine, user=user, key=key)
    with transaction.atomic():
        if not discard([edit], user=user, why=ReasonCode.DECIDED):
            return None
        there = {**edit.base, **edit.theirs}
        base = {name: there.get(name) for name in mine}
        return update(edit.item, mine, base, user=user, key=key, is_queued=is_queued)


def _give_back(edit: Edit, mine: RawValues, *, user: User, key: UUID) -> Edit | None:
    """Settle a write that replaced values unseen: send back those that are to stay."""
    if edit.item is None:
        return None
    theirs = {name: value for name, value in edit.theirs.items() if name not in mine}
    values = {name: "" if value is None else value for name, value in theirs.items()}
    with transaction.atomic():
        rows = Edit.objects.filter(pk=edit.pk, state=Edit.State.CONFLICT)
        if not rows.update(state=Edit.State.SAVED, **columns(None)):
            return None
        record("settled", edit, user=user)
        return update(edit.item, values, edit.values, user=user, key=key)
