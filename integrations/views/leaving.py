"""Lead from a page, or from a part of one that htmx asked for, to another page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect


def leave(request: HttpRequest, address: str) -> HttpResponse:
    """Lead to the whole page at an address: htmx would put it into a part of one."""
    if request.headers.get("HX-Request") == "true":
        led = {"HX-Redirect": address, "HX-Push-Url": "false"}
        return HttpResponse(status=204, headers=led)
    return redirect(address)
