"""Show whole lists of edits, bulk edits and imports, whose latest other pages show."""

from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from integrations.models import Collection, Connection, Edit, Item
from integrations.views.access import UserRequest, get_connection
from integrations.views.editing import status

PAGE_SIZE = 50


@require_safe
def edit_list(request: UserRequest, pk: UUID) -> HttpResponse:
    """Show every edit of a connection that is open or undecided, the latest first."""
    connection = get_connection(request, pk)
    rows = status.unfinished(connection.edits.all())
    return _show_edits(request, rows, connection=connection)


@require_safe
def item_edit_list(request: UserRequest, pk: UUID) -> HttpResponse:
    """Show every edit of an item that is kept, the latest first."""
    own = Item.objects.owned_by(request.user).select_related("connection")
    item = get_object_or_404(own, uuid=pk)
    rows = item.edits.all()
    return _show_edits(request, rows, connection=item.connection, item=item)


def _show_edits(
    request: UserRequest,
    rows: QuerySet[Edit],
    *,
    connection: Connection,
    item: Item | None = None,
) -> HttpResponse:
    rows = rows.select_related("connection", "collection__connection", "item")
    context = _page(request, rows.order_by("-pk"))
    words = [status.put_in_words(edit, request.user) for edit in context["page"]]
    context |= {"connection": connection, "item": item, "edits": words}
    return render(request, "editing/edit_list.html", context)


@require_safe
def bulk_edit_list(request: UserRequest, pk: UUID) -> HttpResponse:
    """Show every bulk edit of a connection that was confirmed, the latest first."""
    connection = get_connection(request, pk)
    context = _page(request, status.confirmed_bulk_edits(connection))
    context |= {
        "connection": connection,
        "bulk_edits": [status.put_bulk_in_words(each) for each in context["page"]],
    }
    return render(request, "editing/bulk_edit_list.html", context)


@require_safe
def import_list(request: UserRequest, pk: UUID) -> HttpResponse:
    """Show every import into a collection that is kept, the latest first."""
    own = Collection.objects.filter(connection__owner=request.user)
    collection = get_object_or_404(own.select_related("connection"), pk=pk)
    context = _page(request, collection.imports.all())
    context |= {
        "connection": collection.connection,
        "collection": collection,
        "imports": context["page"].object_list,
    }
    return render(request, "editing/import_list.html", context)


def _page(request: UserRequest, rows: QuerySet[Model]) -> dict[str, Any]:
    """Return the page that is asked for; an odd number is the nearest one."""
    pages = Paginator(rows, PAGE_SIZE)
    return {"page": pages.get_page(request.GET.get("page"))}
