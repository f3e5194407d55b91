"""Search everything a user has: the best of each type of items, and how many."""

from collections.abc import Sequence

from msgspec import Struct

from integrations.models import Collection, Item
from integrations.models.items.item import ItemQuerySet
from integrations.services.items.lists import loading
from integrations.services.items.lists.counting import Count
from integrations.services.items.lists.query import ItemQuery
from integrations.services.items.search.everything.finder import Finder
from integrations.services.items.search.related_names import with_related
from integrations.services.items.search.search_query import SearchQuery

MOST_SHOWN = 5


class TypeGroup(Struct, frozen=True, kw_only=True):
    """The best items of one type, and the list and number of all of them."""

    type: str
    items: Sequence[Item]
    count: Count
    query: ItemQuery


class Cut(Struct, frozen=True, kw_only=True):
    """A type of which so many rows were looked at, those that changed last."""

    type: str
    number: int
    query: ItemQuery


class GroupedItems(Struct, frozen=True, kw_only=True):
    """What a search finds, by type; too many names may be meant to follow them all.

    Of types that are ``cut`` there may be others, and better ones.
    """

    groups: Sequence[TypeGroup]
    has_more_links: bool
    cut: Sequence[Cut] = ()

    @property
    def count(self) -> Count:
        """Return how many items are found, of all types together."""
        counts = [group.count for group in self.groups]
        return Count(
            number=sum(each.number for each in counts),
            is_more=any(each.is_more for each in counts),
        )


def search_by_type(
    own: ItemQuerySet, text: str, collections: Sequence[Collection], *, owner_id: int
) -> GroupedItems:
    """Return what is found of each type, that with the best match first.

    ``own`` are the items of one user, ``collections`` all that hold them, with their
    connections. Equally good items stand in the order of a list, those changed last
    first.
    """
    search_query = with_related(SearchQuery.parse(text, owner_id=owner_id))
    condition = search_query.condition
    if condition is None:
        return GroupedItems(groups=[], has_more_links=False)
    finder = Finder(search_query, condition, own.live(), collections)
    found, counts = finder.find(MOST_SHOWN), finder.count()
    best = [each for some in found.values() for each in some]
    items = {item.pk: item for item in loading.by_keys(best, with_texts=True)}
    loading.put_collections(list(items.values()), collections)
    ranked = sorted(found.items(), key=lambda each: each[1][0][1])
    groups = [
        TypeGroup(
            type=type_,
            items=[items[pk] for pk, _ in some if pk in items],
            count=counts[type_],
            query=ItemQuery(search=text, type=type_),
        )
        for type_, some in ranked
    ]
    return GroupedItems(
        groups=groups,
        has_more_links=search_query.has_more_links,
        cut=[
            Cut(type=type_, number=number, query=ItemQuery(search=text, type=type_))
            for type_, number in finder.cut.items()
        ],
    )
