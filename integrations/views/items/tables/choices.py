"""Offer all columns that a table can be grouped by, where its page has no room."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from integrations.views.access import UserRequest
from integrations.views.items.tables import filters
from integrations.views.items.tables.table import Table


@require_safe
def table_choices(request: UserRequest, pk: UUID) -> HttpResponse:
    """Show what a table can be grouped by.

    It is a page for whoever opens it; for htmx, its form alone, since the table's page
    keeps its own title, and a message that waits is for a page.
    """
    asked = Table.read(request, pk)
    context = {
        "collection": asked.collection,
        "table_url": asked.query.url,
        "table_path": reverse("integrations:table", args=(pk,)),
        **filters.make_context(asked.selection, asked.columns),
    }
    is_part = request.headers.get("HX-Target") == "choices"
    name = "partials/choices.html" if is_part else "table_choices.html"
    response = render(request, f"items/tables/{name}", context)
    patch_vary_headers(response, ("HX-Target",))
    return response
