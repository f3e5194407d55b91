"""A file that a user asks for: which rows of which list or table, and what of them."""

from collections.abc import Callable, Generator, Iterable, Sequence
from enum import StrEnum
from functools import partial

from django.contrib.auth.models import User
from django.db.models import QuerySet
from msgspec import Struct

from integrations.models import Collection, Item, OwnColumn
from integrations.services.items.downloads.shown_list import ShownListSource
from integrations.services.items.downloads.sources import (
    ListSource,
    Source,
    TableSource,
)
from integrations.services.items.export import shown_values
from integrations.services.items.lists.counting import Count
from integrations.services.items.lists.opening import OpenList
from integrations.services.items.own_columns import beside
from integrations.services.items.tables import walk as table_walk
from integrations.services.items.tables.columns import layouts
from integrations.services.items.tables.listing import Selection
from integrations.services.items.tables.opening import OpenTable


class Content(StrEnum):
    """What of each row is in a file."""

    SHOWN = "shown"
    ALL = "all"
    RAW = "raw"


class AskedFile(Struct, frozen=True, kw_only=True):
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
    return layouts.with_layout(Collection.objects.owned_by(user).with_schema(), user)


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


def ask_list(listed: OpenList, content: Content) -> AskedFile:
    """Return the file of the items that a list shows, on all of its pages."""
    return AskedFile(
        items=listed.walk,
        count=listed.count,
        to_source=partial(list_source, listed.user, content),
        left_out=listed.left_out,
    )


def list_source(user: User | None, content: Content, items: Iterable[Item]) -> Source:
    """Return items of any collections, with the user's own columns where shown."""
    if content is Content.RAW:
        return ListSource(items=items)
    own = list(OwnColumn.objects.filter(owner=user)) if user else []
    if not own:
        return ShownListSource(items=items, properties=shown_values)
    return ShownListSource(items=items, properties=beside.with_own_columns(own))
