"""Find the item before or after another one in a list, by the list's own order."""

from collections.abc import Sequence

from django.db.models import Q
from msgspec.structs import replace

from integrations.models import Collection, Item, ItemLink
from integrations.models.items.item import ItemQuerySet
from integrations.services.common.errors import NotShownError, OrderNotReadyError
from integrations.services.items.lists import listing
from integrations.services.items.lists.query import ItemQuery
from integrations.services.items.relations import everything
from integrations.services.items.relations.around import linked_to
from integrations.services.items.relations.groups import Group, find_groups
from integrations.services.items.relations.traces import Trace
from integrations.services.items.search import full_text
from integrations.services.items.search.related_names import with_related
from integrations.services.items.search.search_query import Rank, SearchQuery
from integrations.services.items.tables import listing as tables
from integrations.services.items.tables.listing import Selection


def find_in_list(
    item: Item,
    query: ItemQuery,
    own: ItemQuerySet,
    collections: Sequence[Collection],
    *,
    is_next: bool,
) -> Item | None:
    """Return the neighbour of an item among those of its owner that a query shows."""
    parent = own.filter(uuid=query.parent).first() if query.parent else None
    linked = None
    if query.linked_to:
        rows = own.filter(uuid=query.linked_to).select_related("collection")
        linked = rows.first()
    items = listing.select(own, query, collections, parent=parent, linked_to=linked)
    rank = _rank_of(item, query, items)
    here = replace(listing.position_of(query, item), rank=rank)
    after, before = (here, None) if is_next else (None, here)
    asked = replace(query, size=1, after=after, before=before)
    page = listing.read_page(
        items, asked, owner_id=item.owner_id, collections=collections
    )
    found = page.items
    return found[0] if found else None


def _rank_of(item: Item, query: ItemQuery, items: ItemQuerySet) -> int:
    """Return how well an item was found, if the list is that of a search."""
    if not query.search:
        return 0
    search_query = SearchQuery.parse(query.search, owner_id=item.owner_id)
    search_query = with_related(search_query)
    hits = full_text.ask(search_query, items.order_by(*query.order.ordering))
    this = Item.objects.filter(pk=item.pk)
    for rank in sorted(Rank):
        if full_text.hits_of(search_query, rank, hits).among(this).exists():
            return rank
    return 0


def find_in_table(item: Item, selection: Selection, *, is_next: bool) -> Item | None:
    """Return the neighbour of an item among the rows of a table.

    Raises OrderNotReadyError while their order is not known, and NotShownError for one
    that is not among them.
    """
    if not tables.is_in_order(selection):
        raise OrderNotReadyError("the order is being indexed")
    here = tables.cursor_of(selection, item)
    if here is None:
        raise NotShownError("the table shows no such row")
    after, before = (here, None) if is_next else (None, here)
    query = replace(selection.query, size=1, after=after, before=before)
    found = tables.read_page(replace(selection, query=query)).items
    return found[0] if found else None


def is_around(item: Item, other: Item) -> bool:
    """Tell whether another item's page shows an item: as linked with it, or inside."""
    links = ItemLink.objects.filter(
        Q(linked_to(other), item=item) | Q(linked_to(item), item=other)
    )
    return _is_inside(item, other) or links.exists()


def _is_inside(item: Item, other: Item) -> bool:
    is_beside = item.connection_id == other.connection_id
    return is_beside and item.parent_remote_id == other.remote_id


def find_around(
    item: Item, other: Item, *, clicked: tuple[str, str] = ("", ""), is_next: bool
) -> Item | None:
    """Return the neighbour of an item in a table of another's page.

    That is the table that was ``clicked``, by the address of its relation and the key
    of its collection; else the first one with the item. Raises NotShownError for one
    that is in none, or behind what a table looks at.
    """

    def is_other(group: Group) -> bool:
        return (group.address, str(group.collection.pk)) != clicked

    for group in sorted(find_groups(other), key=is_other):
        gone = [each for each in group.linked if each.item.is_deleted]
        rows = [each.item for each in (*group.live, *gone)]
        if item in rows:
            return _next_to(item, rows, is_next=is_next)
    if not _is_inside(item, other):
        raise NotShownError("no table of the page shows the item")
    own = Item.objects.filter(owner=other.owner_id)
    inside = ItemQuery(parent=other.uuid, sort="name")
    return find_in_list(item, inside, own, (), is_next=is_next)


def find_in_everything(item: Item, trace: Trace, *, is_next: bool) -> Item | None:
    """Return the neighbour of an item among all that share something.

    Raises NotShownError for one that does not, or is behind the first of them.
    """
    rows, _ = everything.find_items(trace, owner_id=item.owner_id)
    return _next_to(item, rows, is_next=is_next)


def _next_to(item: Item, rows: Sequence[Item], *, is_next: bool) -> Item | None:
    if item not in rows:
        raise NotShownError("the rows show no such item")
    place = rows.index(item) + (1 if is_next else -1)
    return rows[place] if 0 <= place < len(rows) else None
