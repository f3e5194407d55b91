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


class Answers(BaseHTTPRequestHandler):
    server: Starting

    def do_GET(self) -> None:
        is_site = self.path.startswith("/health/")
        self.server.asked += not is_site
        is_there = is_site or self.server.asked > 3
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


@pytest.mark.real
def test_the_schedule_waits_until_the_sandbox_answers(
    tmp_path: Path, starting: Starting, capsys: pytest.CaptureFixture[str]
) -> None:
    speak = "import os, signal; print('due'); os.kill(os.getppid(), signal.SIGTERM)"
    scheduler = Process(
        name="beat", command=[sys.executable, "-c", speak], starts_last=True
    )
    plan = Plan(
        base_dir=tmp_path,
        var_dir=tmp_path,
        environment={"SANDBOX": f"http://127.0.0.1:{starting.server_port}"},
        processes=[scheduler],
        public_base_url="http://localhost",
        web_port=starting.server_port,
        sandboxed={"hubspot": "HubSpot"},
    )

    Supervisor(plan).run("Welcome")

    said = [line.split("|")[1].strip() for line in capsys.readouterr().out.splitlines()]
    assert [said[0].split(":")[0], *said[1:3]] == [
        "Simulated, for want of credentials in .env",
        "Welcome",
        "due",
    ]
    assert starting.asked == 4
