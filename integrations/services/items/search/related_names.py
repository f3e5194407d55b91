"""Find items by the names of those they are linked to, as their pages show them.

The index holds which items an item is linked to, as words; which of those are meant is
asked anew at every search. So a name that changes is found at once, however many
items are linked to it, and none of them is indexed again.
"""

from dataclasses import replace
from typing import Final

from integrations.models import Item
from integrations.services.items.search import full_text
from integrations.services.items.search.conditions import all_of
from integrations.services.items.search.link_words import link_word, of_type
from integrations.services.items.search.question import Question
from integrations.services.items.search.texts import NAME_WORD
from integrations.services.items.search.words import Unit

# Of a word that more names hold, or of a word behind these, none is followed, and the
# page says so.
MOST_NAMES: Final = 50
MOST_UNITS: Final = 8
# An item is linked to as one of its collection, of its type, or by its id alone.
MOST_WORDS: Final = 3 * MOST_NAMES


def with_related(question: Question) -> Question:
    """Return a question that also finds what is linked to the items it names."""
    named = {unit: _named(unit, question.mark) for unit in question.units[:MOST_UNITS]}
    links = (named.get(unit, ()) for unit in question.units)
    return replace(
        question,
        links=tuple(words if len(words) <= MOST_WORDS else () for words in links),
        has_more_links=any(len(words) > MOST_WORDS for words in named.values())
        or len(question.units) > MOST_UNITS,
    )


def _named(unit: Unit, mark: str) -> tuple[str, ...]:
    """Return the words that stand for an owner's items whose names hold a unit."""
    condition = all_of((unit,), mark=f"{mark}{NAME_WORD}")
    keys = full_text.ask_index(condition).keys
    rows = Item.objects.live().filter(pk__in=keys).order_by("pk")
    found = rows.values_list(
        "connection_id", "collection__remote_id", "type", "remote_id"
    )[: MOST_NAMES + 1]
    return tuple(
        link_word(connection, within, remote_id)
        for connection, collection, item_type, remote_id in found
        for within in ("", collection, of_type(item_type))
    )
