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

from integrations.models import Collection, Item
from integrations.services.items.history import table_history
from integrations.services.items.history.table_history import PastPage, Place
from integrations.services.items.tables.columns.columns import Column
from integrations.views.access import UserRequest
from integrations.views.items.past.past_times import MAX_ID, make_context
from integrations.views.items.tables import cells
from integrations.views.items.tables.table import Table


@require_safe
def table_as_of(request: UserRequest, pk: UUID) -> HttpResponse:
    """Show the rows of the time that is asked for, or its difference to another."""
    table = Table.read(request, pk)
    collection = table.collection
    after = request.GET.get("after", "").replace("\x00", "")[:MAX_ID]

    def make_rows(at: datetime) -> dict[str, Any]:
        page = table_history.fetch_past([collection], at, after=Place(pk, after))
        return {
            **_rows(page, collection, table.shown),
            "next_url": _url(pk, at, page.next.remote_id) if page.next else "",
        }

    context = {
        "collection": collection,
        "connection": collection.connection,
        "left_out": bool(table.query.filters or table.left_out),
        "now_url": reverse("integrations:table", args=(pk,)),
        **make_context(request, [collection], make_rows),
    }
    return render(request, "items/tables/table_as_of.html", context)


def _url(pk: UUID, at: datetime, after: str) -> str:
    path = reverse("integrations:table-as-of", args=(pk,))
    return f"{path}?{urlencode({'at': at.isoformat(), 'after': after})}"


def _rows(
    page: PastPage, collection: Collection, columns: Sequence[Column]
) -> dict[str, Any]:
    """Return the rows with the values of that time, in the columns that have a past."""
    now_only = [each for each in columns if each.yours or each.is_own or each.source]
    shown = [each for each in columns if each not in now_only]
    items = []
    for row in page.rows:
        item: Item = copy(row.item)
        item.name, item.properties = row.past.name, row.past.properties
        items.append(item)
    return {
        "rows": cells.make_rows(items, collection, shown),
        "columns": shown,
        "is_page_partial": page.is_partial,
        "is_cut": any(row.past.in_part for row in page.rows),
        "has_many_fields": any(row.past.is_vague for row in page.rows),
    }
