"""Show a user's items, over all providers in one list and each on its own page."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.auth.models import User
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe
from django_htmx.middleware import HtmxDetails

from integrations.models import Collection, Connection, Item
from integrations.models.messages.wording import count_text
from integrations.services.connections.status import read_accounts, waiting_for_user
from integrations.services.items.left_out import mark
from integrations.services.items.lists import counting, listing
from integrations.services.items.lists.counting import Count
from integrations.services.items.lists.opening import find_own
from integrations.services.items.lists.query import ItemQuery
from integrations.services.items.saved_views import shelf, snapshot
from integrations.services.items.search import reindex
from integrations.services.notices.following import follows as following
from integrations.services.sync.collections import opened_collections
from integrations.services.writing import editing
from integrations.views import live
from integrations.views.access import UserRequest
from integrations.views.editing.status import SECONDS_BUSY, edits_of_item
from integrations.views.items import emptiness, filters, freshness, unread_texts
from integrations.views.items.choosing import lists
from integrations.views.items.origins import onward, origin_of
from integrations.views.items.parts import beside, facts
from integrations.views.items.parts.related_tables import put_ways
from integrations.views.items.past.as_of import minute_text
from integrations.views.items.rows import put_rows
from integrations.views.live import Look
from integrations.views.own_columns.values import own_values_of
from integrations.views.replica import from_replica
from integrations.views.saved_views import shown as saved_views
from integrations.views.site import recent_searches


@require_safe
@from_replica
def item_list(request: UserRequest) -> HttpResponse:
    """Show one page of the items that the query string asks for."""
    context = _context(request.user, ItemQuery.parse(request.GET))
    recent_searches.note_page(request, context["query"].search)
    if not request.GET and context["default_view"] is not None:
        return redirect(context["default_view"].query.url)
    context |= _live(Look.of(context["items"]), context)
    response = render(request, _list_template(request), context)
    # Page and fragment share an address, and the browser's history knows only that.
    patch_vary_headers(response, ("HX-Request", "HX-Target"))
    return response


@require_safe
def item_list_live(request: UserRequest) -> HttpResponse:
    """Show what has changed around an open list; its rows stay until asked for.

    Where there were none the first ones appear by themselves. The primary is read,
    as the last look after a sync must see all of it.
    """
    look = Look.read(request)
    context = _context(request.user, ItemQuery.parse(request.GET))
    now = Look.of(context["items"])
    if now.rows and not look.rows:
        context |= _live(now, context)
        response = render(request, "items/partials/update.html", context)
        response.headers["HX-Retarget"] = "#results"
        return response
    new, changed = counting.count_since(
        context["found"],
        look.at,
        connections=[connection.pk for connection in context["connections"]],
        hits=context["hits"],
    )
    context |= {
        **_live(look, context),
        "is_live": True,
        "news_text": look.news_text(now, new=new, changed=changed),
        "news_url": context["query"].change().url,
    }
    return render(request, "items/item_list_live.html", context)


def _live(look: Look, context: dict[str, Any]) -> dict[str, Any]:
    statuses = [connection.status for connection in context["connections"]]
    path = reverse("integrations:item-list-live")
    return live.context(look, statuses, path, **context["query"].parameters)


def _context(user: User, query: ItemQuery) -> dict[str, Any]:
    """Return what the list shows of a user's items."""
    connections, collections = read_accounts(user)
    views = shelf.of_items(user, connections, collections, query.view)
    query = views.adopt(query)
    now = snapshot.of_items(query, connections, collections)
    own = Item.objects.owned_by(user)
    parent = find_own(own, query.parent)
    linked_to = find_own(own, query.linked_to)
    items = listing.select(own, query, collections, parent=parent, linked_to=linked_to)
    page = listing.fetch_page(items, query, owner_id=user.pk, collections=collections)
    put_rows(page.items, connections, query.search)
    count = counting.count(items, query, collections, owner_id=user.pk, hits=page.hits)
    text = _count_text(count, query, collections)
    return {
        "query": query,
        "default_view": views.default,
        **saved_views.make_context(views, query, now, user),
        "items": page.items,
        "found": items,
        "hits": page.hits,
        "connections": connections,
        "attention": waiting_for_user(connections),
        "previous_url": page.previous.url if page.previous else "",
        "next_url": page.next.url if page.next else "",
        "count_text": text,
        "choose": lists.make_form(
            query,
            page.items,
            text,
            left_out=(*query.left_out, *views.left_out),
        ),
        "has_more_links": page.has_more_links,
        "left_out": (*query.left_out, *query.look_left_out),
        "empty": "",
        **(
            {}
            if page.items
            else emptiness.make_context(query, connections, collections)
        ),
        "stale": _stale(query, connections),
        "indexing": reindex.progress_of(collections) if query.search else None,
        **(unread_texts.make_context(connections, query) if query.search else {}),
        **_list_context(query, connections, collections, parent, linked_to),
    }


def _list_template(request: UserRequest) -> str:
    """Answer htmx with the parts of the whole page that a filter changes."""
    htmx: HtmxDetails = request.htmx  # type: ignore[attr-defined]
    if htmx and htmx.target == "results" and not htmx.history_restore_request:
        return "items/partials/update.html"
    return "items/item_list.html"


def _list_context(
    query: ItemQuery,
    connections: Sequence[Connection],
    collections: Sequence[Collection],
    parent: Item | None,
    linked_to: Item | None,
) -> dict[str, Any]:
    table = next((c for c in collections if c.pk == query.collection), None)
    if table is not None:
        opened_collections.note(table)
    offered = filters.make_filters(
        query, connections, collections, parent=parent, linked_to=linked_to
    )
    return {
        "search": query.search,
        "filters": offered,
        "chips": list(filters.make_chips(query, offered)),
        "hidden_fields": [
            {"name": name, "value": value} for name, value in query.look.items()
        ],
        "clear_url": ItemQuery(view=query.view, sort=query.sort, size=query.size).url,
        "columns": list(filters.make_columns(query)),
        "sizes": filters.make_sizes(query),
        "download_fields": query.change().parameters,
        "result_url": query.url,
        "whole_url": query.change(left_out=()).url if query.left_out else "",
        "past_url": _past_url(query),
        "table": table,
        "table_url": _table_url(query) if table else "",
    }


def _table_url(query: ItemQuery) -> str:
    """Return the table of the collection, which lacks what the list lacks."""
    path = reverse("integrations:table", args=(query.collection,))
    search = {"q": query.search} if query.search else {}
    told = {**search, **mark(query.left_out)}
    return f"{path}?{urlencode(told)}" if told else path


def _past_url(query: ItemQuery) -> str:
    """Return where the list is shown as it was, which lacks what this one lacks."""
    told = {**query.filters, **mark(query.left_out)}
    return f"{reverse('integrations:items-as-of')}?{urlencode(told)}"


def _count_text(
    count: Count, query: ItemQuery, collections: Sequence[Collection]
) -> str:
    if not query.filters or query.state:
        noun = "item" if count.number == 1 and not count.is_more else "items"
        return f"{count} {noun}".capitalize()
    total = count_text(counting.stored_items(collections), "item")
    return f"{count} of {total}".capitalize()


def _stale(query: ItemQuery, connections: Sequence[Any]) -> list[dict[str, Any]]:
    """Return the connections whose items do not refresh now, and since when."""
    return [
        freshness.entry(connection, connection.status.word)
        for connection in connections
        if not freshness.is_refreshed(connection)
        # What ended for good is marked at its items, and said here of them alone.
        and (connection.is_connected or query.connection == connection.pk)
        and query.connection in (None, connection.pk)
        and query.provider in ("", connection.provider)
    ]


@require_safe
def item_detail(request: UserRequest, pk: UUID) -> HttpResponse:
    """Show all that is known of one item."""
    context = _detail(request, pk)
    context |= beside.make_context(request, context["item"], context["origin"])
    return render(request, "items/item_detail.html", context)


@require_safe
def item_detail_live(request: UserRequest, pk: UUID) -> HttpResponse:
    """Show what has changed on the open page of an item that is being edited."""
    context = {**_detail(request, pk), "is_live": True}
    return render(request, "items/item_detail_live.html", context)


def _detail(request: UserRequest, pk: UUID) -> dict[str, Any]:
    item = get_object_or_404(
        following.with_followed(
            Item.objects.owned_by(request.user), request.user
        ).select_related("connection", "collection", "content"),
        uuid=pk,
    )
    item.collection.connection = item.connection
    edits = edits_of_item(item, request.user)
    context = facts.make_context(item)
    is_editable = not item.is_deleted and editing.can_write(item.collection)
    writable = editing.fields_of(item.collection) if is_editable else {}
    for row in context["properties"]:
        row["is_writable"] = row["name"] in writable
    origin = origin_of(request, item)
    put_ways(context["tables"], item, origin)
    is_busy = any(each["edit"].is_open for each in edits["edits"])
    return {
        "item": item,
        "connection": item.connection,
        **freshness.make_context(item.connection),
        **context,
        **own_values_of(item),
        **edits,
        "now_text": minute_text(timezone.now()),
        "is_editable": is_editable,
        "origin": origin,
        "live_url": onward(origin, "item-detail-live", item.uuid),
        "live_seconds": SECONDS_BUSY if is_busy else 0,
    }
