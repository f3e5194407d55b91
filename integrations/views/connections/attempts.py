"""Show every refresh of a connection's key that is kept."""

from uuid import UUID

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from integrations.views import paging, whole_list
from integrations.views.access import UserRequest, get_connection


@require_safe
def attempt_list(request: UserRequest, pk: UUID) -> HttpResponse:
    """Show the refreshes of a key, the latest first."""
    connection = get_connection(request, pk)
    context = paging.make_context(request.GET, connection.refresh_attempts.all())
    return whole_list.show(
        request,
        context | {"attempts": context["page"].object_list},
        heading="Refreshes of the key",
        about=connection,
        part="connections/partials/attempts.html",
    )
