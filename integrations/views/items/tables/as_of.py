"""Show a table as it was at a past time, or what differs between two times."""

from collections.abc import Sequence
from copy import copy
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from integrations.models import Item
from integrations.models.messages.wording import PAST_UNKNOWN, connector_text
from integrations.providers.typed.fields import Relation
from integrations.services.common.errors import ConnectorError
from integrations.services.items.left_out import PLACES
from integrations.services.items.past import table_history
from integrations.services.items.past.incoming import PastIncoming, find_incoming
from integrations.services.items.past.past_selection import (
    MOST_ROWS,
    PastSelection,
)
from integrations.services.items.past.table_history import PageCursor, PastRow
from integrations.services.items.saved_views.snapshot import to_query_dict
from integrations.services.items.tables.columns.columns import NAME, Column
from integrations.services.items.tables.columns.incoming import MOST_NAMED
from integrations.services.items.tables.table_address import TALL
from integrations.services.items.tables.table_query import TableQuery
from integrations.views import paging
from integrations.views.access import UserRequest
from integrations.views.items.parts import mistakes
from integrations.views.items.past.past_times import MAX_ID, make_context
from integrations.views.items.tables import cells, filters
from integrations.views.items.tables.heads import make_heads
from integrations.views.items.tables.table import Table, get_collection


@require_safe
def table_as_of(request: UserRequest, pk: UUID) -> HttpResponse:
    """Show the rows of the time that is asked for, or its difference to another.

    They are filtered, searched and sorted as the table is, but not grouped.
    """
    told = request.GET.copy()
    for name in PLACES:
        # A place among rows of that time is none in the table.
        told.pop(name, None)
    table = Table.open(
        get_collection(request, pk), told, request.user, is_grouping=False
    )
    asked = PastSelection(selection=table.selection)
    kept = table.selection.query.change().parameters
    kept_lists = dict(to_query_dict(kept).lists())

    def make_rows(at: datetime) -> dict[str, Any]:
        if not asked.is_asked:
            return _all_rows(request, table, at)
        return _asked_rows(request, table, asked, at, kept_lists)

    context = {
        "collection": table.collection,
        "connection": table.collection.connection,
        "left_out": (*table.left_out, *table.query.look_left_out),
        "now_url": table.query.change().url,
        "kept": kept,
        **make_context(
            request,
            [table.collection],
            make_rows,
            kept=kept_lists,
            asked=asked if asked.is_asked else None,
        ),
    }
    difference = context.get("difference")
    if difference is not None and difference.are_days_cut:
        context["past_cut"] = MOST_ROWS
    context |= _make_tools(table, asked, context)
    return render(request, "items/tables/table_as_of.html", context)


def _make_tools(
    table: Table, asked: PastSelection, context: dict[str, Any]
) -> dict[str, Any]:
    """Return what filters, searches and sorts, and what of it is not of that time."""
    selection = table.selection
    query = selection.query
    times = [
        (name, context[name].isoformat())
        for name in ("at", "until")
        if context[name] is not None
    ]

    def to_url(query: TableQuery) -> str:
        path = reverse("integrations:table-as-of", args=(query.collection,))
        return f"{path}?{urlencode([*query.change().parameters, *times])}"

    tools = filters.make_context(selection, table.columns, to_url=to_url, also=times)
    return {
        **{name: value for name, value in tools.items() if name != "kept"},
        "kept_filters": tools["kept"],
        "query": query,
        "heads": [
            each
            for each in make_heads(table, is_in_order=True, to_url=to_url)
            if each["column"].id == NAME or _has_past(each["column"])
        ],
        "building": selection.indexes.building,
        "whole_url": to_url(query.change(left_out=())) if query.left_out else "",
        "is_asked": asked.is_asked,
        "of_now": asked.of_now,
        "days_of_then": asked.days_of_then,
        "is_link_of_now": asked.is_link_of_now,
        "is_grouped": table.query.group is not None,
    }


def _all_rows(request: UserRequest, table: Table, at: datetime) -> dict[str, Any]:
    """Return the rows of a time by their ids, however many the table has."""
    collection = table.collection
    after = request.GET.get("after", "").replace("\x00", "")[:MAX_ID]
    place = PageCursor(collection.pk, after)
    page = table_history.fetch_past([collection], at, after=place)
    return {
        **_rows(page.rows, table, at),
        "is_page_partial": page.is_partial,
        "next_url": _url(table, at, page.next),
    }


def _asked_rows(
    request: UserRequest,
    table: Table,
    asked: PastSelection,
    at: datetime,
    kept: dict[str, list[Any]],
) -> dict[str, Any]:
    """Return a page of the rows of a time that are asked for, in their order."""
    try:
        found = asked.find_rows(at)
    except ConnectorError as exc:
        return {"mistake": connector_text(exc.reference, PAST_UNKNOWN)}
    names: dict[str, Any] = {**kept, "at": at.isoformat()}
    pages = paging.make_context(request.GET, found.keys, kept=names)
    return {
        **_rows(found.load(list(pages["page"])), table, at),
        "row_pages": pages,
        "row_count": len(found.keys),
        "is_asked_partial": found.is_partial,
        "past_cut": MOST_ROWS if found.is_cut else 0,
    }


def _url(table: Table, at: datetime, place: PageCursor | None) -> str:
    """Return the next page, which keeps what the table now would leave out."""
    if place is None:
        return ""
    path = reverse("integrations:table-as-of", args=(table.collection.pk,))
    told = [("at", at.isoformat()), ("after", place.remote_id)]
    return f"{path}?{urlencode([*table.query.change().parameters, *told])}"


def _has_past(column: Column) -> bool:
    return not (column.yours or column.is_own)


def _rows(rows: Sequence[PastRow], table: Table, at: datetime) -> dict[str, Any]:
    """Return the rows with the values of that time, in the columns that have a past."""
    shown = [each for each in table.shown if _has_past(each)]
    density = table.query.density or table.layout.density
    items = []
    for row in rows:
        item: Item = copy(row.item)
        item.name, item.properties = row.past.name, row.past.properties
        items.append(item)
    incoming = _put_incoming(items, shown, at)
    made = cells.make_rows(
        items,
        table.collection,
        shown,
        is_loaded=True,
        is_whole=density == TALL,
        naming=table.columns.naming,
    )
    return {
        "rows": made,
        "values_mistake": mistakes.of_rows(items),
        "density": density,
        "incoming": incoming,
        "columns": shown,
        "is_cut": any(row.past.in_part for row in rows),
        "has_many_fields": any(row.past.is_vague for row in rows),
    }


def _put_incoming(
    items: Sequence[Item], columns: Sequence[Column], at: datetime
) -> PastIncoming | None:
    """Put onto items what named them at a time, in the columns that show it."""
    named = [column for column in columns if column.source]
    if not named:
        return None
    found = find_incoming(items, at)
    places = {each.remote_id: key for key, each in found.collections.items()}
    for item in items:
        then = found.then[item.pk]
        told = {
            column.id: then.get((column.relation, places[column.source]), ())
            for column in named
            if column.source in places
        }
        item.incoming = {
            column_id: Relation(
                linked_ids=tuple(each.remote_id for each in naming[:MOST_NAMED]),
                linked_collection=naming[0].collection.remote_id,
                total=len(naming),
            )
            for column_id, naming in told.items()
            if naming
        }
    return found
