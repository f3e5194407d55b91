"""Find items by the names of those they are linked to, as their pages show them.

The index holds which items an item is linked to, as words; which of those are meant is
asked anew at every search. So a name that changes is found at once, however many
items are linked to it, and none of them is indexed again.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from django.db import connection as database
from django.db.models import OuterRef, Subquery
from msgspec.structs import replace

from integrations.models import Collection, Item
from integrations.services.items.search import found_items, full_text
from integrations.services.items.search.conditions import all_of
from integrations.services.items.search.link_words import link_word, of_type
from integrations.services.items.search.search_query import SearchQuery
from integrations.services.items.search.texts import NAME_WORD
from integrations.services.items.search.words import Unit

# Of a word that more names hold, or of a word behind these, none is followed, and the
# page says so.
MOST_NAMES: Final = 50
MOST_UNITS: Final = 8
# An item is linked to as one of its collection, of its type, or by its id alone.
MOST_WORDS: Final = 3 * MOST_NAMES


def with_related(search_query: SearchQuery) -> SearchQuery:
    """Return a question that also finds what is linked to the items it names."""
    named = _named(search_query.units[:MOST_UNITS], search_query.mark)
    links = (named.get(unit, ()) for unit in search_query.units)
    return replace(
        search_query,
        links=tuple(words if len(words) <= MOST_WORDS else () for words in links),
        has_more_links=any(len(words) > MOST_WORDS for words in named.values())
        or len(search_query.units) > MOST_UNITS,
    )


def _named(units: Sequence[Unit], mark: str) -> Mapping[Unit, tuple[str, ...]]:
    """Return the words that stand for an owner's items whose names hold each unit."""
    unique = list(dict.fromkeys(units))
    # No join, by which a planner might begin, and no order, for which it reads all.
    within = Collection.objects.filter(pk=OuterRef("collection"))
    items = Item.objects.live().only("connection", "type", "remote_id")
    mark = f"{mark}{NAME_WORD}"
    # PostgreSQL finds whole words without putting together all that begin so.
    is_whole = len(unique) > 1 and database.vendor == "postgresql"
    found = found_items.find_each(
        [all_of((unit,), mark=mark) for unit in unique],
        items.annotate(within=Subquery(within.values("remote_id"))),
        most=full_text.FEW,
        few=MOST_NAMES + 1,
        common=all_of(unique, mark=mark, is_whole=True) if is_whole else None,
    )
    return {
        unit: tuple(
            link_word(item.connection_id, within, item.remote_id)
            for item in sorted(named, key=lambda each: each.pk)
            for within in ("", vars(item)["within"], of_type(item.type))
        )
        for unit, named in zip(unique, found, strict=True)
    }
