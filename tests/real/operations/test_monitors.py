"""Errors reach a Sentry and traces an OTLP collector, and neither gets a secret."""

import gzip
import json
import logging
import logging.config
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from celery import signals
from django.contrib.auth.decorators import login_not_required
from django.core.signals import got_request_exception
from django.test import Client
from django.urls import path

from config import urls
from config.monitoring.logs import logging_config
from config.monitoring.sentry import SentryHandler
from integrations import tasks
from integrations.http.observability import trace
from integrations.http.secrets import Secret
from integrations.services.upkeep import schedule
from tests.real.support.processes import wait_until

pytestmark = pytest.mark.real
ASIDE = Path(sys.prefix) / "otel"

# Something of each kind that must stay here.
PLANTED = ("tok-5f0c9a7be1", "ada@example.com", "Wedding of the Lovelaces")
SAID = f"access_token={PLANTED[0]} of {PLANTED[1]} in {PLANTED[2]!r}"


@dataclass
class Received:
    """What a loopback server was sent: paths, headers and bodies."""

    url: str = ""
    paths: list[str] = field(default_factory=list)
    headers: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    def events(self) -> list[dict[str, Any]]:
        """Return the events in Sentry's envelopes."""
        lines = [body.split(b"\n") for body in self.bodies]
        return [json.loads(each[2]) for each in lines if b'"event"' in each[1]]

    def spans(self) -> list[Any]:
        """Return the spans in the requests of OTLP."""
        messages = import_module(
            "opentelemetry.proto.collector.trace.v1.trace_service_pb2"
        )
        kind = messages.ExportTraceServiceRequest
        found = [kind.FromString(body) for body in self.bodies]
        return [
            span
            for request in found
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]


@pytest.fixture
def receiver() -> Iterator[Received]:
    received = Received()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            received.paths.append(self.path)
            received.headers.append(str(self.headers))
            received.bodies.append(body)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    received.url = f"127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield received
    server.shutdown()
    server.server_close()


@login_not_required
def fail(*_args: Any, **_kwargs: Any) -> None:
    """Fail with a text, variables and a cause that tell everything."""
    item = {"title": PLANTED[2], "email": PLANTED[1], "token": PLANTED[0]}
    try:
        int(SAID)
    except ValueError as exc:
        raise RuntimeError(f"{SAID} {item}") from exc


urlpatterns = [path("orders/<str:name>/", fail, name="order"), *urls.urlpatterns]


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """Let a page and a task fail."""
    settings.ROOT_URLCONF = __name__
    monkeypatch.setattr(schedule, "sweep_purges", fail)


@pytest.fixture
def sentry(receiver: Received, settings: Any) -> Iterator[Received]:
    """Set logging up as a process with a DSN does."""
    settings.SENTRY_DSN = Secret(f"http://public@{receiver.url}/7")
    root = logging.getLogger()
    before = (root.level, root.handlers[:])
    logging.config.dictConfig(logging_config("INFO", reports=True))
    yield receiver
    root.setLevel(before[0])
    root.handlers[:] = before[1]


@pytest.fixture
def collector(
    receiver: Received, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Received]:
    """Let this process know of a collector, and of the SDK that stands aside."""
    if not ASIDE.exists():
        pytest.skip("`make setup-dev` puts OpenTelemetry there")
    monkeypatch.setattr(sys, "path", [*sys.path, str(ASIDE)])
    telemetry = import_module("config.monitoring.telemetry")
    settings.OTEL_EXPORTER_OTLP_ENDPOINT = f"http://{receiver.url}"
    settings.OTEL_EXPORTER_OTLP_HEADERS = {"x-key": "of-the-collector"}
    settings.MIDDLEWARE = [
        settings.MIDDLEWARE[0],
        "config.monitoring.telemetry.request_spans",
        *settings.MIDDLEWARE[1:],
    ]
    telemetry.tracer.cache_clear()
    telemetry.listen()
    yield receiver
    telemetry.tracer.cache_clear()
    signals.before_task_publish.disconnect(telemetry._send_along)
    signals.task_prerun.disconnect(telemetry._begin)
    signals.task_failure.disconnect(telemetry._fail)
    signals.task_postrun.disconnect(telemetry._end)
    got_request_exception.disconnect(telemetry._note_exception)


def open_failing_page() -> str:
    """Ask for the page with secrets wherever a browser has some; return its id."""
    client = Client(raise_request_exception=False)
    client.cookies["seen"] = PLANTED[0]
    answer = client.get(
        f"/orders/{PLANTED[1]}/?code={PLANTED[0]}&q={PLANTED[2]}",
        headers={"authorization": f"Bearer {PLANTED[0]}", "x-user": PLANTED[1]},
    )
    assert answer.status_code == 500
    return str(answer[trace.HEADER])


def assert_nothing_leaked(received: Received) -> None:
    everything = b"\n".join(received.bodies).decode("utf-8", "replace")
    for each in (*PLANTED, "Lovelaces", "access_token"):
        assert each not in everything


@pytest.mark.usefixtures("failing")
def test_an_error_of_a_page_reaches_sentry_without_what_it_was_about(
    sentry: Received,
) -> None:
    own = open_failing_page()

    (event,) = wait_until(sentry.events, "the report arrived")
    assert sentry.paths == ["/api/7/envelope/"]
    assert event["tags"]["request"] == own
    assert event["tags"]["view"] == "order"
    kinds = [each["type"] for each in event["exception"]["values"]]
    assert kinds == ["ValueError", "RuntimeError"]
    frames = event["exception"]["values"][-1]["stacktrace"]["frames"]
    assert frames[-1]["function"] == "fail"
    assert_nothing_leaked(sentry)


@pytest.mark.usefixtures("failing")
def test_an_error_of_a_task_reaches_sentry_with_the_id_of_its_page(
    sentry: Received,
) -> None:
    tasks.sweep_purges.apply(headers={trace.MESSAGE_HEADER: "of-a-page"})

    (event,) = wait_until(sentry.events, "the report arrived")
    assert event["tags"]["request"] == "of-a-page"
    assert event["tags"]["task"] == "integrations.tasks.sweep_purges"
    assert event["exception"]["values"][-1]["type"] == "RuntimeError"
    assert_nothing_leaked(sentry)


def test_the_texts_of_logged_errors_stay_here(sentry: Received) -> None:
    logging.getLogger("integrations.test").error("not stored item=%s", PLANTED[2])
    whole = "could not parse " + SAID
    logging.getLogger("somebody.elses").error(whole)

    events = wait_until(
        lambda: len(sentry.events()) == 2 and sentry.events(), "both arrived"
    )
    told = {each["logger"]: each.get("logentry") for each in events}
    assert told["integrations.test"] == {"message": "not stored item=%s"}
    assert not told["somebody.elses"]
    assert_nothing_leaked(sentry)


def test_a_sentry_that_is_away_costs_nothing(settings: Any) -> None:
    settings.SENTRY_DSN = Secret("http://public@127.0.0.1:9/7")
    handler = SentryHandler()

    record = logging.LogRecord("config", logging.ERROR, "", 1, "lost", (), None)
    handler.handle(record)

    assert handler._client is not None


@pytest.mark.usefixtures("failing")
def test_a_trace_leads_from_the_page_to_its_task_without_what_it_was_about(
    collector: Received,
) -> None:
    telemetry = import_module("config.monitoring.telemetry")
    own = open_failing_page()
    sent: dict[str, Any] = {}
    with (
        trace.traced(trace.request_id, own),
        telemetry.tracer().start_as_current_span("publishing"),
    ):
        telemetry._send_along(headers=sent)
    tasks.sweep_purges.apply(headers={**sent, trace.MESSAGE_HEADER: own})
    telemetry.tracer().span_processor.force_flush()

    spans = {
        each.name: each
        for each in wait_until(
            lambda: len(collector.spans()) == 3 and collector.spans(), "all arrived"
        )
    }
    page = spans["GET /orders/<str:name>/"]
    task, publishing = spans["integrations.tasks.sweep_purges"], spans["publishing"]
    assert task.trace_id == publishing.trace_id
    assert task.parent_span_id == publishing.span_id
    for span in (page, task):
        told = {each.key: each.value for each in span.attributes}
        assert told["error.type"].string_value == "builtins.RuntimeError"
        assert told["mooring.request_id"].string_value == own
        assert span.status.code == 2
        assert not span.events
    assert set(collector.paths) == {"/v1/traces"}
    assert "of-the-collector" in collector.headers[0]
    assert_nothing_leaked(collector)


def test_nothing_is_imported_where_nothing_is_configured() -> None:
    code = (
        "import django, sys; django.setup(); import config.celery, config.wsgi;"
        "print([n for n in sys.modules if n.startswith(('sentry_sdk', 'opentele'))])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == "[]"
