"""What a list shows at a moment, in the form that a view keeps."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from msgspec import Struct, field

from integrations.models import Collection, Connection
from integrations.services.items.lists.query import ItemQuery
from integrations.services.items.tables.columns.columns import Column
from integrations.services.items.tables.table_address import write_widths
from integrations.services.items.tables.table_query import TableQuery

# Neither is part of what a view keeps.
NOT_KEPT = frozenset({"view", "size"})
OWN_LOOK = frozenset({"columns", "widths", "density"})


class Snapshot(Struct, frozen=True, kw_only=True):
    """Parameters of an address in a fixed order, columns and density of a table.

    Two are equal if their lists show the same in the same way; ``names``, which say
    what the parameters mean elsewhere, do not count.
    """

    parameters: tuple[tuple[str, str], ...]
    columns: tuple[str, ...] = ()
    density: str = ""
    names: Mapping[str, Any] = field(default_factory=dict)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Snapshot) and self._told() == other._told()

    def __hash__(self) -> int:
        return hash(self._told())

    def _told(self) -> tuple[object, ...]:
        return self.parameters, self.columns, self.density

    @property
    def length(self) -> int:
        """Return how long its address is."""
        return len(urlencode(self.parameters)) + sum(map(len, self.columns))


def of_table(query: TableQuery, shown: Sequence[Column], density: str) -> Snapshot:
    """Return what a table shows, with the labels of all columns that it names.

    The columns know how wide they are.
    """
    kept = [
        (name, value)
        for name, value in [*query.filters, *query.look]
        if name not in NOT_KEPT | OWN_LOOK
    ]
    widths = [(each.id, each.width) for each in shown if each.width]
    if widths:
        kept.append(("widths", write_widths(widths)))
    if len(query.conditions) < 2:
        kept = [(name, value) for name, value in kept if name != "match"]
    used = [*shown, *(each.column for each in query.conditions)]
    used += [column for column in (query.sort, query.group) if column]
    return Snapshot(
        parameters=tuple(sorted(kept)),
        columns=tuple(column.id for column in shown),
        density=density,
        names={column.id: column.label for column in used},
    )


def of_items(
    query: ItemQuery,
    connections: Iterable[Connection],
    collections: Iterable[Collection],
) -> Snapshot:
    """Return what the list over everything shows, and what its ids stand for."""
    told = {**query.filters, **query.look}
    kept = [(name, value) for name, value in told.items() if name not in NOT_KEPT]
    names: dict[str, Any] = {}
    for connection in connections:
        if connection.pk == query.connection:
            names["connection"] = account_of(connection)
    for collection in collections:
        if collection.pk == query.collection:
            names["collection"] = {
                **account_of(collection.connection),
                "collection_id": collection.remote_id,
                "item_type": collection.item_type,
                "name": collection.name,
            }
    return Snapshot(parameters=tuple(sorted(kept)), names=names)


def account_of(connection: Connection) -> dict[str, Any]:
    """Return what tells an account from all others, whoever has connected it."""
    return {
        "provider": connection.provider,
        "account_id": connection.remote_id,
        "is_sandbox": connection.is_sandbox,
    }


def to_query_dict(parameters: Iterable[Sequence[str]]) -> QueryDict:
    """Return stored parameters as an address would have them."""
    found = QueryDict(mutable=True)
    for name, value in parameters:
        found.appendlist(name, value)
    return found
