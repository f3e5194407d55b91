"""Note in the browser that its user has just changed something."""

from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from config.web.busy import SAFE

# Longer than a replica may be behind, and than most edits take to be delivered.
WROTE_SECONDS: Final = 60


def note_writes(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Set a cookie with what was sent; while it lives, lists come from the primary."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if request.method not in SAFE and response.status_code < 400:
            response.set_cookie(
                settings.WROTE_COOKIE_NAME,
                "1",
                max_age=WROTE_SECONDS,
                secure=settings.SESSION_COOKIE_SECURE,
                httponly=True,
                samesite="Lax",
            )
        return response

    return middleware
