"""Show a table as it was at a past time, or what differs between two times."""

from collections.abc import Sequence
from copy import copy
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from integrations.models import Collection, Item
from integrations.models.times import is_ahead
from integrations.services.items import table_history
from integrations.services.items.table_history import Difference, PastPage, Place
from integrations.services.items.tables.columns import Column
from integrations.views.access import UserRequest
from integrations.views.items.as_of import local_text, to_time
from integrations.views.items.changed import sum_up
from integrations.views.items.tables import cells
from integrations.views.items.tables.table import Table

# Of what was added, removed and changed so many items are shown.
MOST_SHOWN = 200
MAX_ID = 255


@require_safe
def table_as_of(request: UserRequest, pk: UUID) -> HttpResponse:
    """Show the rows of the time that the address names, or its difference to another.

    Without a time it asks for one.
    """
    table = Table.read(request, pk)
    now = timezone.now()
    told = [request.GET.get(name, "") for name in ("at", "until")]
    at, until = times = [to_time(each) for each in told]
    context: dict[str, Any] = {
        "collection": table.collection,
        "connection": table.collection.connection,
        "table_url": reverse("integrations:table", args=(pk,)),
        "history_days": settings.HISTORY_DAYS,
        "at_text": local_text(at or now),
        "until_text": local_text(until) if until else "",
        "at": at,
        "until": until,
        "of_then": urlencode({"at": at.isoformat()}) if at else "",
    }
    if error := find_error(told, times, now):
        context["error"] = error
    elif at is not None and until is not None:
        start, end = sorted((at, until))
        difference = table_history.compare([table.collection], start, end, now=now)
        context |= make_difference(difference) | {"at": start, "until": end}
        context |= make_reach(start, difference.known_from)
    elif at is not None:
        after = request.GET.get("after", "").replace("\x00", "")[:MAX_ID]
        page = table_history.fetch_past([table.collection], at, after=Place(pk, after))
        context |= _rows(page, table.collection, table.shown)
        context["next_url"] = _url(pk, at, page.next.remote_id) if page.next else ""
        context |= make_reach(at, table_history.known_from([table.collection], now))
    return render(request, "items/tables/table_as_of.html", context)


def find_error(
    told: Sequence[str], times: Sequence[datetime | None], now: datetime
) -> str:
    """Return what is wrong with the two times of an address, empty for nothing."""
    for text, time in zip(told, times, strict=True):
        if text and (time is None or is_ahead(time, now)):
            return "not_past"
    at, until = told
    return "no_start" if until and not at else ""


def make_reach(at: datetime, known_from: datetime | None) -> dict[str, Any]:
    """Return whether all of a time is known, and since when that is so."""
    is_vague = known_from is None or at < known_from
    return {"is_vague": is_vague, "known_from": known_from}


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


def make_difference(told: Difference) -> dict[str, Any]:
    """Return what differs, put in words, no more of each kind than is read."""
    return {
        "difference": told,
        "is_cut": told.is_cut,
        "has_many_fields": told.is_vague,
        "added": told.added[:MOST_SHOWN],
        "removed": told.removed[:MOST_SHOWN],
        "changed": sum_up(told.changed[:MOST_SHOWN]),
        "most_shown": MOST_SHOWN,
    }
