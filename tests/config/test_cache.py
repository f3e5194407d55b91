"""Test that a dead, slow or strange Redis costs little and breaks nothing."""

from collections.abc import Iterator
from typing import Any

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from config import cache as cache_module
from config.cache import Breaker, FallbackCache


class FakeServer:
    """Stand in for django-redis: count calls, fail or dawdle on demand."""

    def __init__(self) -> None:
        self.calls = 0
        self.error: Exception | None = None
        self.seconds = 0.0

    def __getattr__(self, name: str) -> Any:
        def call(*_args: Any, **_kwargs: Any) -> str:
            self.calls += 1
            if self.error:
                raise self.error
            Clock.now += self.seconds
            return "from the server"

        return call


class Clock:
    now = 1000.0


@pytest.fixture
def server() -> FakeServer:
    return FakeServer()


@pytest.fixture
def cache(
    server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[FallbackCache]:
    Clock.now = 1000.0
    made = FallbackCache("redis://127.0.0.1:9/0", {})
    monkeypatch.setattr(made, "_redis", server)
    monkeypatch.setattr(made, "_breaker", Breaker(clock=lambda: Clock.now))
    monkeypatch.setattr(cache_module.time, "monotonic", lambda: Clock.now)
    yield made
    made._local.clear()


def test_a_healthy_server_answers(cache: FallbackCache) -> None:
    assert cache.get("key") == "from the server"


def test_a_dead_server_is_asked_once_in_five_seconds(
    cache: FallbackCache, server: FakeServer
) -> None:
    server.error = RedisConnectionError("refused")

    cache.set("key", "ours", 60)
    answers = [cache.get("key") for _ in range(20)]

    assert answers == ["ours"] * 20
    assert server.calls == 1

    Clock.now += 5.1
    cache.get("key")
    cache.get("key")

    assert server.calls == 2


def test_the_server_is_trusted_again_when_it_answers(
    cache: FallbackCache, server: FakeServer
) -> None:
    server.error = RedisConnectionError("refused")
    cache.get("key")
    server.error = None
    Clock.now += 5.1

    assert [cache.get("key"), cache.get("key")] == ["from the server"] * 2


def test_a_slow_server_is_left_alone_for_a_while(
    cache: FallbackCache, server: FakeServer
) -> None:
    server.seconds = 0.4

    cache.get("key")
    cache.get("key")

    assert server.calls == 1


def test_rate_limits_go_on_counting_in_this_process(
    cache: FallbackCache, server: FakeServer
) -> None:
    server.error = RedisConnectionError("refused")

    assert cache.add("lock", value=True, timeout=10) is True
    assert cache.add("lock", value=True, timeout=10) is False
    assert cache.delete("lock") is True


def test_a_missing_number_is_an_error_of_the_caller_and_no_outage(
    cache: FallbackCache, server: FakeServer
) -> None:
    server.error = ValueError("no such key")

    with pytest.raises(ValueError, match="no such key"):
        cache.incr("missing")

    assert not cache._breaker.is_open
