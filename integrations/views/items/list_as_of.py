"""Show a user's items over all providers as they were, or what differs since."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from integrations.models import Collection, Connection
from integrations.services.items import counting, table_history
from integrations.services.items.query import ItemQuery
from integrations.services.items.table_history import Place
from integrations.views.access import UserRequest
from integrations.views.items.as_of import local_text, to_time
from integrations.views.items.rows import put_titles
from integrations.views.items.tables.as_of import (
    MAX_ID,
    find_error,
    make_difference,
    make_reach,
)

# Filters that hold of the past as well: what an item belongs to, and its type.
KEPT = ("provider", "connection", "collection", "type")


@require_safe
def list_as_of(request: UserRequest) -> HttpResponse:
    """Show the items of the time that the address names, or what differs to another.

    Without a time it asks for one.
    """
    query, now = ItemQuery.parse(request.GET), timezone.now()
    told = [request.GET.get(name, "") for name in ("at", "until")]
    at, until = times = [to_time(each) for each in told]
    kept = {name: v for name, v in query.filters.items() if name in KEPT}
    context: dict[str, Any] = {
        "list_url": f"{reverse('integrations:item-list')}?{urlencode(kept)}",
        "kept": kept,
        "left_out": len(query.filters) > len(kept),
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
        difference = table_history.compare(
            _collections(request.user, query), start, end, now=now, item_type=query.type
        )
        context |= make_difference(difference) | {"at": start, "until": end}
        context |= make_reach(start, difference.known_from)
    elif at is not None:
        place = _read_place(request.GET.get("after", ""))
        context |= _rows(request.user, query, kept, at, after=place, now=now)
    return render(request, "items/list_as_of.html", context)


def _rows(
    user: User,
    query: ItemQuery,
    kept: Mapping[str, str],
    at: datetime,
    *,
    after: Place | None,
    now: datetime,
) -> dict[str, Any]:
    """Return the rows of one page, and the address of the next one."""
    collections = _collections(user, query)
    page = table_history.fetch_past(collections, at, after=after, item_type=query.type)
    put_titles([r.item for r in page.rows], list(Connection.objects.owned_by(user)))
    next_url = ""
    if page.next:
        after_text = f"{page.next.collection}:{page.next.remote_id}"
        told = {**kept, "at": at.isoformat(), "after": after_text}
        next_url = f"{reverse('integrations:items-as-of')}?{urlencode(told)}"
    return {
        "rows": page.rows,
        "is_page_partial": page.is_partial,
        "next_url": next_url,
        **make_reach(at, table_history.known_from(collections, now)),
    }


def _collections(user: User, query: ItemQuery) -> list[Collection]:
    """Return those of the user's collections that a query is about."""
    own = Collection.objects.filter(connection__owner=user)
    rows = own.select_related("connection").defer("checkpoint", "held_deletions")
    return [each for each in rows if counting.is_within(each, query)]


def _read_place(text: str) -> Place | None:
    """Read where a page begins; anything odd means at the beginning."""
    collection, separator, remote_id = text.replace("\x00", "").partition(":")
    try:
        return Place(UUID(collection), remote_id[:MAX_ID]) if separator else None
    except ValueError:
        return None
