"""Lead from an item to where it was opened from, and to its neighbours there."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from integrations.models import Collection, Item
from integrations.services.common.errors import NotShownError, OrderNotReadyError
from integrations.services.items.lists import neighbours
from integrations.services.items.lists.query import MAX_SEARCH, ItemQuery
from integrations.services.items.tables.opening import OpenTable
from integrations.views.access import UserRequest
from integrations.views.items.origins import Origin, origin_of
from integrations.views.items.tables.table import get_collection

ENDS = {True: "That was the last one.", False: "That was the first one."}
# A page looks at so many of what an item is linked with, and no more.
LAST_ON_PAGE = "That was the last of those that its page looks at."
NOT_SHOWN = "It is not among those that are looked at there."
NO_LIST = "It was opened from no list."
NOT_READY = "This order of the table is still being prepared. Please try again soon."


def make_context(request: UserRequest, item: Item, origin: Origin) -> dict[str, Any]:
    """Return the way back to where the item was opened from, and the ways on there."""
    other = _other(request, origin)
    name = _name_of(request, origin, other)
    if not name:
        return {"back_url": reverse("integrations:item-list"), "back_text": "Items"}
    is_alone = other is not None and not neighbours.is_around(item, other)
    has_ways = origin.carried and not is_alone
    return {
        "back_url": origin.url,
        "back_text": name,
        "beside": _ways(item, origin) if has_ways else None,
    }


def _ways(item: Item, origin: Origin) -> dict[str, str]:
    paths = {
        way: reverse(f"integrations:item-{way}", args=(item.uuid,))
        for way in ("previous", "next")
    }
    return {way: f"{path}?{origin.carried}" for way, path in paths.items()}


def _name_of(request: UserRequest, origin: Origin, other: Item | None) -> str:
    """Return what a page is called, empty for none that the user may see."""
    if other is not None:
        return other.name or "Untitled"
    if origin.kind == "table" and origin.key is not None:
        own = Collection.objects.owned_by(request.user)
        return own.filter(pk=origin.key).values_list("name", flat=True).first() or ""
    if origin.kind == "everything":
        trace = origin.trace
        return f"Everything: {trace.text}" if trace else ""
    return {"list": "Items", "search": "Search"}.get(origin.kind, "")


def _other(request: UserRequest, origin: Origin) -> Item | None:
    """Return the item on whose page an item was opened, if it was on one."""
    if origin.kind != "item" or origin.key is None:
        return None
    own = Item.objects.owned_by(request.user).select_related("collection__connection")
    return own.filter(uuid=origin.key).first()


@require_safe
def item_next(request: UserRequest, pk: UUID) -> HttpResponse:
    """Go to the item after this one, where the address says that it was opened."""
    return _go(request, pk, is_next=True)


@require_safe
def item_previous(request: UserRequest, pk: UUID) -> HttpResponse:
    """Go to the item before this one, where the address says that it was opened."""
    return _go(request, pk, is_next=False)


def _go(request: UserRequest, pk: UUID, *, is_next: bool) -> HttpResponse:
    own = Item.objects.owned_by(request.user)
    item = get_object_or_404(own, uuid=pk)
    origin = origin_of(request, item)
    is_on_page = origin.kind == "item" and is_next
    found, told = None, LAST_ON_PAGE if is_on_page else ENDS[is_next]
    try:
        found = _find(request, item, origin, is_next=is_next)
    except OrderNotReadyError:
        told = NOT_READY
    except NotShownError:
        told = NOT_SHOWN if origin.kind else NO_LIST
    if found is None:
        messages.info(request, told)
    target = (found or item).get_absolute_url()
    return redirect(f"{target}?{origin.carried}" if origin.carried else target)


def _find(
    request: UserRequest, item: Item, origin: Origin, *, is_next: bool
) -> Item | None:
    if origin.kind == "table" and origin.key is not None:
        collection = get_collection(request, origin.key)
        asked = OpenTable.open(collection, origin.values, request.user)
        return neighbours.find_in_table(item, asked.selection, is_next=is_next)
    if origin.kind == "item" and (other := _other(request, origin)) is not None:
        told = origin.values
        clicked = told.get("relation", ""), told.get("collection", "")
        return neighbours.find_around(item, other, clicked=clicked, is_next=is_next)
    if origin.kind == "everything" and (trace := origin.trace) is not None:
        return neighbours.find_in_everything(item, trace, is_next=is_next)
    if origin.kind == "search":
        # The search shows the first of each type, which is a list of its own.
        words = " ".join(origin.values.get("q", "").split())[:MAX_SEARCH]
        query = ItemQuery(search=words, type=item.type)
        return _find_in_list(request, item, query, is_next=is_next)
    if origin.kind == "list":
        query = ItemQuery.parse(origin.values)
        return _find_in_list(request, item, query, is_next=is_next)
    raise NotShownError("no list is known that shows the item")


def _find_in_list(
    request: UserRequest, item: Item, query: ItemQuery, *, is_next: bool
) -> Item | None:
    own = Item.objects.owned_by(request.user)
    collections = _collections(request)
    return neighbours.find_in_list(item, query, own, collections, is_next=is_next)


def _collections(request: UserRequest) -> Sequence[Collection]:
    return list(Collection.objects.owned_by(request.user).without_schema())
