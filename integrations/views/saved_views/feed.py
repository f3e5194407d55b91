"""The Atom feed of a view, by a secret address that is shown once.

https://www.rfc-editor.org/rfc/rfc4287
"""

import re
from collections.abc import Sequence
from datetime import UTC
from typing import Final
from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.defaultfilters import linebreaksbr
from django.urls import reverse
from django.utils import timezone
from django.utils.feedgenerator import Atom1Feed
from django.utils.text import capfirst
from django.views.decorators.http import require_http_methods, require_safe
from msgspec import Struct

from integrations.http.observability import steering
from integrations.models import Collection, Connection, Item, SavedView
from integrations.models.accounts.preferences import zone_of
from integrations.models.items.item import ItemQuerySet
from integrations.models.messages.wording import RAW_ROWS
from integrations.providers.typed.plain import plain
from integrations.services.common import audit
from integrations.services.items.lists import listing
from integrations.services.items.lists.query import ItemQuery
from integrations.services.items.saved_views import feeds, fitting
from integrations.services.items.saved_views.fitting import Fitted
from integrations.services.items.saved_views.problems import Problem, find_problem
from integrations.services.items.tables import listing as tables
from integrations.services.items.tables.columns.columns import (
    NAME,
    Column,
    Columns,
    Family,
)
from integrations.services.items.tables.columns.results import typed_columns_of
from integrations.services.items.tables.columns.values import load_beside, values_of
from integrations.services.items.tables.indexing import indexes
from integrations.services.items.tables.listing import Selection
from integrations.services.items.tables.opening import asker_of
from integrations.services.items.tables.table_query import TableQuery
from integrations.services.items.types import type_name
from integrations.views.access import UserRequest, proof_required
from integrations.views.saved_views.pages import get_view

MOST_ENTRIES: Final = 50
RETRY_SECONDS: Final = 120
MOST_TEXT: Final = 500
# No XML can hold these, nor the control characters below a space:
# https://www.w3.org/TR/xml/#charsets
FORBIDDEN: Final = re.compile("[\ufffe\uffff]")


class Entry(Struct, frozen=True, kw_only=True):
    """One item of a feed, and what its view shows of it."""

    item: Item
    text: str


@require_http_methods(["GET", "HEAD", "POST"])
def view_feed(request: UserRequest, pk: UUID) -> HttpResponse:
    """Make the feed's address, which is shown this once, anew, or take it back.

    Whoever comes back to the page that showed it gets the view's own.
    """
    view = get_view(request, pk)
    if request.method != "POST":
        return redirect("integrations:view-edit", pk)
    if request.POST.get("action") == "revoke":
        feeds.revoke(view, user=request.user)
        return redirect("integrations:view-edit", pk)
    return _make(request, view)


@proof_required
def _make(request: UserRequest, view: SavedView) -> HttpResponse:
    """Make a way in that needs no sign-in, for whoever proves to be its user."""
    secret = feeds.make(view, proof=request.proof)
    address = request.build_absolute_uri(reverse("integrations:feed", args=(secret,)))
    context = {"view": view, "address": address, "most_entries": MOST_ENTRIES}
    return render(request, "saved_views/view_feed.html", context)


@login_not_required
@require_safe
def feed(request: HttpRequest, secret: str) -> HttpResponse:
    """Answer a feed reader, which has nothing but the address."""
    view = feeds.find(secret)
    who = f"view {view.pk}" if view else f"from {audit.client_address(request)}"
    if feeds.is_too_often(who):
        return _later(429, feeds.WINDOW_SECONDS)
    if view is None:
        raise Http404
    with timezone.override(zone_of(view.owner) or UTC):
        entries, problem = _entries(view)
    if entries is None:
        return _later(503, RETRY_SECONDS)
    return _answer(request, view, entries, problem)


def _later(status: int, seconds: int) -> HttpResponse:
    return HttpResponse(
        "Please try again later.\n",
        status=status,
        content_type="text/plain; charset=utf-8",
        headers={"Retry-After": str(seconds)},
    )


def _entries(view: SavedView) -> tuple[Sequence[Entry] | None, Problem | None]:
    """Return what a view shows, latest first; None while it cannot be told yet.

    A view with a filter that cannot be used would show more than it was made for.
    """
    if view.is_of_all_items:
        return _entries_of_all(view)
    collection = next(iter(fitting.find_collections(view, view.owner)), None)
    if collection is None or not fitting.is_of(view, collection):
        return (), None
    columns = typed_columns_of(collection)
    fitted = fitting.fit_table(view, collection, columns)
    problem = find_problem(fitted)
    if problem:
        return (), problem
    return _entries_of_table(fitted, collection, columns)


def _entries_of_table(
    fitted: Fitted, collection: Collection, columns: Columns
) -> tuple[Sequence[Entry] | None, Problem | None]:
    asked = fitted.query
    if not isinstance(asked, TableQuery):
        return None, None
    query = asked.change(sort=None, is_descending=True, group=None, size=MOST_ENTRIES)
    found = indexes.prepare(collection, query.indexed)
    if found.building:
        return None, None
    selection = Selection.make(collection, query, found, asker_of(collection))
    problem = find_problem(fitted, selection)
    if problem:
        return (), problem
    items = tables.fetch_page(selection).items
    shown = [columns.by_id[each] for each in fitted.columns if each != NAME]
    shown = [column for column in shown if column.family is not Family.RELATION]
    load_beside(items, shown)
    entries = [Entry(item=item, text=_text(item, collection, shown)) for item in items]
    return entries, None


def _text(item: Item, collection: Collection, shown: Sequence[Column]) -> str:
    values = values_of(item, collection, shown)
    zone = timezone.get_current_timezone()
    told = [
        f"{column.label}: {plain(values[column.id], zone=zone)[:MOST_TEXT]}"
        for column in shown
        if column.id in values
    ]
    return "\n".join(told)


def _entries_of_all(view: SavedView) -> tuple[Sequence[Entry], Problem | None]:
    user = view.owner
    connections = list(Connection.objects.owned_by(user))
    collections = list(Collection.objects.owned_by(user).without_schema())
    fitted = fitting.fit_items(view, user, connections, collections)
    asked, problem = fitted.query, find_problem(fitted)
    if problem or not isinstance(asked, ItemQuery):
        return (), problem or Problem.LOST
    query = asked.change(sort="-updated", size=MOST_ENTRIES)
    items = Item.objects.owned_by(user)
    found = listing.select(
        items,
        query,
        collections,
        parent=_named(items, query.parent),
        linked_to=_named(items, query.linked_to),
    )
    page = listing.fetch_page(found, query, owner_id=user.pk)
    titles = {connection.pk: connection.title for connection in connections}
    return [
        Entry(
            item=item,
            text=f"{type_name(item.provider, item.type)}"
            f" from {titles.get(item.connection_id, item.provider_name)}",
        )
        for item in page.items
    ], None


def _named(items: ItemQuerySet, uuid: UUID | None) -> Item | None:
    if uuid is None:
        return None
    return items.filter(uuid=uuid).select_related("collection").first()


def _answer(
    request: HttpRequest,
    view: SavedView,
    entries: Sequence[Entry],
    problem: Problem | None,
) -> HttpResponse:
    made = Atom1Feed(
        title=_clean(view.name),
        link=request.build_absolute_uri(view.get_absolute_url()),
        description="",
        subtitle=_note(entries, problem),
        feed_url=request.build_absolute_uri(),
        feed_guid=f"urn:uuid:{view.pk}",
        author_name="Mooring",
    )
    for entry in entries:
        item = entry.item
        made.add_item(
            title=_clean(item.name) or "Untitled",
            link=request.build_absolute_uri(item.get_absolute_url()),
            # Readers take a summary for HTML.
            description=linebreaksbr(_clean(entry.text), autoescape=True),
            unique_id=f"urn:uuid:{item.uuid}",
            updateddate=item.remote_updated_at or item.changed_at,
        )
    return HttpResponse(
        made.writeString("utf-8"),
        content_type="application/atom+xml; charset=utf-8",
        headers={"Cache-Control": "no-store, private", "X-Robots-Tag": "noindex"},
    )


def _note(entries: Sequence[Entry], problem: Problem | None) -> str | None:
    """Return what keeps a feed from telling all, the same at each of its readings.

    A mistake of ours has another reference each time, which the log alone has.
    """
    if problem:
        return problem.sentence
    is_raw = any(entry.item.mistake for entry in entries)
    return f"{capfirst(RAW_ROWS)}: our mistake." if is_raw else None


def _clean(text: str) -> str:
    """Return a text without what no XML can hold, or what turns a reader's page."""
    return FORBIDDEN.sub(steering.UNKNOWN, steering.plain(text))
