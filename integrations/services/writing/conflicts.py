"""Settle conflicts: what stays where somebody else changed the same values."""

from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction

from integrations.models import Edit
from integrations.models.reasons import ReasonCode, columns
from integrations.providers.writing import RawValues
from integrations.services.writing import discarding, outbox
from integrations.services.writing.outbox import NothingToUndoError


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
        if not discarding.discard([edit], user=user, why=ReasonCode.DECIDED):
            return None
        there = {**edit.base, **edit.theirs}
        base = {name: there.get(name) for name in mine}
        return outbox.update(
            edit.item, mine, base, user=user, key=key, is_queued=is_queued
        )


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
        outbox.record("settled", edit, user=user)
        return outbox.update(edit.item, values, edit.values, user=user, key=key)
