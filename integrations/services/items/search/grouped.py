"""Search everything a user has: the best of each type of items, and how many."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from integrations.models import Collection, Item
from integrations.models.items.item import ItemQuerySet
from integrations.services.items.lists import counting, listing, loading
from integrations.services.items.lists.counting import Count
from integrations.services.items.lists.query import ItemQuery
from integrations.services.items.search import full_text
from integrations.services.items.search.full_text import Hits
from integrations.services.items.search.related_names import with_related
from integrations.services.items.search.search_query import Rank, SearchQuery
from integrations.services.items.types import types_in

MOST_SHOWN = 5
# In names words are rare enough to ask the index for them first.
NAMED = (Rank.NAME, Rank.NAME_BEGINS, Rank.IN_NAME)
UNNAMED = (Rank.EXACT, Rank.ELSEWHERE, Rank.RELATED)


@dataclass(frozen=True, kw_only=True)
class TypeGroup:
    """The best items of one type, and the list and number of all of them."""

    type: str
    items: Sequence[Item]
    count: Count
    query: ItemQuery


@dataclass(frozen=True, kw_only=True)
class GroupedItems:
    """What a search finds, by type; too many names may be meant to follow them all."""

    groups: Sequence[TypeGroup]
    has_more_links: bool

    @property
    def count(self) -> Count:
        """Return how many items are found, of all types together."""
        counts = [group.count for group in self.groups]
        return Count(
            number=sum(each.number for each in counts),
            is_more=any(each.is_more for each in counts),
        )


@dataclass(kw_only=True)
class _Found:
    """What is known of one type; the number is None where the index stopped."""

    best: list[tuple[int, Rank]] = field(default_factory=list)
    number: int | None = 0


def search_by_type(
    own: ItemQuerySet, text: str, collections: Sequence[Collection], *, owner_id: int
) -> GroupedItems:
    """Return what is found of each type, that with the best match first.

    ``own`` are the items of one user, ``collections`` all that hold them. Equally
    good items stand in the order of a list, those changed last first.
    """
    search_query = with_related(SearchQuery.parse(text, owner_id=owner_id))
    found = _find(own.live(), search_query, collections)
    items = {
        item.pk: item
        for item in loading.by_keys(
            [each for group in found.values() for each in group.best]
        )
    }
    loading.put_collections(list(items.values()))
    ranked = sorted(found.items(), key=lambda each: each[1].best[0][1])
    groups = []
    for type_, group in ranked:
        query = ItemQuery(search=text, type=type_)
        if group.number is None:
            count = _count(own, query, search_query, collections)
        else:
            count = Count(number=group.number)
        shown = list(_shown(group, items))
        groups.append(TypeGroup(type=type_, items=shown, count=count, query=query))
    return GroupedItems(groups=groups, has_more_links=search_query.has_more_links)


def _find(
    live: ItemQuerySet, search_query: SearchQuery, collections: Sequence[Collection]
) -> dict[str, _Found]:
    """Return what is found by type, without those of which nothing is."""
    types = {each for held in collections for each in types_in(held)}
    found = {each: _Found() for each in sorted(types)}
    ordered = live.order_by(*ItemQuery().order.ordering)
    is_few = full_text.look_and_ask(search_query.condition, ordered).are_few
    # Of few each rank is a look into the index, and of many those of names are.
    first = tuple(Rank) if is_few else NAMED
    asked = full_text.ask_index_for([search_query.ranked(rank) for rank in first])
    keys = [key for hits in asked if hits.are_few for key in hits.keys]
    rows = full_text.with_keys(ordered, keys) if keys else Item.objects.none()
    by_key: dict[int, str] = dict(rows.values_list("pk", "type"))
    for rank, hits in zip(first, asked, strict=True):
        if hits.are_few:
            _add_few(found, rank, hits, by_key)
        else:
            _add_first(found, rank, hits, ordered)
    for rank in () if is_few else UNNAMED:
        if all(map(_is_known, found.values())):
            break
        hits = full_text.look_and_ask(search_query.ranked(rank), ordered)
        if hits.are_few and hits.keys:
            few = full_text.with_keys(ordered, hits.keys)
            _add_few(found, rank, hits, dict(few.values_list("pk", "type")))
        elif hits.keys:
            _add_first(found, rank, hits, ordered)
    return {type_: group for type_, group in found.items() if group.best}


def _is_known(group: _Found) -> bool:
    """Tell whether worse matches of a type are neither shown nor counted."""
    return group.number is None and len(group.best) == MOST_SHOWN


def _add_few(
    found: dict[str, _Found], rank: Rank, hits: Hits, types: Mapping[int, str]
) -> None:
    """Add all that is found of a rank; ``types`` by key are in the wanted order."""
    held = set(hits.keys)
    for key, type_ in types.items():
        if key in held:
            _add(found.setdefault(type_, _Found()), [(key, rank)])


def _add_first(
    found: dict[str, _Found], rank: Rank, hits: Hits, ordered: ItemQuerySet
) -> None:
    """Add the first of each type of very many of a rank, which nobody counts."""
    for type_, group in found.items():
        wanted = MOST_SHOWN - len(group.best)
        keys = hits.first(ordered.filter(type=type_), wanted) if wanted else []
        _add(group, [(key, rank) for key in keys])
        group.number = None


def _add(group: _Found, rows: Sequence[tuple[int, Rank]]) -> None:
    group.best += rows[: MOST_SHOWN - len(group.best)]
    if group.number is not None:
        group.number += len(rows)


def _count(
    own: ItemQuerySet,
    query: ItemQuery,
    search_query: SearchQuery,
    collections: Sequence[Collection],
) -> Count:
    """Count what is found of a type, where the index stopped."""
    rows = listing.select(own, query, collections)
    ordered = rows.order_by(*query.order.ordering)
    hits = full_text.look_and_ask(search_query.condition, ordered, is_frequent=True)
    is_small = counting.stored_items(collections) <= counting.SMALL
    return counting.count_found(rows, hits, is_small=is_small)


def _shown(found: _Found, items: dict[int, Item]) -> Iterator[Item]:
    """Yield the items that are still there."""
    for pk, _ in found.best:
        if pk in items:
            yield items[pk]
