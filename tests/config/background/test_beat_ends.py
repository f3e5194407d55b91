"""Beat ends when it is asked to, wherever the signal finds it."""

import signal
import socket
from threading import Lock
from typing import Any

import pytest
from celery.beat import Scheduler

from config.celery import app
from config.monitoring import machine

STATEMENT = Lock()


class Interrupted(Scheduler):
    """Be told to end while a statement holds what the next one has to wait for."""

    stored: list[bool]

    def setup_schedule(self) -> None:
        type(self).stored = []

    def tick(self, *_args: Any, **_kwargs: Any) -> float:
        with STATEMENT:
            signal.raise_signal(signal.SIGTERM)
        raise AssertionError("nobody listened")

    def sync(self) -> None:
        self.stored.append(STATEMENT.acquire(blocking=False))
        STATEMENT.release()


@pytest.fixture
def handlers(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Keep the handlers of the process that runs the tests, and publish nothing."""
    monkeypatch.setattr(app, "send_task", lambda *_args, **_kwargs: None)
    monkeypatch.setattr(machine, "begin", lambda: None)
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = {number: signal.getsignal(number) for number in numbers}
    seconds = socket.getdefaulttimeout()
    yield
    # Beat bounds all sockets of its process.
    socket.setdefaulttimeout(seconds)
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("handlers")
def test_a_signal_in_the_middle_of_a_statement_waits_for_nothing() -> None:
    # Nor may other sockets of this process get beat's time-out.
    options = {"quiet": True, "remote_control": False, "socket_timeout": 0}
    beat = app.Beat(scheduler_cls=Interrupted, **options)

    beat.start_scheduler()

    assert Interrupted.stored == [True]


class Starting(Scheduler):
    """Be told to end while the schedule is read for the first time."""

    times = 0

    def setup_schedule(self) -> None:
        type(self).times += 1
        signal.raise_signal(signal.SIGTERM)


@pytest.mark.usefixtures("handlers")
def test_a_signal_while_it_starts_ends_it_without_another_schedule() -> None:
    beat = app.Beat(scheduler_cls=Starting, quiet=True, remote_control=False)

    with pytest.raises(SystemExit):
        beat.start_scheduler()

    assert Starting.times == 1
