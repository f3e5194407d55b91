"""OpenTelemetry: a span for each request and each task, sent by OTLP over HTTP.

Spans carry names of routes and tasks, statuses, types of exceptions and the ids that
the log has; never an address, an argument or a text. The SDK patches nothing, and is
imported, as this module is, by processes alone that have an endpoint to send to.
"""

import atexit
import sys
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from celery import signals
from django.conf import settings
from django.core.signals import got_request_exception
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from opentelemetry import context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.propagate import extract, inject
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import (
    SpanKind,
    StatusCode,
    Tracer,
    get_current_span,
    set_span_in_context,
)

from integrations.http.observability import trace

CALL_SECONDS, SHUTDOWN_MILLISECONDS = 5.0, 2000
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
REQUEST_ID = "mooring.request_id"
GetResponse = Callable[[HttpRequest], HttpResponseBase]


@lru_cache(maxsize=1)
def tracer() -> Tracer:
    """Return what makes the spans of this process."""
    endpoint = settings.OTEL_EXPORTER_OTLP_ENDPOINT
    facts = {"service.name": "mooring", "service.version": settings.VERSION}
    exporter = OTLPSpanExporter(
        endpoint=f"{endpoint.rstrip('/')}/v1/traces",
        headers=settings.OTEL_EXPORTER_OTLP_HEADERS,
        timeout=CALL_SECONDS,
    )
    provider = TracerProvider(resource=Resource(facts), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    atexit.register(provider.force_flush, SHUTDOWN_MILLISECONDS)
    return provider.get_tracer("mooring")


def request_spans(get_response: GetResponse) -> GetResponse:
    """Make a span of each request, by the route of its view."""
    got_request_exception.connect(_note_exception)

    def middleware(request: HttpRequest) -> HttpResponseBase:
        method = request.method if request.method in METHODS else "_OTHER"
        with tracer().start_as_current_span(
            method,
            kind=SpanKind.SERVER,
            attributes={
                "http.request.method": method,
                REQUEST_ID: trace.request_id.get(),
            },
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            response = get_response(request)
            if request.resolver_match is not None:
                route = f"/{request.resolver_match.route}"
                span.update_name(f"{method} {route}")
                span.set_attribute("http.route", route)
            span.set_attribute("http.response.status_code", response.status_code)
            if response.status_code >= 500:
                span.set_status(StatusCode.ERROR)
        return response

    return middleware


def _note_exception(**_kwargs: Any) -> None:

    get_current_span().set_attribute("error.type", _type_of(sys.exc_info()[1]))


def _type_of(error: BaseException | None) -> str:
    kind = type(error)
    return f"{kind.__module__}.{kind.__qualname__}"


def listen() -> None:
    """Make a span of each task, in the trace of the request that published it."""
    signals.before_task_publish.connect(_send_along)
    signals.task_prerun.connect(_begin)
    signals.task_failure.connect(_fail)
    signals.task_postrun.connect(_end)


def _send_along(headers: dict[str, Any] | None = None, **_kwargs: Any) -> None:
    if headers is not None:
        inject(headers)


def _begin(task: Any, **_kwargs: Any) -> None:
    # A worker puts a message's headers beside the rest; a task that is called does not.
    headers = task.request.headers or {}
    sent = task.request.get("traceparent") or headers.get("traceparent") or ""
    span = tracer().start_span(
        task.name,
        context=extract({"traceparent": sent}),
        kind=SpanKind.CONSUMER,
        attributes={"celery.task_name": task.name, REQUEST_ID: trace.request_id.get()},
    )
    token = context.attach(set_span_in_context(span))
    task.request.update(span=span, span_token=token)


def _fail(sender: Any, exception: BaseException | None = None, **_kwargs: Any) -> None:
    span = sender.request.get("span")
    if span is None:
        return

    span.set_attribute("error.type", _type_of(exception))
    span.set_status(StatusCode.ERROR)


def _end(task: Any, **_kwargs: Any) -> None:
    span = task.request.get("span")
    if span is None:
        return

    context.detach(task.request.get("span_token"))
    span.end()
