"""States of an import's rows that follow what becomes of their edits."""

from typing import Final

from integrations.models import Edit, Import, ImportRow
from integrations.models.writing.edit import EditQuerySet

State = ImportRow.State
OUTCOMES: Final = {
    Edit.State.REFUSED: State.REFUSED,
    Edit.State.CONFLICT: State.CONFLICT,
    Edit.State.CANCELLED: State.DISCARDED,
}


def outcome_of(edit: Edit | None) -> State:
    """Return the state of a row whose edit has ended."""
    # It was discarded with its connection's other edits.
    if edit is None:
        return State.DISCARDED
    if edit.state != Edit.State.SAVED:
        return OUTCOMES[Edit.State(edit.state)]
    return State.CREATED if edit.verb == Edit.Verb.CREATE else State.UPDATED


def follow(edit: Edit) -> None:
    """Note what came of an edit that was decided on after its import had ended.

    Until then the import notes it itself.
    """
    rows = ImportRow.objects.filter(edit=edit, source__state__in=Import.ENDED)
    rows.update(state=outcome_of(edit), item=edit.item_id)


def discard(edits: EditQuerySet) -> None:
    """Note that some edits are discarded."""
    ImportRow.objects.filter(edit__in=edits).update(state=State.DISCARDED)


def replace(earlier: Edit, made: Edit | None) -> None:
    """Give the rows of an edit the one that was decided on instead, if there is one."""
    rows = ImportRow.objects.filter(edit=earlier)
    if made is None:
        rows.update(state=State.DISCARDED)
        return
    rows.update(edit=made, item=made.item, state=State.SENT)
