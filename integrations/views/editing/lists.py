"""Show whole lists of edits, bulk edits and imports, whose latest other pages show."""

from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from integrations.models import Connection, Edit, Item
from integrations.views import paging, whole_list
from integrations.views.access import UserRequest, get_collection, get_connection
from integrations.views.editing import status
from integrations.views.items.origins import origin_of


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
    context = paging.make_context(request.GET, rows.order_by("-pk"))
    words = [status.put_in_words(edit, request.user) for edit in context["page"]]
    told = {"origin": origin_of(request, item)} if item else {}
    empty = "None waits, and none needs your decision."
    return whole_list.show(
        request,
        context | told | {"connection": connection, "item": item, "edits": words},
        heading="Your changes" if item else "Unfinished changes",
        about=item or connection,
        part="editing/partials/edit_rows.html",
        empty_text=whole_list.NONE_KEPT if item else empty,
    )


@require_safe
def bulk_edit_list(request: UserRequest, pk: UUID) -> HttpResponse:
    """Show every bulk edit of a connection that was confirmed, the latest first."""
    connection = get_connection(request, pk)
    context = paging.make_context(request.GET, status.confirmed_bulk_edits(connection))
    words = [status.put_bulk_in_words(each) for each in context["page"]]
    return whole_list.show(
        request,
        context | {"bulk_edits": words},
        heading="Bulk edits",
        about=connection,
        part="editing/partials/bulk_rows.html",
    )


@require_safe
def import_list(request: UserRequest, pk: UUID) -> HttpResponse:
    """Show every import into a collection that is kept, the latest first."""
    collection = get_collection(request, pk)
    context = paging.make_context(request.GET, collection.imports.all())
    return whole_list.show(
        request,
        context | {"imports": context["page"].object_list},
        heading=f"Imports into {collection.name.lower()}",
        about=collection.connection,
        part="editing/partials/earlier_imports.html",
    )
