"""Undo of one edit: its old values are taken back while nothing newer is there."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User

from integrations.models import Edit
from integrations.services.items.history.differences import is_capped
from integrations.services.writing import editing, outbox
from integrations.services.writing.outbox import NothingToUndoError


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
    return outbox.update(
        edit.item, old_values(edit), base, user=user, key=key, undoes=edit
    )


def old_values(edit: Edit) -> dict[str, Any]:
    """Return what takes an edit back; an empty text clears a value."""
    was = {name: edit.base.get(name) for name in edit.values}
    return {name: "" if value is None else value for name, value in was.items()}
