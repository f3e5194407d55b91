"""A supervisor that is asked to stop does so, whoever asks."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import pytest

from config.run.plan import Plan
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
