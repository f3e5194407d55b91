"""Show the whole of a list whose latest rows another page shows."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from integrations.models import Connection, Item
from integrations.views.access import UserRequest
from integrations.views.items.origins import page_of

NONE_KEPT = "None is kept."


def show(
    request: UserRequest,
    context: dict[str, Any],
    *,
    heading: str,
    about: Connection | Item,
    part: str,
    empty_text: str = NONE_KEPT,
) -> HttpResponse:
    """Return a page of a list that is ``about`` something.

    ``context`` holds its rows as the template named ``part`` shows them, and the page
    that they are of.
    """
    name = about.title if isinstance(about, Connection) else about.name or "Untitled"
    url = about.get_absolute_url()
    if isinstance(about, Item):
        url = page_of(request, about)
    frame = {
        "heading": heading,
        "about_name": name,
        "about_url": url,
        "part": part,
        "empty_text": empty_text,
    }
    return render(request, "whole_list.html", {**context, **frame})
