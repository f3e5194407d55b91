"""Find items of any user, for staff: by what providers say, not by users' notes."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from integrations.models import Collection, Connection, Item, OwnColumn
from integrations.services.items.search import own_words
from integrations.services.items.search.conditions import is_held
from integrations.services.items.search.full_text import FEW, ask_index
from integrations.services.items.search.search_query import SearchQuery
from integrations.services.items.search.texts import Indexer
from integrations.services.items.storage.contents import kept_texts


def find_anybodys(text: str) -> list[int]:
    """Return the keys of some items that hold every word of the text."""
    owners = Connection.objects.order_by("owner_id").values_list("owner_id", flat=True)
    keys: list[int] = []
    for owner_id in owners.distinct():
        search_query = SearchQuery.parse(text, owner_id=owner_id)
        found = ask_index(search_query.condition).keys
        has_notes = found and OwnColumn.objects.filter(owner=owner_id).exists()
        keys += _without_notes(found, search_query) if has_notes else found
        if len(keys) >= FEW:
            break
    return keys[:FEW]


def _without_notes(keys: Sequence[int], search_query: SearchQuery) -> Iterator[int]:
    """Yield the keys of items that are found without what was noted beside them."""
    rows = Item.objects.filter(pk__in=keys).order_by("collection", "pk")
    items = rows.select_related("collection__connection")
    found = set(keys)
    for collection, held in groupby(items, lambda item: item.collection):
        found -= set(_found_by_notes(collection, list(held), search_query))
    yield from (key for key in keys if key in found)


def _found_by_notes(
    collection: Collection, items: Sequence[Item], search_query: SearchQuery
) -> Iterable[int]:
    """Yield the keys of those items that only their notes let be found."""
    noted = own_words.find_words(collection, [item.remote_id for item in items])
    beside = [item for item in items if item.remote_id in noted]
    kept, indexer = kept_texts([item.pk for item in beside]), Indexer(collection)
    for item in beside:
        words = indexer.text_of(item, content=kept.get(item.pk, ""))
        if search_query.condition and not is_held(
            search_query.condition, words.split()
        ):
            yield item.pk
