"""Show what can be done with chosen rows of a table: e-mail addresses, links."""

from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from integrations.services.items.tables.listing import Selection, cursor_of
from integrations.services.items.tables.walk import walk
from integrations.views.access import UserRequest
from integrations.views.items.choosing import addresses
from integrations.views.items.choosing.addresses import ChosenFrom, Part
from integrations.views.items.choosing.choice import NoRowsError
from integrations.views.items.tables.chosen import ChosenRows
from integrations.views.items.tables.table import Table


@require_http_methods(["GET", "HEAD", "POST"])
def table_rows(request: UserRequest, pk: UUID) -> HttpResponse:
    """Show the e-mail addresses of the chosen rows, and their pages at the provider.

    Whoever comes back without what was chosen, as after a sign-in, gets the table.
    """
    table = Table.read(request, pk)
    if request.method != "POST":
        return redirect(table.query.url)
    try:
        selection = ChosenRows.read(request.POST, table).narrow()
        part = Part.take(walk(selection, after=table.query.after))
    except NoRowsError as exc:
        messages.error(request, str(exc), extra_tags=exc.code)
        return redirect(table.query.url)
    place = ChosenFrom(
        name=table.collection.name,
        url=table.query.url,
        provider=table.collection.connection.provider_name,
        is_first=table.query.after is None,
        next_url=_next_url(selection, part),
    )
    return addresses.show(request, part, place)


def _next_url(selection: Selection, part: Part) -> str:
    """Return the address that asks for the rows behind a part."""
    if not part.has_more:
        return ""
    query = selection.query.change(after=cursor_of(selection, part.items[-1]))
    path = reverse("integrations:table-rows", args=(query.collection,))
    return f"{path}?{urlencode(query.parameters)}"
