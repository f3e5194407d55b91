"""A view as it can be opened now: what is not there any more is left out, and said."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from django.contrib.auth.models import User
from django.db.models import Q
from msgspec import Struct
from msgspec.structs import replace

from integrations.models import Collection, Connection, Item, SavedView
from integrations.providers.typed.values import cut
from integrations.services.items.lists.query import ItemQuery
from integrations.services.items.saved_views import snapshot
from integrations.services.items.saved_views.snapshot import Snapshot, to_query_dict
from integrations.services.items.tables.columns import layouts
from integrations.services.items.tables.columns.columns import NAME, Columns
from integrations.services.items.tables.columns.layouts import Layout
from integrations.services.items.tables.conditions import (
    SEPARATOR,
    read_line,
    split_name,
)
from integrations.services.items.tables.table_address import (
    DENSITIES,
    split_sort,
    write_sort,
    write_widths,
)
from integrations.services.items.tables.table_query import TableQuery

Query = TypeVar("Query", TableQuery, ItemQuery)

NOT_YOURS = {
    "connection": "The connection it is confined to is not one of yours.",
    "collection": "You have no collection like the one it is confined to.",
    "parent": "The item it is confined to is not one of yours.",
    "linked_to": "The item it is confined to is not one of yours.",
}


class Fitted(Struct, frozen=True, kw_only=True):
    """A view and the list that it opens.

    ``left_out`` says in words which of its filters its rows lack, ``look_left_out``
    what they only look different without.
    """

    view: SavedView
    query: TableQuery | ItemQuery
    snapshot: Snapshot
    left_out: Sequence[str] = ()
    look_left_out: Sequence[str] = ()

    @property
    def columns(self) -> Sequence[str]:
        """Return the columns of its table."""
        return self.snapshot.columns

    @property
    def not_there(self) -> Sequence[str]:
        """Return in words all that it was saved with and that is not there any more."""
        return (*self.left_out, *self.look_left_out)


def fit_table(view: SavedView, collection: Collection, columns: Columns) -> Fitted:
    """Return a view over one collection; columns are known by id, else by label."""
    ids = _Ids(view.names, columns)
    told = to_query_dict(ids.rename(view.parameters))
    query = TableQuery.parse(collection.pk, told, columns, names=view.names)
    found = {each: columns.find(ids.find(each)) for each in view.columns}
    lost = [
        f"There is no column “{cut(str(view.names.get(each, each)), 60)}” to be shown."
        for each, column in found.items()
        if column is None
    ]
    there = [column.id for column in found.values() if column]
    own = [columns.by_id[each] for each in dict.fromkeys([NAME, *there])]
    shown = layouts.with_widths(own, query, Layout(columns=[]))
    density = view.density if view.density in DENSITIES else DENSITIES[0]
    return Fitted(
        view=view,
        query=_of_view(query, view),
        snapshot=snapshot.of_table(query, shown, density),
        left_out=query.left_out,
        look_left_out=tuple(dict.fromkeys([*query.look_left_out, *lost])),
    )


class _Ids:
    """Ids of columns as a collection has them, for ids that a view was saved with."""

    def __init__(self, names: Mapping[str, Any], columns: Columns) -> None:
        self._names, self._columns = names, columns
        self._by_label = {
            column.label.casefold(): column.id for column in columns.by_id.values()
        }
        naming = columns.naming
        if naming is not None:
            label = naming.label.casefold()
            if self._by_label.get(label, NAME) == NAME:
                self._by_label[label] = naming.id

    def find(self, column_id: str) -> str:
        if self._columns.get(column_id):
            return column_id
        label = str(self._names.get(column_id, "")).casefold()
        return self._by_label.get(label, column_id) if label else column_id

    def rename(self, parameters: Iterable[Sequence[str]]) -> list[tuple[str, str]]:
        found = []
        for name, value in parameters:
            column_id, operator = split_name(name)
            if column_id:
                found.append((f"{self.find(column_id)}{SEPARATOR}{operator}", value))
            elif name == "sort":
                sorted_by, is_descending = split_sort(value)
                sort = write_sort(self.find(sorted_by), is_descending=is_descending)
                found.append((name, sort))
            elif name == "group":
                found.append((name, self.find(value)))
            elif name == "widths":
                told = read_line(value)
                pairs = zip(told[::2], told[1::2], strict=False)
                widths = [(self.find(each), width) for each, width in pairs]
                found.append((name, write_widths(widths)))
            else:
                found.append((name, value))
        return found


def fit_items(
    view: SavedView,
    user: User,
    connections: Sequence[Connection],
    collections: Sequence[Collection],
) -> Fitted:
    """Return a view of the list over everything, as it is of this user's items."""
    told, left_out = dict(view.parameters), []
    own: dict[str, Sequence[Connection | Collection]] = {
        "connection": connections,
        "collection": collections,
    }
    for name, rows in own.items():
        if name in told and told[name] not in {str(row.pk) for row in rows}:
            names = view.names.get(name)
            same = [row for row in rows if _is_same(row, names)]
            if view.owner_id == user.pk:
                same = [row for row in same if _is_of_account(row, names)]
            told[name] = str(same[0].pk) if same else ""
            left_out += [] if same else [NOT_YOURS[name]]
    for name in ("parent", "linked_to"):
        if name in told and not _has_item(user, told[name]):
            told[name] = ""
            left_out.append(NOT_YOURS[name])
    if not told.get("linked_to"):
        told.pop("relation", None)
    query = ItemQuery.parse(told)
    left_out += query.left_out
    return Fitted(
        view=view,
        query=_of_view(query, view),
        snapshot=snapshot.of_items(query, connections, collections),
        left_out=tuple(left_out),
        look_left_out=query.look_left_out,
    )


def _of_view(query: Query, view: SavedView) -> Query:
    return replace(query, view=str(view.pk), left_out=(), look_left_out=())


def _has_item(user: User, text: str) -> bool:
    return Item.objects.owned_by(user).filter(uuid=text).exists()


def _is_same(row: Connection | Collection, names: Any) -> bool:
    """Tell whether a row is the one of this user that a view means by its own."""
    if not isinstance(names, dict):
        return False
    if isinstance(row, Connection):
        return all(names.get(k) == v for k, v in snapshot.account_of(row).items())
    if names.get("provider") != row.connection.provider:
        return False
    is_alike = (row.item_type, row.name) == (names.get("item_type"), names.get("name"))
    return is_alike or row.remote_id == names.get("collection_id")


def _is_of_account(row: Connection | Collection, names: Mapping[str, Any]) -> bool:
    connection = row if isinstance(row, Connection) else row.connection
    account = snapshot.account_of(connection)
    return all(names.get(key) == value for key, value in account.items())


def find_collections(view: SavedView, user: User) -> list[Collection]:
    """Return the user's own collections that a view of a table can show.

    The very collection it was made of is the only one, if the user has it. A view of
    one's own is of its account alone, and waits for that to be connected again.
    """
    alike = Q(remote_id=view.collection_id) | Q(
        item_type=view.item_type, name__iexact=view.collection_name
    )
    own = Collection.objects.owned_by(user).with_schema()
    rows = own.filter(alike, connection__provider=view.provider)
    found = list(rows.order_by("connection__account_name", "name", "pk"))
    if view.owner_id == user.pk:
        found = [each for each in found if _is_of_same_account(view, each)]
    exact = [each for each in found if is_of(view, each)]
    return exact or found


def is_of(view: SavedView, collection: Collection) -> bool:
    """Tell whether a view was made of this collection."""
    is_account = _is_of_same_account(view, collection)
    return is_account and view.collection_id == collection.remote_id


def _is_of_same_account(view: SavedView, collection: Collection) -> bool:
    account = snapshot.account_of(collection.connection)
    return all(getattr(view, name) == value for name, value in account.items())


def can_show(view: SavedView, collection: Collection) -> bool:
    """Tell whether a view of a table fits a collection: by its id, or kind and name."""
    if view.provider != collection.connection.provider:
        return False
    kinds = (view.item_type, view.collection_name.casefold())
    is_alike = kinds == (collection.item_type, collection.name.casefold())
    return is_alike or view.collection_id == collection.remote_id


def is_of_list(view: SavedView, collection: Collection | None) -> bool:
    """Tell whether a view fits a list; None stands for the list over everything."""
    if collection is None:
        return view.is_of_all_items
    return can_show(view, collection)
