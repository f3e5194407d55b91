"""Small middleware: headers, probes, addresses, time zones, a session's life."""

import time
from collections.abc import Callable
from functools import partial
from urllib.parse import urljoin, urlsplit

from allauth.account.authentication import get_authentication_records
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.encoding import iri_to_uri
from django.utils.http import url_has_allowed_host_and_scheme

from config.monitoring.outages import is_busy
from config.web.frame import read_frame
from config.web.kept_forms import kept_page
from config.web.sessions import SEEN, STARTED
from integrations.models import Preferences
from integrations.models.accounts.preferences import to_zone
from integrations.models.times import CLOCK_SKEW
from integrations.views.site import health, metrics
from integrations.views.site.time_zone import browser_zone
from integrations.views.site.visits import keep_visit, note_visit_of

GetResponse = Callable[[HttpRequest], HttpResponse]

HEADERS = {
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": (
        "accelerometer=(), autoplay=(), camera=(), display-capture=(), "
        "encrypted-media=(), fullscreen=(self), geolocation=(), gyroscope=(), "
        "magnetometer=(), microphone=(), midi=(), payment=(), "
        "picture-in-picture=(), publickey-credentials-create=(self), "
        "publickey-credentials-get=(self), usb=(), xr-spatial-tracking=()"
    ),
}
PROBES = {
    "/health/live": health.live,
    "/health/ready": health.ready,
    "/metrics": metrics.metrics,
}
SEEN_EVERY_SECONDS = 600
# What open pages ask by themselves is no sign that anybody is there.
LOOKS = ("/live/", "/progress/")
SIGNED_OUT = "You had been signed out, so nothing was done. Please try again."


def security_headers(get_response: GetResponse) -> GetResponse:
    """Add the headers that Django has no setting for, to every answer."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    return middleware


def probes(get_response: GetResponse) -> GetResponse:
    """Health probes, answered whatever host they name and before a session is asked.

    They come from inside, by an address that is nobody's to allow.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        probe = PROBES.get(request.path_info)
        return get_response(request) if probe is None else probe(request)

    return middleware


def public_addresses(get_response: GetResponse) -> GetResponse:
    """Build absolute links from the configured address, never the Host header."""

    def middleware(request: HttpRequest) -> HttpResponse:
        request.build_absolute_uri = partial(  # type: ignore[method-assign]
            public_address, request
        )
        return get_response(request)

    return middleware


def public_address(request: HttpRequest, location: str | None = None) -> str:
    """Return the public form of a path, or of the request's own."""
    path = request.get_full_path() if location is None else str(location)
    return iri_to_uri(urljoin(settings.PUBLIC_BASE_URL + request.path, path))


def private_pages(get_response: GetResponse) -> GetResponse:
    """Forbid caches, a browser's own included, to store pages and errors.

    Static files are answered before there is a user, and probes as well; whatever
    comes from further inside may show somebody's data, or be shown to them alone.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        is_page = hasattr(request, "user") or response.status_code >= 400
        stored = response.headers.get("Cache-Control", "")
        if is_page and not {"no-store", "private"} <= set(stored.split(", ")):
            response.headers["Cache-Control"] = "no-store, private"
        return response

    return middleware


class LoginRequired(LoginRequiredMiddleware):
    """Require a sign-in; one that comes back leads to a page, never to a form's end.

    A form that was sent without a session did nothing. What was typed into it is kept
    in the answer. Where nothing was, the page that it stood on is opened after the
    sign-in, with a word about it, since its own address cannot be.
    """

    def handle_no_permission(  # type: ignore[override]  # htmx follows no redirect
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase]
    ) -> HttpResponse:
        """Redirect to the sign-in, and from there to a page that can be opened."""
        if request.headers.get("HX-Request") and request.method in {"GET", "HEAD"}:
            # A page that is open, not the part of it that was asked for.
            address = redirect_to_login(came_from(request)).url
            return HttpResponse(status=204, headers={"HX-Redirect": address})
        if request.method in {"GET", "HEAD"}:
            return super().handle_no_permission(request, view_func)
        if (kept := kept_page(request)) is not None:
            return kept
        messages.warning(request, SIGNED_OUT)
        return redirect_to_login(came_from(request))


def came_from(request: HttpRequest) -> str:
    """Return the path of the page of ours that sent a request, else the first one."""
    referrer = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(referrer, {request.get_host()}):
        return "/"
    parts = urlsplit(referrer)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def refused_methods(get_response: GetResponse) -> GetResponse:
    """Answer in words whoever opens the address of a button."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.status_code != 405 or request.method not in {"GET", "HEAD"}:
            return response
        page = render(request, "405.html", status=405)
        page.headers["Allow"] = response.headers["Allow"]
        return page

    return middleware


def preferences(get_response: GetResponse) -> GetResponse:
    """Read what the user has chosen for all pages, once, as ``request.preferences``.

    The time zone is the account's, else the browser's, else UTC. Without an account
    there are no shortcuts. By the same query it is told, as ``request.needs_user``,
    whether a connection waits for a new permission.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        user = getattr(request, "user", None)
        chosen, needs_user = Preferences(has_shortcuts=False), False
        if user and user.is_authenticated:
            chosen, needs_user = read_frame(user)
        request.preferences = chosen  # type: ignore[attr-defined]
        request.needs_user = needs_user  # type: ignore[attr-defined]
        with timezone.override(to_zone(chosen.time_zone) or browser_zone(request)):
            return get_response(request)

    return middleware


def visits(get_response: GetResponse) -> GetResponse:
    """Note that a user is here by whatever page they open.

    Behind ``preferences``, which knows when they were here in another session.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        user = getattr(request, "user", None)
        is_look = request.path_info.endswith(LOOKS)
        if user and user.is_authenticated and not is_look:
            note_visit_of(request, request.preferences)  # type: ignore[attr-defined]
        return get_response(request)

    return middleware


def session_lifetime(get_response: GetResponse) -> GetResponse:
    """End a session that was idle or alive for too long."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            _end_or_extend(request, now=int(time.time()))
        return get_response(request)

    return middleware


def _sign_out(request: HttpRequest, *, was_here: bool) -> None:
    """Sign out, and keep when the user ``was_here``, if that is known.

    With a busy database the row stays, and is refused again.
    """
    try:
        if was_here:
            keep_visit(request, is_here=False)
        logout(request)
    except OperationalError as exc:
        if not is_busy(exc):
            raise
        request.session = type(request.session)()
        request.user = AnonymousUser()


def _proven_at(request: HttpRequest) -> list[float]:
    """Return when the user gave a password or a second factor in this session."""
    records = get_authentication_records(request, request.user)
    return [float(record.get("at") or 0) for record in records]


def _end_or_extend(request: HttpRequest, *, now: int) -> None:
    started = request.session.get(STARTED)
    if started is None:
        request.session[STARTED] = request.session[SEEN] = now
        return
    seen = request.session.get(SEEN, started)
    too_idle = now - seen > settings.SESSION_IDLE_SECONDS
    too_old = now - started > settings.SESSION_COOKIE_AGE
    # Nobody knows how old a session is that a clock which was ahead has dated.
    latest = max(started, seen, *_proven_at(request))
    is_unknown = latest > now + CLOCK_SKEW.total_seconds()
    if too_idle or too_old or is_unknown:
        _sign_out(request, was_here=not is_unknown)
    elif request.path_info.endswith(LOOKS):
        return
    elif now - seen > min(SEEN_EVERY_SECONDS, settings.SESSION_IDLE_SECONDS / 4):
        # Not at every page: each one would then write to the database.
        request.session[SEEN] = now
