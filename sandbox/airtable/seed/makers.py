"""Make cells that several tables have."""

from typing import Any

from sandbox.airtable.seed import words
from sandbox.airtable.seed.plans import Cell, Draft


def make_name(draft: Draft) -> str | None:
    """Make a person's name, sometimes odd, sometimes missing."""
    if draft.number % 30 == 7:
        return draft.odd()
    if draft.number % 55 == 11:
        return None
    return f"{draft.pick(words.FIRST_NAMES)} {draft.pick(words.LAST_NAMES)}"


def make_title(draft: Draft) -> str | None:
    """Make the title of a task, sometimes odd, sometimes missing."""
    if draft.number % 30 == 9:
        return draft.odd()
    if draft.number % 60 == 13:
        return None
    return f"{draft.pick(words.VERBS)} {draft.pick(words.THINGS)}"


def make_note(draft: Draft) -> str | None:
    """Make a note: mostly none, sometimes very long."""
    if draft.number % 400 == 19:
        return words.NOTE * 800
    return words.NOTE if draft.happens(0.2) else None


def look_up(link: str, key: str) -> Cell:
    """Make what makes the cell of a lookup through a link."""

    def make(draft: Draft) -> list[Any] | None:
        found = [one.cells[key] for one in draft.linked[link] if key in one.cells]
        return found or None

    return make
