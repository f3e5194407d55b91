"""The outbox: take edits of items; their delivery is a task's."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4, uuid5

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from integrations.models import Collection, Edit, Item
from integrations.providers.writing import RawValues
from integrations.services.common.errors import ServiceError
from integrations.services.writing import editing
from integrations.services.writing.delivering import dispatch


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
        dispatch.send(edit)
    return edit


def shown_values(item: Item) -> Mapping[str, Any]:
    """Return an item's values as they will be when what is open has been sent."""
    values = dict(item.properties)
    for edit in item.edits.open().filter(verb=Edit.Verb.UPDATE).order_by("pk"):
        values |= edit.values
    return values
