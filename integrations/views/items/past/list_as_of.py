"""Show a user's items over all providers as they were, or what differs since."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.auth.models import User
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from integrations.models import Collection, Connection
from integrations.services.items.lists import counting
from integrations.services.items.lists.query import ItemQuery
from integrations.services.items.past import table_history
from integrations.services.items.past.parents import put_past_parents
from integrations.services.items.past.table_history import PageCursor, PastPage
from integrations.views.access import UserRequest
from integrations.views.items.past.past_times import MAX_ID, make_context
from integrations.views.items.rows import put_titles

# Filters that hold of the past as well: what an item belongs to, and its type.
KEPT = ("provider", "connection", "collection", "type")


@require_safe
def list_as_of(request: UserRequest) -> HttpResponse:
    """Show the items of the time that the address names, or what differs to another."""
    query = ItemQuery.parse(request.GET)
    kept = {name: v for name, v in query.filters.items() if name in KEPT}
    collections = _collections(request.user, query)
    after = _read_place(request.GET.get("after", ""))

    def make_rows(at: datetime) -> dict[str, Any]:
        page = table_history.fetch_past(
            collections, at, after=after, item_type=query.type
        )
        own = list(Connection.objects.owned_by(request.user))
        put_titles([row.item for row in page.rows], own)
        put_past_parents(page.rows, at)
        return {
            "rows": page.rows,
            "is_page_partial": page.is_partial,
            "next_url": _next_url(page, kept, at),
        }

    context = {
        "now_url": f"{reverse('integrations:item-list')}?{urlencode(kept)}",
        "kept": list(kept.items()),
        "left_out": bool(query.left_out) or len(query.filters) > len(kept),
        **make_context(
            request, collections, make_rows, kept=kept, item_type=query.type
        ),
    }
    return render(request, "items/list_as_of.html", context)


def _next_url(page: PastPage, kept: Mapping[str, str], at: datetime) -> str:
    if page.next is None:
        return ""
    after = f"{page.next.collection}:{page.next.remote_id}"
    told = {**kept, "at": at.isoformat(), "after": after}
    return f"{reverse('integrations:items-as-of')}?{urlencode(told)}"


def _collections(user: User, query: ItemQuery) -> list[Collection]:
    """Return those of the user's collections that a query is about."""
    rows = Collection.objects.owned_by(user).with_schema()
    return [each for each in rows if counting.is_within(each, query)]


def _read_place(text: str) -> PageCursor | None:
    """Read where a page begins; anything odd means at the beginning."""
    collection, separator, remote_id = text.replace("\x00", "").partition(":")
    try:
        return PageCursor(UUID(collection), remote_id[:MAX_ID]) if separator else None
    except ValueError:
        return None
