"""Let a user choose the columns of a table, their order, widths and density."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods
from msgspec.structs import replace

from integrations.services.items.saved_views import shelf
from integrations.services.items.saved_views.fitting import Fitted
from integrations.services.items.saved_views.shelf import Shelf
from integrations.services.items.tables.columns import layouts
from integrations.services.items.tables.columns.columns import NAME, Columns
from integrations.services.items.tables.columns.layouts import Layout
from integrations.services.items.tables.columns.results import typed_columns_of
from integrations.services.items.tables.table_address import (
    DENSITIES,
    MOST_COLUMNS,
    NORMAL,
    WIDTHS,
)
from integrations.services.items.tables.table_query import TableQuery
from integrations.views.access import UserRequest
from integrations.views.items.tables.table import get_collection
from integrations.views.places import read_place


@require_http_methods(["GET", "HEAD", "POST"])
def table_layout(request: UserRequest, pk: UUID) -> HttpResponse:
    """Show and save which columns a table has for this user."""
    collection = get_collection(request, pk)
    columns = typed_columns_of(collection)
    back = _back(request, pk)
    chosen = QueryDict(urlsplit(back).query)
    query = TableQuery.parse(pk, chosen, columns)
    views = shelf.of_table(request.user, collection, columns, query.view)
    if request.method == "POST":
        action, _, name = request.POST.get("action", "save").partition(":")
        layout = _read(request.POST, columns, move=action, moved=name)
        if views.current is not None:
            is_reset = action == "reset"
            back = _in_view(query, views.current, layout, is_reset=is_reset)
        elif action == "reset":
            layouts.forget_layout(request.user, collection)
            messages.success(request, "The table has its usual columns again.")
        else:
            layouts.save_layout(request.user, collection, layout)
        if action in {"save", "reset"}:
            if action == "save" and views.current is None:
                messages.success(request, "The columns are saved.")
            return redirect(back)
        own = reverse("integrations:table-layout", args=(pk,))
        return redirect(f"{own}?{_to_query(back)}#column-{name}")
    layout = _shown(query, views, layouts.read_layout(collection, columns))
    context = {
        "view": views.current.view if views.current else None,
        "collection": collection,
        "connection": collection.connection,
        "layout": layout,
        "density_choices": DENSITIES,
        "widths": WIDTHS,
        "most": MOST_COLUMNS,
        "back": back,
        **_rows(layout, columns),
    }
    return render(request, "items/tables/table_layout.html", context)


def _in_view(query: TableQuery, view: Fitted, layout: Layout, *, is_reset: bool) -> str:
    """Return the table with other columns than its view has, which is not saved yet."""
    if is_reset:
        kept = view.query
        saved = kept.widths if isinstance(kept, TableQuery) else ()
        return query.change(columns=(), widths=saved, density="").url
    names = tuple(dict.fromkeys([NAME, *layout.columns]))[:MOST_COLUMNS]
    widths = tuple((name, w) for name, w in layout.widths.items() if w != NORMAL)
    return query.change(columns=names, widths=widths, density=layout.density).url


def _shown(query: TableQuery, views: Shelf, chosen: Layout) -> Layout:
    """Return the layout to choose from: in a view, the one that its table shows."""
    layout = views.layout(chosen)
    if views.current is None:
        return layout
    return replace(
        layout,
        columns=query.columns or layout.columns,
        widths=dict(query.widths),
        density=query.density or layout.density,
    )


def _to_query(back: str) -> str:
    query = QueryDict(mutable=True)
    query["back"] = back
    return query.urlencode()


def _back(request: UserRequest, pk: UUID) -> str:
    """Return the table that the user came from, its filters included."""
    home = reverse("integrations:table", args=(pk,))
    told = request.POST.get("back") or request.GET.get("back") or home
    is_own = url_has_allowed_host_and_scheme(told, None) and told.startswith(home)
    return told if is_own else home


def _rows(layout: Layout, columns: Columns) -> dict[str, Any]:
    """Return the shown columns in their order, and the others by their groups."""
    shown = [
        {
            "column": columns.by_id[name],
            "place": place,
            "width": layout.widths.get(name, NORMAL),
            "is_first": place == 1,
            "is_last": place == len(layout.columns) - 1,
        }
        for place, name in enumerate(layout.columns)
        if name != NAME
    ]
    others: dict[str, list[Any]] = {}
    for column in columns.by_id.values():
        if column.id not in layout.columns:
            others.setdefault(column.group, []).append(column)
    groups = [{"label": label, "columns": own} for label, own in others.items()]
    name_width = layout.widths.get(NAME, NORMAL)
    return {
        "shown": shown,
        "groups": groups,
        "name": columns.by_id[NAME],
        "name_width": name_width,
    }


def _read(data: QueryDict, columns: Columns, *, move: str, moved: str) -> Layout:
    """Return the layout that the form has, one column moved by a place if asked for."""
    ticked = [name for name in data.getlist("columns") if name in columns.by_id]
    places = {name: read_place(data.get(f"place-{name}", "")) for name in ticked}
    names = sorted(dict.fromkeys(ticked), key=lambda name: places[name])
    if moved in names and move in {"up", "down"}:
        names = _move(names, moved, -1 if move == "up" else 1)
    widths = {name: data.get(f"width-{name}", NORMAL) for name in [NAME, *names]}
    density = data.get("density", DENSITIES[0])
    return Layout(
        columns=names,
        widths={name: width for name, width in widths.items() if width in WIDTHS},
        density=density if density in DENSITIES else DENSITIES[0],
    )


def _move(names: Sequence[str], name: str, by: int) -> list[str]:
    kept = [each for each in names if each != name]
    place = names.index(name) + by
    kept.insert(max(0, place), name)
    return kept
