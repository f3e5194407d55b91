"""Rows chosen in the list over everything, or among what a search found."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from integrations.forms import DownloadForm
from integrations.models import Item
from integrations.providers.typed.values import cut
from integrations.services.items.left_out import mark
from integrations.services.items.lists.opening import OpenList
from integrations.services.items.lists.query import ItemQuery
from integrations.views.access import UserRequest
from integrations.views.items.choosing import addresses
from integrations.views.items.choosing.addresses import ChosenFrom, Part
from integrations.views.items.choosing.choice import (
    Choice,
    ChooseForm,
    NoRowsError,
    choices_of,
)

# Where rows were chosen, if not in the list: leads back there.
WHERE, SEARCH = "where", "search"


def make_form(
    query: ItemQuery,
    items: Sequence[Item],
    count_text: str,
    *,
    left_out: Sequence[str],
    where: str = "",
) -> ChooseForm:
    """Return the form around rows of a list; its query is sent along.

    ``left_out`` are the filters that the query and its view lack.
    """
    told = {WHERE: where} if where else {}
    return ChooseForm(
        items=items,
        count_text=count_text,
        rows_url=reverse("integrations:item-rows"),
        download_url=reverse("integrations:item-download"),
        contents=choices_of(DownloadForm, "values"),
        fields={**query.change().parameters, **told},
        has_all=not left_out,
    )


def back_url(sent: QueryDict, query: ItemQuery) -> str:
    """Return the page that rows were chosen on, without where in it that was."""
    if sent.get(WHERE) == SEARCH:
        told = {"q": query.search, **mark(query.left_out)}
        return f"{reverse('integrations:search')}?{urlencode(told)}"
    return query.change().url


def _name(sent: QueryDict, query: ItemQuery) -> str:
    if sent.get(WHERE) != SEARCH:
        return "Items"
    return f"Found for “{cut(query.search, 60)}”"


def chosen_rows(listed: OpenList, sent: QueryDict) -> OpenList:
    """Return the list of the chosen rows alone; raise NoRowsError for none."""
    choice = Choice.read(sent, left_out=listed.left_out)
    return listed.narrow(choice.named) if choice.named else listed


@require_http_methods(["GET", "HEAD", "POST"])
def item_rows(request: UserRequest) -> HttpResponse:
    """Show the e-mail addresses of the chosen rows, and their pages at the providers.

    Whoever comes back without what was chosen, as after a sign-in, gets the list.
    """
    if request.method != "POST":
        return redirect("integrations:item-list")
    sent, listed = request.POST, OpenList.open(request.user, request.POST)
    back = back_url(sent, listed.query)
    try:
        rows = chosen_rows(listed, sent)
        part = Part.take(rows.walk(listed.query.after))
    except NoRowsError as exc:
        messages.error(request, str(exc), extra_tags=exc.code)
        return redirect(back)
    place = ChosenFrom(
        name=_name(sent, listed.query),
        url=back,
        provider="their providers",
        is_first=listed.query.after is None,
        next_url=reverse("integrations:item-rows") if part.has_more else "",
        next_fields=_next_fields(sent, rows, part),
    )
    return addresses.show(request, part, place)


def _next_fields(sent: QueryDict, rows: OpenList, part: Part) -> Mapping[str, str]:
    """Return what asks for the rows behind a part."""
    told = {WHERE: SEARCH} if sent.get(WHERE) == SEARCH else {}
    return {**rows.after(part.items[-1]).parameters, **told} if part.has_more else {}
