"""Note in the browser that its user has just changed something."""

from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from config.web.busy import SAFE

# Longer than most edits take to be delivered.
LEAST_SECONDS: Final = 60
# Longer than a process believes what it found of the replica, and a page takes.
MARGIN_SECONDS: Final = 15


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
                max_age=max(
                    LEAST_SECONDS, int(settings.REPLICA_LAG_SECONDS) + MARGIN_SECONDS
                ),
                secure=settings.SESSION_COOKIE_SECURE,
                httponly=True,
                samesite="Lax",
            )
        return response

    return middleware
