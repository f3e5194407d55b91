"""Busy database: reads never wait for a write, and writes not for long.

SQLite takes one writer at a time. A page that is read is answered without what it
would have noted; what was sent gets a page that says so and sends it again.
"""

import logging
import threading
from collections.abc import Callable
from typing import Any, Final

from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.exceptions import SessionInterrupted
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.signals import request_finished
from django.db import DatabaseError, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.csrf import get_token
from django.shortcuts import render

from config.environment.database import WAIT_SECONDS
from config.monitoring.outages import DATABASE, is_busy
from config.web.kept_forms import sent_fields

logger = logging.getLogger(__name__)

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
# How long one statement waits: of a read, of what was sent, of what comes once.
READ_SECONDS, WRITE_SECONDS, ONCE_SECONDS = 0.1, 5.0, 20.0
RETRY_AFTER_SECONDS = 5
# What comes once: the answer of a provider to a consent.
ONCE: Final = frozenset({"integrations:callback"})
# Pages of allauth that store something before they are shown: that they were, or the
# address of a user whom staff or a command has made.
STORING: Final = frozenset({"account_email", "mfa_view_recovery_codes"})


_thread = threading.local()


def wait_at_most(seconds: float) -> None:
    """Set how long each statement of this thread waits for another writer."""
    _thread.seconds = seconds
    if connection.connection is not None:
        _set_wait(connection)


@receiver(connection_created)
def _set_wait(connection: BaseDatabaseWrapper, **_: Any) -> None:
    seconds = getattr(_thread, "seconds", None)
    if seconds is not None and connection.vendor == "sqlite":
        # Not by a cursor: it is no query of the page.
        connection.connection.execute(f"PRAGMA busy_timeout={int(seconds * 1000)}")
        connection.write_wait = seconds  # type: ignore[attr-defined]


@receiver(request_finished)
def _end_wait(**_: Any) -> None:
    """Let what comes after a request in its thread wait as everything else does."""
    wait_at_most(WAIT_SECONDS)


class BusyMiddleware:
    """Bound the wait for the database, and answer when it was in vain."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Set the wait by what kind of request it is."""
        wait_at_most(READ_SECONDS if request.method in SAFE else WRITE_SECONDS)
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_: Any) -> None:
        """Wait longer where something comes in that comes once, or a page stores."""
        match = request.resolver_match
        name = match.view_name if match is not None else ""
        if name in ONCE:
            wait_at_most(ONCE_SECONDS)
        elif name in STORING:
            wait_at_most(WRITE_SECONDS)

    def process_exception(
        self, request: HttpRequest, exc: Exception
    ) -> HttpResponse | None:
        """Answer in words when a view found the database busy."""
        return busy_page(request) if is_busy(exc) else None


class SessionsMiddleware(SessionMiddleware):
    """Sessions whose bookkeeping does not decide the answer to a request."""

    def process_request(self, request: HttpRequest) -> None:
        """Let the session know whether its request only reads."""
        super().process_request(request)
        session: Any = request.session
        session.is_of_read = request.method in SAFE

    def process_response(
        self, request: HttpRequest, response: HttpResponse
    ) -> HttpResponse:
        """Return the answer although bookkeeping was not stored, and no other."""
        session: Any = request.session
        if self._is_stored(request, response) or session.has_only_bookkeeping():
            return response
        if session.is_of_read:
            # The page began something, such as the challenge of a passkey.
            wait_at_most(WRITE_SECONDS)
            if self._is_stored(request, response):
                return response
        return busy_page(request)

    def _is_stored(self, request: HttpRequest, response: HttpResponse) -> bool:
        """Store the session, and its cookie in the response, unless busy."""
        try:
            super().process_response(request, response)
        except (SessionInterrupted, UpdateError, DatabaseError) as exc:
            if not is_busy(exc):
                raise
            return False
        return True


def busy_page(request: HttpRequest) -> HttpResponse:
    """Say that the database is busy, with a button that does the same again."""
    logger.warning("database busy method=%s", request.method, extra={"part": DATABASE})
    context: dict[str, Any] = {"path": request.get_full_path()}
    fields = sent_fields(request)
    if fields is not None:
        context |= {"fields": fields, "csrf_token": get_token(request)}
    elif request.method not in SAFE:
        context["is_form_lost"] = True
    response = render(request, "database_busy.html", context, status=503)
    response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    response._has_been_logged = True  # type: ignore[attr-defined]  # noqa: SLF001
    return response
