"""A table as its address asks for it: columns, layout, and the rows it selects."""

from collections.abc import Sequence
from typing import Self

from django.contrib.auth.models import User
from django.http import QueryDict
from django.utils import timezone
from msgspec import Struct

from integrations.models import Collection
from integrations.providers import CONNECTORS
from integrations.services.common.clients.connector_errors import connector_boundary
from integrations.services.common.errors import ConnectorError
from integrations.services.items.saved_views import shelf
from integrations.services.items.saved_views.shelf import Shelf
from integrations.services.items.tables import groups
from integrations.services.items.tables.columns import layouts
from integrations.services.items.tables.columns.columns import Column, Columns
from integrations.services.items.tables.columns.layouts import Layout
from integrations.services.items.tables.columns.results import typed_columns_of
from integrations.services.items.tables.columns.values import identity
from integrations.services.items.tables.conditions import Asker
from integrations.services.items.tables.indexing import indexes
from integrations.services.items.tables.listing import Selection
from integrations.services.items.tables.table_query import TableQuery


class OpenTable(Struct, frozen=True, kw_only=True):
    """A collection, and a query over it with the columns that it shows."""

    collection: Collection
    columns: Columns
    query: TableQuery
    layout: Layout
    shown: Sequence[Column]
    selection: Selection
    views: Shelf

    @property
    def left_out(self) -> Sequence[str]:
        """Return in words which filters of the address and its view its rows lack.

        Without one of its filters a table has rows that nobody asked for.
        """
        return (*self.selection.left_out, *self.views.left_out)

    @classmethod
    def open(
        cls,
        collection: Collection,
        parameters: QueryDict,
        user: User,
        *,
        at_once: int | None = None,
        is_grouping: bool = True,
    ) -> Self:
        """Return the table of an address; indexes that it needs are begun.

        The collection was asked for ``with_layout``; ``user`` has the saved views. Up
        to ``at_once`` items are indexed before it returns, else as many as usual. What
        is not ``is_grouping`` selects rows as if the address asked for no groups.
        """
        columns = typed_columns_of(collection)
        query = TableQuery.parse(collection.pk, parameters, columns)
        views = shelf.of_table(user, collection, columns, query.view)
        query = views.adopt(query)
        layout = views.layout(layouts.read_layout(collection, columns))
        shown = layouts.shown_columns(query, layout, columns)
        shown = layouts.with_widths(shown, query, layout)
        asked = query if is_grouping else query.change(group=None)
        summed = groups.summed_columns(shown) if asked.group else []
        used = [*asked.indexed, *summed]
        unique = list({column.id: column for column in used}.values())
        found = indexes.prepare(collection, unique, summed=summed, at_once=at_once)
        return cls(
            collection=collection,
            columns=columns,
            query=query,
            layout=layout,
            shown=shown,
            selection=Selection.make(collection, asked, found, asker_of(collection)),
            views=views,
        )


def asker_of(collection: Collection) -> Asker:
    """Return who looks: the current zone, and the collection's own user.

    After a mistake of ours nobody knows who that is, and the asker says so.
    """
    identities: tuple[float, ...] = ()
    mistake = ""
    try:
        identities = _own_identities(collection)
    except ConnectorError as exc:
        mistake = exc.reference
    return Asker(
        zone=timezone.get_current_timezone(),
        today=timezone.localdate(),
        identities=identities,
        mistake=mistake,
    )


def _own_identities(collection: Collection) -> tuple[float, ...]:
    connection = collection.connection
    connector = CONNECTORS.get(connection.provider)
    if connector is None:
        return ()
    with connector_boundary("own_user_ids", collection=collection.pk):
        ids = connector.own_user_ids(
            connection.remote_id, connection.account, collection.schema
        )
        return tuple(identity(each) for each in ids if each)
