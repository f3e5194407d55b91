"""A supervisor that is asked to stop does so, whoever asks."""

import os
import signal
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import FrameType

import pytest

from config.run import supervisor
from config.run.plan import Plan, Process
from config.run.supervisor import Supervisor

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _refuse(number: int, _frame: FrameType | None) -> None:
    raise AssertionError(f"nobody listens for signal {number}")


@pytest.fixture(autouse=True)
def _own_handlers() -> Iterator[None]:
    former = {number: signal.signal(number, _refuse) for number in SIGNALS}
    yield
    for number, handler in former.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", SIGNALS)
def test_each_signal_to_stop_ends_it(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    number: signal.Signals,
) -> None:
    plan = Plan(
        base_dir=tmp_path,
        var_dir=tmp_path,
        environment={},
        processes=[],
        public_base_url="http://localhost",
        web_port=0,
    )

    def be_asked(_supervisor: Supervisor) -> None:
        os.kill(os.getpid(), number)

    monkeypatch.setattr(Supervisor, "_answers", be_asked)

    Supervisor(plan).run("Welcome")

    assert "stopped" in capsys.readouterr().out


class Starting(ThreadingHTTPServer):
    """A site that answers at once, with a sandbox that still fills itself."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.asked = 0
        self.unanswered = 3


class Answers(BaseHTTPRequestHandler):
    server: Starting

    def do_GET(self) -> None:
        is_site = self.path.startswith("/health/")
        self.server.asked += not is_site
        is_there = is_site or self.server.asked > self.server.unanswered
        self.send_response(200 if is_there else 503)
        self.end_headers()
        self.wfile.write(b'{"providers": ["hubspot"]}' if is_there else b"")

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def starting() -> Iterator[Starting]:
    with Starting() as server:
        Thread(target=server.serve_forever, args=(0.05,)).start()
        yield server
        server.shutdown()


def make_plan(tmp_path: Path, starting: Starting) -> Plan:
    """Return a plan of a scheduler that says so when it begins, and has all stop."""
    speak = "import os, signal; print('due'); os.kill(os.getppid(), signal.SIGTERM)"
    scheduler = Process(
        name="beat", command=[sys.executable, "-c", speak], starts_last=True
    )
    return Plan(
        base_dir=tmp_path,
        var_dir=tmp_path,
        environment={"SANDBOX": f"http://127.0.0.1:{starting.server_port}"},
        processes=[scheduler],
        public_base_url="http://localhost",
        web_port=starting.server_port,
        sandboxed={"hubspot": "HubSpot"},
    )


def words(output: str) -> list[str]:
    """Return what was said, without who said it and what follows a colon."""
    lines = [line.split("|")[1].strip() for line in output.splitlines()]
    return [line.split(":")[0] for line in lines]


@pytest.mark.real
def test_the_schedule_waits_until_the_sandbox_answers(
    tmp_path: Path, starting: Starting, capsys: pytest.CaptureFixture[str]
) -> None:
    Supervisor(make_plan(tmp_path, starting)).run("Welcome")

    simulated = "Simulated, for want of credentials in .env"
    assert words(capsys.readouterr().out)[:3] == [simulated, "Welcome", "due"]
    assert starting.asked == 4


@pytest.mark.real
def test_a_sandbox_that_never_answers_holds_nothing_up_for_long(
    tmp_path: Path,
    starting: Starting,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(supervisor, "START_SECONDS", 1)
    starting.unanswered = 1000

    Supervisor(make_plan(tmp_path, starting)).run("Welcome")

    assert words(capsys.readouterr().out)[:2] == ["Welcome", "due"]
