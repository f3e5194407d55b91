"""Lead from a page, or from a part of one that htmx asked for, to another page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.cache import patch_vary_headers


def leave(request: HttpRequest, address: str) -> HttpResponse:
    """Lead to the whole page at an address: htmx would put it into a part of one."""
    response: HttpResponse = redirect(address)
    if request.headers.get("HX-Request") == "true":
        led = {"HX-Redirect": address, "HX-Push-Url": "false"}
        response = HttpResponse(status=204, headers=led)
    patch_vary_headers(response, ("HX-Request",))
    return response
