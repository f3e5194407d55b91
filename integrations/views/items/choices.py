"""Offer all choices of one filter of the items list, where its page has no room."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from integrations.services.connections.status import read_accounts
from integrations.services.items.lists.query import ItemQuery
from integrations.views.access import UserRequest
from integrations.views.items import filters
from integrations.views.leaving import leave
from integrations.views.replica import from_replica


@require_safe
@from_replica
def item_choices(request: UserRequest) -> HttpResponse:
    """Show what the filter that is named as ``of`` can choose.

    It is a page for whoever opens it; for htmx, the field alone, in the list's own
    form. A filter that has nothing to choose leads back to the list.
    """
    query = ItemQuery.parse(request.GET).change()
    offered = filters.make_filters(query, *read_accounts(request.user))
    name = request.GET.get("of")
    found = next((each for each in offered if each["name"] == name), None)
    if found is None:
        return leave(request, query.url)
    kept = [(key, value) for key, value in query.parameters.items() if key != name]
    context = {
        "filter": {**found, "choices_url": "", "has_focus": True},
        "kept": [{"name": key, "value": value} for key, value in kept],
        "list_url": query.url,
    }
    is_part = request.headers.get("HX-Request") == "true"
    template = "partials/filter.html" if is_part else "choices.html"
    response = render(request, f"items/{template}", context)
    patch_vary_headers(response, ("HX-Request",))
    return response
