"""A list of items as its address asks for it: all of its pages, or some of its rows."""

from collections.abc import Generator, Sequence
from typing import Self
from uuid import UUID

from django.contrib.auth.models import User
from django.http import QueryDict
from msgspec import Struct
from msgspec.structs import replace

from integrations.models import Collection, Connection, Item
from integrations.models.items.item import ItemQuerySet
from integrations.services.items.lists import counting, listing
from integrations.services.items.lists.counting import Count
from integrations.services.items.lists.query import ALL_VIEW, ItemQuery, Position
from integrations.services.items.lists.walk import walk
from integrations.services.items.saved_views import shelf


class OpenList(Struct, frozen=True, kw_only=True):
    """The items of one user that a query finds, or those of them that are ``named``.

    ``left_out`` says in words which filters of the address and its view they lack.
    """

    user: User
    query: ItemQuery
    collections: list[Collection]
    items: ItemQuerySet
    left_out: Sequence[str] = ()
    named: tuple[UUID, ...] = ()

    @classmethod
    def open(cls, user: User, parameters: QueryDict) -> Self:
        """Return the list of an address."""
        query = ItemQuery.parse(parameters)
        collections = list(Collection.objects.owned_by(user).without_schema())
        own = Item.objects.owned_by(user)
        items = listing.select(
            own,
            query,
            collections,
            parent=find_own(own, query.parent),
            linked_to=find_own(own, query.linked_to),
        )
        return cls(
            user=user,
            query=query,
            collections=collections,
            items=items,
            left_out=(*query.left_out, *_left_out_of_view(user, query, collections)),
        )

    def narrow(self, named: Sequence[UUID]) -> Self:
        """Return the list of some rows alone, though a filter finds them no more."""
        items = Item.objects.owned_by(self.user).filter(uuid__in=named)
        return replace(self, items=items, named=tuple(named))

    def walk(self, after: Position | None = None) -> Generator[Item]:
        """Yield every item once, in the order of the list, with all that is stored.

        Named rows of a search keep the order in which they were named.
        """
        if not self.named:
            return walk(self.items, self.query, owner_id=self.user.pk, after=after)
        if self.query.search:
            return self._as_named()
        query = ItemQuery(sort=self.query.sort)
        return walk(self.items, query, owner_id=self.user.pk)

    def _as_named(self) -> Generator[Item]:
        found = {item.uuid: item for item in self.items}
        yield from (found[each] for each in self.named if each in found)

    def after(self, item: Item) -> ItemQuery:
        """Return the page that begins behind an item of the list."""
        return listing.page_after(self.query, item)

    def count(self, limit: int) -> Count:
        """Count the items, up to a limit."""
        if self.named:
            return counting.count_up_to(self.items, limit)
        counted = counting.count(
            self.items, self.query, self.collections, owner_id=self.user.pk
        )
        if not counted.is_more or counted.number > limit:
            return counted
        first = self.query.change()
        page = listing.read_page(self.items, first, owner_id=self.user.pk)
        found = page.hits.among(self.items) if page.hits else self.items
        return counting.count_up_to(found, limit)


def _left_out_of_view(
    user: User, query: ItemQuery, collections: Sequence[Collection]
) -> Sequence[str]:
    if query.view in ("", ALL_VIEW):
        return ()
    connections = list(Connection.objects.owned_by(user))
    return shelf.of_items(user, connections, collections, query.view).left_out


def find_own(own: ItemQuerySet, pk: UUID | None) -> Item | None:
    """Return the item that a list is about, if it is the user's own."""
    if pk is None:
        return None
    return own.filter(uuid=pk).select_related("collection").first()
