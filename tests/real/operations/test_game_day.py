"""Game day: each fault is seen within a minute wherever it can be, and heals."""

import json
import threading
import time
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests

from tests.real.operations.game_day import (
    DOCTOR,
    METRICS,
    NOTICE,
    PANEL,
    PHASES,
    READY,
    Fault,
    make_room,
    notices_command,
)
from tests.real.support.fixtures import MakeStack
from tests.real.support.postgres import Postgres
from tests.real.support.processes import wait_until
from tests.real.support.stack import Stack

pytestmark = [pytest.mark.real, pytest.mark.parametrize("database", ["postgres"])]
WITHIN_SECONDS = 60
# Each look costs the site a dozen checks.
LOOK_SECONDS = 1
SETTLED = (
    "update integrations_incident set clear_since = clear_since - interval '1 day'"
    " where resolved_at is null and clear_since is not null returning id"
)
# Half a minute passes for what was reported of machines and of the site.
REPORTS_DUE = (
    "update integrations_checkreport set at = at - interval '30 seconds' returning name"
)
OPEN = "select kind from integrations_incident where resolved_at is null"
TOLD = (
    "select kind from integrations_incident i join integrations_notice n"
    " on n.incident_id = i.id where i.resolved_at is null and n.phase = 'opened'"
    " and n.state = 'sent'"
)


@pytest.fixture
def webhook() -> Iterator[str]:
    """Return an address that takes what operators are told."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/hook"
    server.shutdown()
    server.server_close()


@pytest.fixture
def site(make_stack: MakeStack, database: str, webhook: str) -> Iterator[Stack]:
    """Return a site with a connection that was read, and all of it well."""
    stack = make_stack(
        database, NOTICE_WEBHOOK_URL=webhook, SWEEP_INTERVAL="2", LOG_LEVEL="INFO"
    )
    stack.join_workers()
    stack.commands["notices"] = notices_command(stack)
    stack.start()
    stack.user("alice@example.com").connect("hubspot")
    stack.wait_for_row(
        "select 1 from integrations_syncrun where outcome = 'complete'", seconds=90
    )
    wait_until(
        lambda: not failing_at_ready(stack),
        "all is well",
        seconds=60,
        every=LOOK_SECONDS,
    )
    yield stack
    make_room(stack)


def failing_at_ready(stack: Stack) -> set[str]:
    parts = requests.get(f"{stack.url}/health/ready", timeout=9).json()
    return {name for name, part in parts.items() if name != "ok" and not part["ok"]}


def failing_in_metrics(stack: Stack) -> set[str]:
    lines = requests.get(f"{stack.url}/metrics", timeout=9).text.splitlines()
    wrong = [
        line
        for line in lines
        if line.startswith("mooring_check_passes{") and line.endswith(" 0.0")
    ]
    return {line.partition('check="')[2].partition('"')[0] for line in wrong}


def failing_in_panel(stack: Stack) -> set[str]:
    return set(json.loads(stack.manage("status", "--json").stdout)["checks"])


def failing_for_doctor(stack: Stack) -> set[str]:
    said = json.loads(stack.manage("doctor", "--json", check=False).stdout)
    return {each["id"] for each in said["checks"] if each["state"] == "failed"}


def told(stack: Stack) -> set[str]:
    """Return what operators were told of and that is not over."""
    return {kind for (kind,) in stack.rows(TOLD)}


LOOKS = {
    # The cheap ones first, so that the others are asked once.
    READY: failing_at_ready,
    METRICS: failing_in_metrics,
    NOTICE: told,
    PANEL: failing_in_panel,
    DOCTOR: failing_for_doctor,
}


def expected(faults: tuple[Fault, ...], place: str) -> set[str]:
    return {
        check
        for fault in faults
        for check, places in fault.seen.items()
        if place in places
    }


def assert_seen(stack: Stack, faults: tuple[Fault, ...]) -> None:
    began = time.monotonic()
    for place, look in LOOKS.items():
        wanted = expected(faults, place)
        wait_until(
            lambda look=look, wanted=wanted: wanted <= look(stack),
            f"{sorted(wanted)} are seen at {place}",
            seconds=max(1, WITHIN_SECONDS - (time.monotonic() - began)),
            every=LOOK_SECONDS,
        )


def assert_healed(stack: Stack) -> None:
    look = partial(wait_until, every=LOOK_SECONDS)
    stack.rows(REPORTS_DUE)
    look(lambda: not failing_at_ready(stack), "ready again", seconds=60)
    look(lambda: not failing_in_metrics(stack), "metrics are well", seconds=90)
    look(
        lambda: stack.rows(SETTLED) is None or not stack.rows(OPEN),
        "every incident is over",
        seconds=60,
    )


def test_each_fault_of_a_game_day_is_seen_and_heals(
    site: Stack, postgres: Postgres
) -> None:
    for faults in PHASES.values():
        for fault in reversed(faults):
            fault.begin(site)
        assert_seen(site, faults)
        for fault in faults:
            fault.end(site)
        assert_healed(site)

    postgres.stop()
    try:
        assert "database" in failing_at_ready(site)
        assert "database" in failing_for_doctor(site)
    finally:
        postgres.start()
    assert_healed(site)

    wait_until(
        lambda: not failing_for_doctor(site) - {"packages"},
        "all is well",
        seconds=60,
        every=LOOK_SECONDS,
    )
    assert site.rows("select state, reason from integrations_connection") == [
        ("active", "")
    ]
    stats = site.ask_sandbox("stats")
    assert (stats["double_spends"], stats["overlapping_spends"]) == (0, 0)
