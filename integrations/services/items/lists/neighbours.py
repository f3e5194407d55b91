"""Find the item before or after another one in a list, by the list's own order."""

from collections.abc import Sequence
from dataclasses import replace

from integrations.models import Collection, Item
from integrations.models.items.item import ItemQuerySet
from integrations.services.common.errors import OrderNotReadyError
from integrations.services.items.lists import listing
from integrations.services.items.lists.query import ItemQuery, Position
from integrations.services.items.search import full_text
from integrations.services.items.search.question import Question, Rank
from integrations.services.items.search.related_names import with_related
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
    field = query.order.field
    here = Position(
        field=field,
        value=getattr(item, field),
        id=item.pk,
        rank=_rank_of(item, query, items),
    )
    after, before = (here, None) if is_next else (None, here)
    asked = replace(query, size=1, after=after, before=before)
    found = listing.read_page(items, asked, owner_id=item.owner_id).items
    return found[0] if found else None


def _rank_of(item: Item, query: ItemQuery, items: ItemQuerySet) -> int:
    """Return how well an item was found, if the list is that of a search."""
    if not query.search:
        return 0
    question = Question.parse(query.search, owner_id=item.owner_id)
    question = with_related(question)
    hits = full_text.ask(question, items.order_by(*query.order.ordering))
    this = Item.objects.filter(pk=item.pk)
    for rank in sorted(Rank):
        if full_text.hits_of(question, rank, hits).among(this).exists():
            return rank
    return 0


def find_in_table(item: Item, selection: Selection, *, is_next: bool) -> Item | None:
    """Return the neighbour of an item among the rows of a table.

    Raises OrderNotReadyError while their order is not known.
    """
    if not tables.is_in_order(selection):
        raise OrderNotReadyError("the order is being indexed")
    here = tables.cursor_of(selection, item)
    if here is None:
        return None
    after, before = (here, None) if is_next else (None, here)
    query = replace(selection.query, size=1, after=after, before=before)
    found = tables.read_page(replace(selection, query=query)).items
    return found[0] if found else None
