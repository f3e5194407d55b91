"""Lead from an item to the list it was opened from, and to its neighbours there."""

import re
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_safe

from integrations.models import Collection, Item
from integrations.services.common.errors import OrderNotReadyError
from integrations.services.items.lists import neighbours
from integrations.services.items.lists.query import ItemQuery
from integrations.services.items.tables.opening import OpenTable
from integrations.views.access import UserRequest
from integrations.views.items.tables.table import get_collection

TABLE = re.compile(r"/collections/([0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})/")
# A longer address of a list is not carried along.
MOST_CARRIED = 1500
# The page of a list that an item was on says nothing of the items beside it.
PLACES = {"after", "before"}
ENDS = {True: "That was the last one.", False: "That was the first one."}
NOT_READY = "This order of the table is still being prepared. Please try again soon."


def make_context(request: UserRequest, item: Item) -> dict[str, Any]:
    """Return the way back to the list, and the ways on in it."""
    path, query = list_of(request)
    home = reverse("integrations:item-list")
    if not path:
        return {"back_url": home}
    carried = urlencode({"in": f"{path}?{_without_place(query)}"})
    urls = {
        name: f"{reverse(f'integrations:item-{name}', args=(item.uuid,))}?{carried}"
        for name in ("previous", "next")
    }
    is_carried = len(carried) <= MOST_CARRIED
    return {
        "back_url": f"{path}?{query}" if query else path,
        "beside": urls if is_carried else None,
    }


def list_of(request: UserRequest) -> tuple[str, str]:
    """Return the path and query of the list that the user came from, if it is one."""
    text = request.GET.get("in", "")[: 2 * MOST_CARRIED]
    referrer = request.headers.get("Referer", "")
    if not text and url_has_allowed_host_and_scheme(referrer, {request.get_host()}):
        text = referrer
    try:
        parts = urlsplit(text)
    except ValueError:
        return "", ""
    is_list = parts.path == reverse("integrations:item-list")
    is_known = is_list or TABLE.fullmatch(parts.path) is not None
    return (parts.path, parts.query) if is_known else ("", "")


def _without_place(query: str) -> str:
    kept = QueryDict(query, mutable=True)
    for name in PLACES:
        kept.pop(name, None)
    return kept.urlencode()


@require_safe
def item_next(request: UserRequest, pk: UUID) -> HttpResponse:
    """Go to the item after this one in the list that the address carries."""
    return _go(request, pk, is_next=True)


@require_safe
def item_previous(request: UserRequest, pk: UUID) -> HttpResponse:
    """Go to the item before this one in the list that the address carries."""
    return _go(request, pk, is_next=False)


def _go(request: UserRequest, pk: UUID, *, is_next: bool) -> HttpResponse:
    own = Item.objects.owned_by(request.user)
    item = get_object_or_404(own, uuid=pk)
    path, query = list_of(request)
    found, told = None, ENDS[is_next]
    try:
        found = _find(request, item, path, query, is_next=is_next) if path else None
    except OrderNotReadyError:
        told = NOT_READY
    if found is None:
        messages.info(request, told)
    target = (found or item).get_absolute_url()
    carried = urlencode({"in": f"{path}?{_without_place(query)}"}) if path else ""
    return redirect(f"{target}?{carried}" if carried else target)


def _find(
    request: UserRequest, item: Item, path: str, query: str, *, is_next: bool
) -> Item | None:
    table = TABLE.fullmatch(path)
    if table is not None:
        collection = get_collection(request, UUID(table[1]))
        asked = OpenTable.open(collection, QueryDict(query), request.user)
        return neighbours.find_in_table(item, asked.selection, is_next=is_next)
    collections = list(
        Collection.objects.filter(connection__owner=request.user)
        .select_related("connection")
        .defer("schema", "checkpoint", "details", "held_deletions")
    )
    own = Item.objects.owned_by(request.user)
    asked_for = ItemQuery.parse(QueryDict(query))
    return neighbours.find_in_list(item, asked_for, own, collections, is_next=is_next)
