"""Offer all columns of a table to filter and group by, where its page has no room."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from integrations.views.access import UserRequest
from integrations.views.items.tables import filters
from integrations.views.items.tables.table import Table


@require_safe
def table_choices(request: UserRequest, pk: UUID) -> HttpResponse:
    """Show what a table can be filtered and grouped by.

    It is a page for whoever opens it, and htmx takes its forms into the table's own.
    """
    asked = Table.read(request, pk)
    context = {
        "collection": asked.collection,
        "table_url": asked.query.url,
        "table_path": reverse("integrations:table", args=(pk,)),
        **filters.make_context(asked.selection, asked.columns, request.GET),
    }
    return render(request, "items/tables/table_choices.html", context)
