"""Sentry: errors that are logged are reported there, without what they were about.

An event is made here from what is known to be harmless, instead of taking things out of
what Sentry's SDK would collect: types of exceptions and where they were raised, the
constant text of the log line, and the ids that the log has. Texts of exceptions,
arguments, variables, requests and users stay here, where the log has them redacted.
The SDK patches nothing, and is imported by processes that have a DSN alone.
"""

import atexit
import logging
import threading
import traceback
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import sentry_sdk
from celery import current_task
from django.conf import settings
from sentry_sdk.consts import CompressionAlgo
from sentry_sdk.transport import HttpTransport

from config.monitoring import outages
from integrations.http.observability import trace
from integrations.http.observability.redaction import one_line

CALL_SECONDS, SHUTDOWN_SECONDS = 5, 2.0
# Their constant texts are written by us, or are templates without their arguments.
TRUSTED = ("integrations", "config", "django", "celery", "gunicorn")
OURS = ("integrations", "config")
# What says itself that an error could not be reported.
REPORTERS = ("sentry_sdk", "opentelemetry")


class SentryHandler(logging.Handler):
    """Log handler that reports errors to the server that SENTRY_DSN names.

    It stands behind the handler that writes the log, whose filters hold back what
    repeats an outage.
    """

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self._client: Any = None
        self._opening = threading.Lock()

    def emit(self, record: logging.LogRecord) -> None:
        """Hand one error to the thread that sends it; never raises."""
        if record.levelno < logging.ERROR or record.name.startswith(REPORTERS):
            return
        if outages.part_of(record) is not None:
            return
        # A report that fails is no error more.
        with suppress(Exception):
            self._open().capture_event(make_event(record))

    def _open(self) -> Any:
        with self._opening:
            if self._client is None:
                self._client = _make_client(settings.SENTRY_DSN.reveal())
                atexit.register(self._client.close, timeout=SHUTDOWN_SECONDS)
            return self._client


class Transport(HttpTransport):
    """Sender with a deadline of its own."""

    TIMEOUT = CALL_SECONDS


def _make_client(dsn: str) -> Any:
    return sentry_sdk.Client(
        dsn=dsn,
        release=f"mooring@{settings.VERSION}",
        transport=Transport,
        default_integrations=False,
        auto_enabling_integrations=False,
        include_local_variables=False,
        include_source_context=False,
        max_breadcrumbs=0,
        auto_session_tracking=False,
        send_client_reports=False,
        # Whatever speaks Sentry's protocol takes it; Brotli not all do.
        _experiments={"transport_compression_algo": CompressionAlgo.GZIP},
    )


def make_event(record: logging.LogRecord) -> dict[str, Any]:
    """Return what is reported of an error, from its record in the log."""
    event: dict[str, Any] = {
        "level": "fatal" if record.levelno >= logging.CRITICAL else "error",
        "logger": record.name,
        "platform": "python",
        "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(),
        "tags": {**trace.ids(), **_origin(record)},
    }
    if record.name.split(".")[0] in TRUSTED:
        event["logentry"] = {"message": one_line(str(record.msg))}
    if record.exc_info and record.exc_info[1] is not None:
        event["exception"] = {"values": _exceptions(record.exc_info[1])}
    return event


def _origin(record: logging.LogRecord) -> dict[str, str]:
    """Return the view or the task in which it happened, by its name."""
    match = getattr(getattr(record, "request", None), "resolver_match", None)
    view = getattr(match, "view_name", "")
    task = getattr(current_task, "name", "")
    found = {"view": view, "task": task}
    return {name: value for name, value in found.items() if value}


def _exceptions(error: BaseException | None) -> list[dict[str, Any]]:
    """Return an exception behind its causes, by type and place, without their texts."""
    told: list[dict[str, Any]] = []
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        kind, frames = type(error), _frames(error.__traceback__)
        place = {"stacktrace": {"frames": frames}} if frames else {}
        told.insert(0, {"type": kind.__name__, "module": kind.__module__, **place})
        context = None if error.__suppress_context__ else error.__context__
        error = error.__cause__ or context
    return told


def _frames(raised: TracebackType | None) -> list[dict[str, Any]]:
    return [
        {
            "filename": Path(frame.f_code.co_filename).name,
            "module": str(frame.f_globals.get("__name__", "")),
            "function": frame.f_code.co_qualname,
            "lineno": number,
            "in_app": str(frame.f_globals.get("__name__")).startswith(OURS),
        }
        for frame, number in traceback.walk_tb(raised)
    ]
