"""The queues can be counted, and nobody waits long for a broker that is away."""

import time

import pytest
from celery import Celery

from integrations.services.common import queue
from tests.real.support.fixtures import MakeStack

pytestmark = pytest.mark.real


def test_the_messages_of_one_queue_are_counted(
    make_stack: MakeStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = make_stack()
    stack.start("valkey")
    app = Celery(
        broker=f"redis://127.0.0.1:{stack.valkey_port}/0", set_as_current=False
    )
    monkeypatch.setattr(queue, "current_app", app)

    for name in ("sync", "sync", "interactive"):
        app.send_task("some.task", queue=name)

    assert queue.waiting("sync") == 2
    assert queue.waiting("empty") == 0
    app.close()


@pytest.mark.alone
def test_counting_without_a_broker_takes_seconds_and_says_so() -> None:
    started = time.monotonic()

    assert queue.waiting("sync") is None

    assert time.monotonic() - started < 10
