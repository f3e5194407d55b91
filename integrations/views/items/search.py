"""Search everything from any page, or go to what a pasted address or id names."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.models import User
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from integrations.models import Collection, Connection, Item
from integrations.services.connections.status import put_status
from integrations.services.items.left_out import LEFT_OUT
from integrations.services.items.lists.query import MAX_SEARCH, SEARCH_CUT, ItemQuery
from integrations.services.items.search import reindex
from integrations.services.items.search.addresses import find_named
from integrations.services.items.search.everything.grouped import (
    Cut,
    GroupedItems,
    TypeGroup,
    search_by_type,
)
from integrations.views.access import UserRequest
from integrations.views.items import emptiness, unread_texts
from integrations.views.items.choosing import lists
from integrations.views.items.choosing.choice import ChooseForm
from integrations.views.items.facets import type_names
from integrations.views.items.origins import FROM
from integrations.views.items.rows import put_rows
from integrations.views.site import recent_searches

# In the address of a search: what it names is not gone to.
STAY = "no"
COLUMNS = (
    {"key": "name", "label": "Name"},
    {"key": "connection", "label": "Connection"},
    {"key": "updated", "label": "Updated"},
)


@require_safe
def search(request: UserRequest) -> HttpResponse:
    """Show the best of each type of items, or the one item that an id or address names.

    Back from there leads to what else the text finds.
    """
    text = " ".join(request.GET.get("q", "").replace("\x00", "").split())
    collections = _collections_of(request.user)
    named = find_named(collections, text)
    if text:
        recent_searches.note(request, text)
    if named.is_exact and request.GET.get("open") != STAY:
        return _open(named.items[0], text)
    words = text[:MAX_SEARCH]
    # What came back from its chosen rows was shortened on the way there.
    is_shortened = len(text) > MAX_SEARCH or bool(request.GET.get(LEFT_OUT))
    query = ItemQuery(search=words, left_out=(SEARCH_CUT,) if is_shortened else ())
    own = Item.objects.owned_by(request.user)
    grouped = search_by_type(own, words, collections, owner_id=request.user.pk)
    found = [item for group in grouped.groups for item in group.items]
    connections = list(Connection.objects.owned_by(request.user))
    put_rows(named.items, connections, collections=collections)
    put_rows(found, connections, words, collections)
    names = type_names(collections)
    context = {
        "search": words,
        "is_shortened": is_shortened,
        "columns": COLUMNS,
        "named": named.items,
        **(
            {}
            if collections
            else emptiness.make_context(
                ItemQuery(), put_status(connections), collections
            )
        ),
        "indexing": reindex.progress_in(collections) if text else None,
        **(unread_texts.make_context(connections) if text else {}),
        "deleted_url": query.change(state="deleted").url,
        "groups": [
            _group(each, names.get(each.type, each.type), query)
            for each in grouped.groups
        ],
        "has_more_links": grouped.has_more_links,
        "cut": [_cut(each, names, query) for each in grouped.cut],
        "choose": _choose(query, [*named.items, *found], grouped),
    }
    return render(request, "items/search.html", context)


def _collections_of(user: User) -> list[Collection]:
    """Return all collections of a user, with their connections and schemas.

    They know how far they are indexed, and whether they have own columns.
    """
    own = reindex.with_progress(Collection.objects.owned_by(user).with_schema())
    return list(own.annotate(has_own_columns=reindex.has_own()))


def _choose(
    query: ItemQuery, shown: Sequence[Item], grouped: GroupedItems
) -> ChooseForm | None:
    """Return the form around the rows, None where the words find nothing."""
    if not grouped.groups:
        return None
    return lists.make_form(
        query,
        shown,
        str(grouped.count),
        left_out=query.left_out,
        where=lists.SEARCH,
    )


def _open(item: Item, text: str) -> HttpResponse:
    """Go to an item, from where the way back leads to the search."""
    stay = urlencode({"q": text, "open": STAY})
    origin = urlencode({FROM: f"{reverse('integrations:search')}?{stay}"})
    return redirect(f"{item.page_url}?{origin}")


def _group(group: TypeGroup, name: str, query: ItemQuery) -> dict[str, Any]:
    return {
        "type": group.type,
        "name": name,
        "items": group.items,
        "count": group.count,
        "has_more": group.count.is_more or group.count.number > len(group.items),
        "url": group.query.change(left_out=query.left_out).url,
    }


def _cut(cut: Cut, names: Mapping[str, str], query: ItemQuery) -> dict[str, Any]:
    return {
        "name": names.get(cut.type, cut.type),
        "number": cut.number,
        "url": cut.query.change(left_out=query.left_out).url,
    }


@require_POST
def forget_searches(request: UserRequest) -> HttpResponse:
    """Forget what was searched for in this session."""
    recent_searches.forget(request)
    return redirect("integrations:search")
