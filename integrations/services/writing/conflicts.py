"""Settle what waits for its user: conflicts, and edits that were refused."""

from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction

from integrations.models import Edit
from integrations.models.reasons import ReasonCode, columns
from integrations.providers.writing import RawValues
from integrations.services.writing import outbox, row_states, trail
from integrations.services.writing.batches import bulk
from integrations.services.writing.outbox import NothingToUndoError
from integrations.services.writing.undo import discarding


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
        made = outbox.update(
            edit.item, mine, base, user=user, key=key, is_queued=is_queued
        )
        _take_place(edit, made)
        return made


def correct(earlier: Edit, made: Edit | None, *, user: User) -> None:
    """Discard a refused edit for the one that takes its place.

    There is none where what was corrected is as the provider has it.
    """
    with transaction.atomic():
        if discarding.discard([earlier], user=user, why=ReasonCode.DECIDED):
            _take_place(earlier, made)


def _take_place(earlier: Edit, made: Edit | None) -> None:
    """Put what was decided on where the decided edit was, in an import or many."""
    row_states.replace(earlier, made)
    if made is None:
        return
    many = earlier.bulk_edit
    if many is not None:
        bulk.reopen(many)
    Edit.objects.filter(pk=made.pk).update(
        bulk_edit=many, is_sent_alone=many is not None, undoes=earlier.undoes_id
    )
    Edit.objects.filter(pk=earlier.pk).update(bulk_edit=None)
    # A worker may have been quicker.
    made.refresh_from_db()
    if not made.is_open:
        row_states.follow(made)


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
        edit.state = Edit.State.SAVED
        row_states.follow(edit)
        trail.record("settled", edit, user=user)
        return outbox.update(edit.item, values, edit.values, user=user, key=key)
