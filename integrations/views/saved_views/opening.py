"""Open a saved view: over one's own items, whoever has made it."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from integrations.models import Collection, Connection, SavedView
from integrations.services.connections.naming import collection_names
from integrations.services.items.saved_views import fitting, store
from integrations.services.items.tables.columns.results import typed_columns_of
from integrations.views.access import UserRequest
from integrations.views.saved_views.lists import own_collections


@require_safe
def view_open(request: UserRequest, pk: UUID) -> HttpResponse:
    """Lead to the list that a view shows, or ask which of several that is."""
    view = get_object_or_404(store.visible_to(request.user), pk=pk)
    if view.is_of_all_items:
        return redirect(_list_url(request, view))
    found = fitting.find_collections(view, request.user)
    if len(found) == 1:
        return redirect(_table_url(view, found[0]))
    names = collection_names(found)
    context = {
        "view": view,
        "is_own_view": view.owner_id == request.user.pk,
        "found": [
            {
                "collection": each,
                "name": names[each.pk],
                "url": _table_url(view, each),
            }
            for each in found
        ],
    }
    return render(request, "saved_views/view_open.html", context)


def _list_url(request: UserRequest, view: SavedView) -> str:
    connections = list(Connection.objects.owned_by(request.user))
    collections = own_collections(request)
    fitted = fitting.fit_items(view, request.user, connections, collections)
    return fitted.query.url


def _table_url(view: SavedView, collection: Collection) -> str:
    return fitting.fit_table(view, collection, typed_columns_of(collection)).query.url
