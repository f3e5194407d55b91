"""Why what a view shows cannot be told: its rows would be more than those meant."""

from enum import StrEnum

from integrations.services.items.saved_views.fitting import Fitted
from integrations.services.items.tables.selection import Selection


class Problem(StrEnum):
    """What is wrong with a filter of a view."""

    LOST = "lost"
    VAGUE = "vague"
    MISTAKE = "mistake"

    @property
    def sentence(self) -> str:
        """Return in words what is wrong, and what the view's user can do."""
        return SENTENCES[self]


SENTENCES = {
    Problem.LOST: "This view has a filter that cannot be used any more, so nothing of"
    " it can be told. Open it and save it anew.",
    Problem.VAGUE: "A filter of this view names too many items, so nothing of it can"
    " be told. Open it and choose a narrower name.",
    Problem.MISTAKE: "What this view shows could not be found out, which is our"
    " mistake, so nothing of it can be told.",
}


def find_problem(fitted: Fitted, selection: Selection | None = None) -> Problem | None:
    """Return what is wrong with a view, or with what it selects in a table."""
    if fitted.left_out or (selection is not None and selection.is_link_lost):
        return Problem.LOST
    if selection is None:
        return None
    if selection.unable:
        return Problem.MISTAKE
    return Problem.VAGUE if selection.vague else None
