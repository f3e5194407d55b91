"""Add a filter to a table, or change one: the column first, then what it must be."""

from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_http_methods

from integrations.services.items.lists.query import MAX_SEARCH
from integrations.services.items.tables.table_query import TableQuery
from integrations.views.access import UserRequest
from integrations.views.items.tables.filtering import picker
from integrations.views.items.tables.filtering.form import FilterForm, find_unknown
from integrations.views.items.tables.table import Table, get_collection
from integrations.views.leaving import leave

# Of a table as it was, which the filter leads back to.
TIMES = ("at", "until")
# Characters of a filtered table's address. Its pages tell it to each other as a value,
# where each %XX becomes %25XX, and a request line has 8,190 characters at most.
MOST_ADDRESS: Final = 4_800


@require_http_methods(["GET", "HEAD", "POST"])
def table_filter(request: UserRequest, pk: UUID) -> HttpResponse:
    """Show the columns to filter by, or the form of one; lead to what it filters.

    It is a page for whoever opens it; for htmx, its form alone, in the table's page.
    Values are posted, since no address could hold all that may be written.
    """
    sent = request.POST if request.method == "POST" else request.GET
    collection = get_collection(request, pk)
    asked = Table.open(collection, sent, request.user, is_grouping=False)
    query = asked.query.change()
    times = [(each, sent[each]) for each in TIMES if sent.get(each)]
    form = FilterForm.read(sent, asked)
    condition, problems = form.make() if form else (None, [*find_unknown(sent, asked)])
    if form is not None and condition is not None:
        address = _address(query.placed(condition, form.place), times)
        if len(address) <= MOST_ADDRESS:
            return leave(request, address)
        problems = [_too_long(address)]
    is_changing = form is not None and form.place is not None
    context = {
        "collection": asked.collection,
        "filter_path": reverse("integrations:table-filter", args=(pk,)),
        "kept": [{"name": n, "value": v} for n, v in [*query.parameters, *times]],
        "cancel_url": _address(query, times),
        "other_url": _address(query, times, "table-filter"),
        "left_out": asked.left_out,
        "filtering": form.make_context() if form else None,
        # What has to be written anew, so that nobody has to look for it.
        "has_input_focus": bool(problems),
        "problems": problems,
        "is_changing": is_changing,
    }
    if form is None:
        search = " ".join(sent.get("find", "")[:MAX_SEARCH].split())
        context |= picker.make_context(asked.columns, asked.shown, search)
    elif form.place is not None:
        without = query.without(query.conditions[form.place])
        context["remove_url"] = _address(without, times)
    is_part = request.headers.get("HX-Request") == "true"
    name = "partials/filtering.html" if is_part else "table_filter.html"
    response = render(request, f"items/tables/{name}", context)
    if is_part:
        # The page that holds the form stays where it is, and so does its address.
        response.headers["HX-Push-Url"] = "false"
    patch_vary_headers(response, ("HX-Request",))
    return response


def _too_long(address: str) -> str:
    """Return why a filter cannot be used whose table nobody could open."""
    return (
        f"Too many values, or too long ones: an address has {MOST_ADDRESS:,} characters"
        f" at most, and would have {len(address):,} with them."
    )


def _address(query: TableQuery, times: list[tuple[str, str]], name: str = "") -> str:
    """Return the address of the table, as it was at some times where there are any."""
    name = name or ("table-as-of" if times else "table")
    path = reverse(f"integrations:{name}", args=(query.collection,))
    told = urlencode([*query.parameters, *times])
    return f"{path}?{told}" if told else path
