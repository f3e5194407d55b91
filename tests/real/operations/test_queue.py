"""The queues can be counted, and nobody waits long for a broker that is away."""

import time

import pytest
from celery import Celery
from django.conf import settings
from django.utils.module_loading import import_string

from config.cache import read_cache
from config.environment.broker import read_broker
from integrations.http.resilience.circuit_breaker import CircuitBreaker
from integrations.services.common import queue
from integrations.services.upkeep.checks.servers import used_memory
from tests.real.support.fixtures import MakeStack

pytestmark = pytest.mark.real
# Nothing listens on these ports.
AWAY = (
    "redis://127.0.0.1:9/0",
    "redis+sentinel://127.0.0.1:9,127.0.0.1:10,127.0.0.1:11/mooring",
)


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


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    """Make the broker one that is away; return its address."""
    address = str(request.param)
    broker = read_broker(address, visibility_timeout=300)
    app = Celery(broker=broker.url, set_as_current=False)
    app.conf.broker_transport_options = broker.options
    app.conf.task_publish_retry_policy = settings.CELERY_TASK_PUBLISH_RETRY_POLICY
    monkeypatch.setattr(queue, "current_app", app)
    return address


@pytest.mark.alone
@pytest.mark.parametrize("away", AWAY, indirect=True)
def test_nobody_waits_long_for_a_broker_or_a_cache_that_is_away(away: str) -> None:
    cache = read_cache(away)
    made = import_string(cache["BACKEND"])(cache["LOCATION"], cache)
    made.circuit_breaker = CircuitBreaker("cache")

    for ask in (
        lambda: queue.send("sweep"),
        lambda: queue.waiting("sync"),
        lambda: used_memory("broker"),
        lambda: made.get("key"),
    ):
        started = time.monotonic()
        assert not ask()
        assert time.monotonic() - started < 1
