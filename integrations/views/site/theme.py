"""Store a user's choice of light or dark in a cookie, so that no page flashes."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

THEMES = ("auto", "light", "dark")
COOKIE = "theme"
YEAR = 365 * 24 * 3600


def read_theme(request: HttpRequest) -> str:
    """Return the chosen theme; anything odd is the system's own."""
    theme = request.COOKIES.get(COOKIE, "")
    return theme if theme in THEMES else THEMES[0]


@login_not_required
@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Remember the choice and go back to the page it was made on."""
    target = request.POST.get("next", "")
    # Own paths only: no host is allowed, so none can be named.
    if not target.startswith("/") or not url_has_allowed_host_and_scheme(target, None):
        target = "/"
    response = redirect(target)
    choice = request.POST.get("theme", "")
    if choice in THEMES:
        response.set_cookie(
            COOKIE,
            choice,
            max_age=YEAR,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
    return response
