"""A file that a user asks for: which rows of which list or table, and what of them."""

from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import QueryDict

from integrations.models import Collection, Connection, Item, OwnColumn
from integrations.models.items.item import ItemQuerySet
from integrations.services.items.downloads.sources import (
    ListSource,
    Source,
    TableSource,
)
from integrations.services.items.export import shown_values
from integrations.services.items.lists import counting, listing
from integrations.services.items.lists.counting import Count
from integrations.services.items.lists.query import ALL_VIEW, ItemQuery
from integrations.services.items.lists.walk import walk
from integrations.services.items.own_columns import beside
from integrations.services.items.saved_views import shelf
from integrations.services.items.tables import walk as table_walk
from integrations.services.items.tables.columns import layouts
from integrations.services.items.tables.listing import Selection
from integrations.services.items.tables.opening import OpenTable


class Content(StrEnum):
    """What of each row is in a file."""

    SHOWN = "shown"
    ALL = "all"
    RAW = "raw"


@dataclass(frozen=True, kw_only=True)
class AskedFile:
    """Rows in their order, how many they are up to a limit, and what is made of them.

    One that is not ready needs an index that is still being built. ``left_out`` says
    which filters of the address, or of its view, the rows lack.
    """

    items: Callable[[], Generator[Item]]
    to_source: Callable[[Iterable[Item]], Source]
    count: Callable[[int], Count] = lambda limit: Count(number=limit, is_more=True)
    is_ready: bool = True
    left_out: Sequence[str] = ()


def own_collections(user: User) -> QuerySet[Collection]:
    """Return a user's collections, each with what a table is opened with."""
    own = Collection.objects.filter(connection__owner=user)
    rows = own.select_related("connection").defer("checkpoint", "held_deletions")
    return layouts.with_layout(rows, user)


def ask_table(table: OpenTable, content: Content) -> AskedFile:
    """Return the file of the rows that a table selects, on all of its pages."""
    selection = table.selection
    return AskedFile(
        items=partial(table_walk.walk, selection),
        count=partial(_count_rows, selection),
        to_source=partial(table_source, table, content),
        is_ready=not selection.indexes.building,
        left_out=table.left_out,
    )


def table_source(table: OpenTable, content: Content, items: Iterable[Item]) -> Source:
    """Return rows of a table with the columns it shows, with all, or as they came."""
    if content is Content.RAW:
        return ListSource(items=items, name=table.collection.name)
    is_all = content is Content.ALL
    columns = list(table.columns.by_id.values()) if is_all else table.shown
    return TableSource(collection=table.collection, columns=columns, items=items)


def _count_rows(selection: Selection, limit: int) -> Count:
    if selection.is_all and selection.keys is None:
        return Count(number=selection.collection.stored_count)
    number = selection.keys_to_count()[: limit + 1].count()
    return Count(number=min(number, limit), is_more=number > limit)


def ask_list(user: User, parameters: QueryDict, content: Content) -> AskedFile:
    """Return the file of the items that a list shows, on all of its pages."""
    query = ItemQuery.parse(parameters)
    collections = list(
        Collection.objects.filter(connection__owner=user)
        .select_related("connection")
        .defer("schema", "checkpoint", "details", "held_deletions")
    )
    own = Item.objects.owned_by(user)
    items = listing.select(
        own,
        query,
        collections,
        parent=find_own(own, query.parent),
        linked_to=find_own(own, query.linked_to),
    )

    def count(limit: int) -> Count:
        return _count_items(items, query, collections, owner_id=user.pk, limit=limit)

    return AskedFile(
        items=partial(walk, items, query, owner_id=user.pk),
        count=count,
        to_source=partial(list_source, user, content),
        left_out=(*query.left_out, *_left_out_of_view(user, query, collections)),
    )


def _left_out_of_view(
    user: User, query: ItemQuery, collections: Sequence[Collection]
) -> Sequence[str]:
    if query.view in ("", ALL_VIEW):
        return ()
    connections = list(Connection.objects.owned_by(user))
    view = shelf.of_items(user, connections, collections, query.view).current
    return view.left_out if view else ()


def list_source(user: User | None, content: Content, items: Iterable[Item]) -> Source:
    """Return items of any collections, with the user's own columns where shown."""
    if content is Content.RAW:
        return ListSource(items=items)
    own = list(OwnColumn.objects.filter(owner=user)) if user else []
    if not own:
        return ListSource(items=items, properties=shown_values)
    return ListSource(
        items=beside.load_all(items, own), properties=beside.with_own_columns(own)
    )


def find_own(own: ItemQuerySet, pk: UUID | None) -> Item | None:
    """Return the item that a list is about, if it is the user's own."""
    if pk is None:
        return None
    return own.filter(uuid=pk).select_related("collection").first()


def _count_items(
    items: ItemQuerySet,
    query: ItemQuery,
    collections: list[Collection],
    *,
    owner_id: int,
    limit: int,
) -> Count:
    counted = counting.count(items, query, collections, owner_id=owner_id)
    if not counted.is_more or counted.number > limit:
        return counted
    page = listing.read_page(items, query.change(), owner_id=owner_id)
    found = page.hits.among(items) if page.hits else items
    return counting.count_up_to(found, limit)
