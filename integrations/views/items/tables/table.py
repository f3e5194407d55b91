"""Show one collection as a table of its own columns."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.http import MAX_URL_REDIRECT_LENGTH
from django.views.decorators.http import require_safe

from integrations.models import Collection, Item, SyncRun
from integrations.models.messages.wording import count_text
from integrations.models.paths import fixed_path, path_of
from integrations.services.common.database.prepared import prepared
from integrations.services.items.icons import put_icons
from integrations.services.items.lists.counting import Count, count_since
from integrations.services.items.saved_views import snapshot
from integrations.services.items.tables import listing
from integrations.services.items.tables.columns import layouts
from integrations.services.items.tables.columns.columns import NAME
from integrations.services.items.tables.columns.in_part import (
    filtered_in_part,
    searched_in_part,
)
from integrations.services.items.tables.opening import OpenTable
from integrations.services.items.tables.selection import Selection
from integrations.services.items.tables.table_address import DENSITIES, TALL
from integrations.services.items.tables.table_query import SIZES, TableQuery
from integrations.services.sync.collections import opened_collections
from integrations.services.writing import editing
from integrations.views import live
from integrations.views.access import UserRequest
from integrations.views.items import emptiness, freshness
from integrations.views.items.origins import FROM, read_origin
from integrations.views.items.parts import mistakes
from integrations.views.items.tables import cells, chosen, filters, grouped
from integrations.views.items.tables.heads import make_heads
from integrations.views.items.tables.of_table import name_of_item
from integrations.views.live import Look
from integrations.views.saved_views import shown as saved_views
from integrations.views.site import recent_searches

# How often a page looks while an index is being built.
BUILDING_SECONDS = 2


class Table(OpenTable, frozen=True, kw_only=True):
    """What a request asks for: a collection of the user's, and a query over it."""

    @classmethod
    def read(cls, request: UserRequest, pk: UUID) -> "Table":
        """Return the table, or answer 404; indexes that it needs are begun."""
        return cls.open(get_collection(request, pk), request.GET, request.user)


def get_collection(request: UserRequest, pk: UUID) -> Collection:
    """Return a collection of the user's own, or answer 404."""
    found = _collection_of(request.user.pk, pk)
    if not found:
        raise Http404
    return found[0]


@prepared(Collection)
def _collection_of(owner: int, pk: UUID) -> "QuerySet[Collection]":
    rows = Collection.objects.owned_by(User(pk=owner)).with_schema().filter(pk=pk)
    runs = SyncRun.objects.exclude(state=SyncRun.State.FINISHED)
    is_open = Exists(runs.filter(connection=OuterRef("connection")))
    rows = rows.annotate(has_open_run=is_open)
    return layouts.with_layout(rows, User(pk=owner)).order_by()


@require_safe
def table(request: UserRequest, pk: UUID) -> HttpResponseBase:
    """Show one page of a collection's items by their own columns."""
    if request.GET.get("column") and request.GET.get("operator"):
        address = filters.address_of_fields(request.GET, pk)
        # Django sends nobody to a longer one, and no server takes it.
        if len(address) <= MAX_URL_REDIRECT_LENGTH:
            return redirect(address)
    asked = Table.read(request, pk)
    origin = read_origin(request)
    if not set(request.GET) - {FROM} and asked.views.default is not None:
        way = f"&{origin.carried}" if origin.carried else ""
        return redirect(f"{asked.views.default.query.url}{way}")
    recent_searches.note_page(request, asked.query.search)
    context = _context(request, asked)
    context["search_url"] = origin.url if origin.kind == "search" else ""
    return render(request, "items/tables/table.html", context)


@require_safe
def table_live(request: UserRequest, pk: UUID) -> HttpResponse:
    """Show what has changed around an open table; rows stay until asked for."""
    asked, look = Table.read(request, pk), Look.read(request)
    building = asked.selection.indexes.building
    if request.GET.get("building") and not building:
        response = HttpResponse()
        response.headers["HX-Refresh"] = "true"
        return response
    context = _context(request, asked)
    now = Look.of([row.item for row in context["rows"]])
    own = [asked.collection.connection_id]
    new, changed = count_since(asked.selection.items(), look.at, connections=own)
    context |= {
        **_live(look, asked),
        "is_live": True,
        "news_text": look.news_text(now, new=new, changed=changed),
        "news_url": asked.query.change().url,
    }
    return render(request, "items/tables/table_live.html", context)


def _live(look: Look, asked: Table) -> dict[str, Any]:
    """Return what the element that looks for news is made of."""
    is_building = bool(asked.selection.indexes.building)
    own = [("at", look.at.isoformat()), ("rows", look.rows)]
    building = [("building", "1")] if is_building else []
    path = path_of("table-live", asked.collection.pk)
    seconds = live.seconds_until_sync(
        asked.collection.connection,
        is_open=asked.collection.has_open_run,  # type: ignore[attr-defined]
    )
    return {
        "live_url": f"{path}?{urlencode([*asked.query.parameters, *own, *building])}",
        "live_seconds": BUILDING_SECONDS if is_building else seconds,
    }


def _context(request: UserRequest, asked: Table) -> dict[str, Any]:
    query, selection = asked.query, asked.selection
    opened_collections.note(asked.collection)
    grouping = grouped.make_context(asked)
    found = grouping["groups"]
    page = listing.fetch_page(selection, known=found.known if found else None)
    put_icons(page.items)
    is_writable = editing.can_write(asked.collection)
    writable = frozenset(editing.fields_of(asked.collection) if is_writable else ())
    density = query.density or asked.layout.density
    rows = _make_rows(asked, page.items, density, is_writable=bool(writable))
    rows = grouped.with_headings(rows, asked, grouping)
    is_in_order = listing.is_in_order(selection)
    number = Count(number=found.number) if found else listing.count(selection, page)
    text = _count_text(number, asked)
    now = snapshot.of_table(query, asked.shown, density)
    return {
        **_place(asked.collection),
        "query": query,
        **_rows_or_why(rows, asked),
        "name_width": next((c.width for c in asked.shown if c.id == NAME), ""),
        "columns": make_heads(asked, is_in_order=is_in_order),
        "is_in_order": is_in_order,
        "density": density,
        "lost_columns": asked.layout.lost,
        "count_text": text,
        "left_out": (*selection.left_out, *query.look_left_out),
        "words": selection.words,
        "building": selection.indexes.building,
        **_limits(selection),
        "values_mistake": mistakes.of_rows(page.items),
        **_addresses(query, page),
        **_looks(query, density),
        "writable": writable,
        "choose": chosen.make_form(asked, page.items, text, can_edit=is_writable),
        **grouping,
        **saved_views.make_context(asked.views, query, now, request.user),
        **filters.make_context(
            selection,
            asked.columns,
            choices_url=_address(query, "table-choices"),
        ),
        **_live(Look.of([row.item for row in rows]), asked),
    }


def _make_rows(
    asked: Table, items: Sequence[Item], density: str, *, is_writable: bool
) -> Sequence[cells.Row]:
    return cells.make_rows(
        items,
        asked.collection,
        asked.shown,
        asked.query.url,
        is_writable=is_writable,
        is_whole=density == TALL,
        naming=asked.columns.naming,
    )


def _addresses(query: TableQuery, page: listing.TablePage) -> dict[str, Any]:
    """Return where a page of a table leads to."""
    back = urlencode({"back": query.url})
    layout_path = path_of("table-layout", query.collection)
    list_path = fixed_path("integrations:item-list")
    return {
        "whole_url": query.change(left_out=()).url if query.left_out else "",
        "previous_url": page.previous.url if page.previous else "",
        "next_url": page.next.url if page.next else "",
        "layout_url": f"{layout_path}?{back}",
        "list_url": f"{list_path}?collection={query.collection}",
        "download_url": _address(query, "table-download"),
        "past_url": _address(query, "table-as-of"),
    }


def _place(collection: Collection) -> dict[str, Any]:
    """Return what the table is of, and whether that is as new as promised."""
    connection = collection.connection
    fresh = freshness.make_context(connection)
    has_item = name_of_item(collection) is not None
    place = {"collection": collection, "connection": connection}
    return {**place, "has_item": has_item, **fresh}


def _rows_or_why(rows: Sequence[object], asked: Table) -> dict[str, Any]:
    """Return the rows, and for which reason there are none."""
    why = "" if rows else emptiness.why_table_empty(asked.collection)
    return {"rows": rows, "empty": why}


def _limits(selection: Selection) -> dict[str, Any]:
    """Return what a list knows in part only, and so may leave out."""
    return {
        "has_more_links": selection.has_more_links,
        "in_part": filtered_in_part(selection),
        "beginnings": searched_in_part(selection),
    }


def _address(query: TableQuery, name: str) -> str:
    """Return the address of another page of a table, with the filters of the table."""
    path = path_of(name, query.collection)
    parameters = query.change().parameters
    return f"{path}?{urlencode(parameters)}" if parameters else path


def _looks(query: TableQuery, density: str) -> dict[str, Any]:
    """Return how many rows there can be on a page, and how high they can be."""
    sizes = [(str(n), query.change(size=n).url, n == query.size) for n in SIZES]
    heights = [
        (each.capitalize(), query.change(density=each).url, each == density)
        for each in DENSITIES
    ]
    names = ("label", "url", "is_current")
    return {
        "sizes": [dict(zip(names, each, strict=True)) for each in sizes],
        "densities": [dict(zip(names, each, strict=True)) for each in heights],
    }


def _count_text(number: Count, asked: Table) -> str:
    noun = "item" if number.number == 1 and not number.is_more else "items"
    if asked.selection.is_all:
        return f"{number} {noun}".capitalize()
    total = count_text(asked.collection.stored_count, "item")
    return f"{number} of {total}".capitalize()
