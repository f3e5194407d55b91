"""From an item that stands for a table to the table, and back to the item itself."""

from uuid import UUID

from django.contrib import messages
from django.db.models import F
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from integrations.models import Collection, Item
from integrations.providers import CONNECTORS
from integrations.services.items.detail import find_table
from integrations.views.access import UserRequest, get_collection
from integrations.views.items.origins import read_origin

NOT_STORED = "What the provider tells of this table itself is not stored here."


@require_safe
def item_table(request: UserRequest, pk: UUID) -> HttpResponse:
    """Go to the table that an item stands for, or to its own page where none is read.

    That page knows where it was opened from, the table only which search it was.
    """
    own = Item.objects.owned_by(request.user).select_related("connection")
    item = get_object_or_404(own, uuid=pk)
    beside = Collection.objects.filter(connection=item.connection_id)
    rows = beside.only("remote_id", "is_selected", "stored_count")
    table = find_table(item, rows)
    query, address = request.GET.urlencode(), item.get_absolute_url()
    if table is not None:
        origin = read_origin(request)
        query = origin.carried if origin.kind == "search" else ""
        address = reverse("integrations:table", args=(table.pk,))
    return redirect(f"{address}?{query}" if query else address)


@require_safe
def table_about(request: UserRequest, pk: UUID) -> HttpResponse:
    """Go to the page of the item that stands for a table: its facts and its history."""
    collection = get_collection(request, pk)
    name = name_of_item(collection)
    beside = Collection.objects.filter(connection=collection.connection_id)
    item = None
    if name is not None:
        item_type, remote_id = name
        # By the index of ids, which begins with the collection.
        found = Item.objects.filter(
            collection__in=beside.order_by().values("pk"),
            remote_id=remote_id,
            type=item_type,
        )
        item = found.order_by(F("deleted_at").asc(nulls_first=True)).first()
    if item is None:
        messages.info(request, NOT_STORED, extra_tags="not_stored")
        return redirect("integrations:table", pk)
    return redirect(item)


def name_of_item(collection: Collection) -> tuple[str, str] | None:
    """Return type and remote id of the item that stands for a table, if any."""
    connector = CONNECTORS.get(collection.connection.provider)
    return connector.item_of(collection.remote_id) if connector else None
