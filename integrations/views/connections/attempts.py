"""Show every refresh of a connection's key that is kept."""

from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from integrations.views.access import UserRequest, get_connection

PAGE_SIZE = 50


@require_safe
def attempt_list(request: UserRequest, pk: UUID) -> HttpResponse:
    """Show the refreshes of a key, the latest first."""
    connection = get_connection(request, pk)
    pages = Paginator(connection.refresh_attempts.all(), PAGE_SIZE)
    page = pages.get_page(request.GET.get("page"))
    context = {"connection": connection, "page": page, "attempts": page.object_list}
    return render(request, "connections/attempt_list.html", context)
