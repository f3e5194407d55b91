"""The columns that a user has chosen for a collection, or else the usual ones."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Exists, F, FilteredRelation, OuterRef, Q, QuerySet
from msgspec import Struct, field
from msgspec.structs import replace

from integrations.models import Collection, OwnColumn, SavedView, TableLayout
from integrations.services.items.tables.columns.beside import BESIDE, told_beside
from integrations.services.items.tables.columns.columns import NAME, Column, Columns
from integrations.services.items.tables.table_address import (
    DENSITIES,
    MOST_COLUMNS,
    NORMAL,
    WIDTHS,
)
from integrations.services.items.tables.table_query import TableQuery


class Layout(Struct, frozen=True, kw_only=True):
    """Which columns are shown, in their order, how wide, and how dense the rows are.

    The name is always the first one. ``lost`` counts chosen columns that the
    collection has no more.
    """

    columns: Sequence[str]
    widths: Mapping[str, str] = field(default_factory=dict)
    density: str = DENSITIES[0]
    lost: int = 0


def with_layout(collections: QuerySet[Collection], user: User) -> QuerySet[Collection]:
    """Return collections with the user's layout beside them, by the same question.

    It tells as well whether there are own columns and saved views to ask for, and
    which collections beside it are read, where those can name its items.
    """
    own = Q(tablelayout__user=user)
    return collections.alias(
        own_layout=FilteredRelation("tablelayout", condition=own)
    ).annotate(
        layout_columns=F("own_layout__columns"),
        layout_density=F("own_layout__density"),
        has_own_columns=_has_any(OwnColumn, user),
        has_views=_has_any(SavedView, user),
        **{BESIDE: told_beside()},
    )


def _has_any(model: type[OwnColumn | SavedView], user: User) -> Exists:
    rows = model._default_manager.filter(  # noqa: SLF001 (the documented name)
        owner=user,
        provider=OuterRef("connection__provider"),
        account_id=OuterRef("connection__remote_id"),
        is_sandbox=OuterRef("connection__is_sandbox"),
        collection_id=OuterRef("remote_id"),
    )
    return Exists(rows)


def read_layout(collection: Any, columns: Columns) -> Layout:
    """Return the layout of a collection that was asked for together with it."""
    stored, density = collection.layout_columns, collection.layout_density
    if stored is None:
        return Layout(columns=columns.default)
    entries = [each for each in stored if isinstance(each, dict)]
    named = {str(each.get("id")): each for each in entries}
    found = [(columns.find(name), entry) for name, entry in named.items()]
    there = {column.id: entry for column, entry in found if column is not None}
    return Layout(
        columns=_with_name([*there]),
        widths=_widths({name: entry.get("width") for name, entry in there.items()}),
        density=density if density in DENSITIES else DENSITIES[0],
        lost=sum(column is None for column, _ in found),
    )


def widths_of(query: TableQuery, layout: Layout) -> Mapping[str, str]:
    """Return the widths of a table: those of its address, or else of its layout."""
    return dict(query.widths) or layout.widths


def with_widths(
    shown: Sequence[Column], query: TableQuery, layout: Layout
) -> list[Column]:
    """Return columns that know how wide the user wants them, where not as usual."""
    told = widths_of(query, layout)
    widths = {name: width for name, width in told.items() if width != NORMAL}
    return [
        replace(each, width=widths[each.id]) if each.id in widths else each
        for each in shown
    ]


def save_layout(user: User, collection: Collection, layout: Layout) -> None:
    """Remember a layout for this user and collection."""
    chosen = [
        {"id": name, "width": layout.widths.get(name, NORMAL)}
        for name in _with_name(layout.columns)
    ]
    TableLayout.objects.update_or_create(
        user=user,
        collection=collection,
        defaults={"columns": chosen, "density": layout.density},
    )


def forget_layout(user: User, collection: Collection) -> None:
    """Go back to the usual columns."""
    TableLayout.objects.filter(user=user, collection=collection).delete()


def shown_columns(
    query: TableQuery, layout: Layout, columns: Columns
) -> Sequence[Column]:
    """Return the columns to show: an address can name others than the layout."""
    names = _with_name(query.columns) if query.columns else layout.columns
    found = (columns.by_id.get(name) for name in names)
    return [column for column in found if column is not None]


def _with_name(names: Sequence[str]) -> list[str]:
    return list(dict.fromkeys([NAME, *names]))[:MOST_COLUMNS]


def _widths(told: Mapping[str, Any]) -> dict[str, str]:
    return {name: width for name, width in told.items() if width in WIDTHS}
