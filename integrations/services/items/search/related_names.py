"""Find items by the names of those they are linked to, as their pages show them.

The index holds which items an item is linked to, as words; which of those are meant is
asked anew at every search. So a name that changes is found at once, however many
items are linked to it, and none of them is indexed again.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from integrations.models import Item
from integrations.services.items.search import full_text
from integrations.services.items.search.conditions import all_of
from integrations.services.items.search.question import Question
from integrations.services.items.search.texts import NAME_WORD, link_word, of_type
from integrations.services.items.search.words import Unit

# A word of more names than these is too short to mean anything that is linked.
MOST_NAMES: Final = 50


def with_related(question: Question) -> Question:
    """Return a question that also finds what is linked to the items it names."""
    links = tuple(tuple(_words_of(unit)) for unit in question.units)
    return replace(question, links=links)


def _words_of(unit: Unit) -> Iterator[str]:
    """Yield the words that stand for live items whose names hold a unit."""
    keys = full_text.ask_index(all_of((unit,), mark=NAME_WORD)).keys
    rows = Item.objects.live().filter(pk__in=keys).order_by("pk")
    found = rows.values_list(
        "connection_id", "collection__remote_id", "type", "remote_id"
    )[: MOST_NAMES + 1]
    if len(found) > MOST_NAMES:
        return
    for connection, collection, item_type, remote_id in found:
        for within in ("", collection, of_type(item_type)):
            yield link_word(connection, within, remote_id)
