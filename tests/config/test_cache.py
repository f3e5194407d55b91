"""Test that a dead, slow or strange Redis costs little and breaks nothing."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import override_settings
from django.utils.module_loading import import_string
from django_redis import get_redis_connection
from django_redis.cache import RedisCache
from redis.exceptions import ConnectionError as RedisConnectionError

from config import settings
from config.cache import OPTIONS, ResilientRedisCache
from integrations.http.resilience.circuit_breaker import CircuitBreaker


class FakeServer:
    """Stand in for django-redis: count calls, fail or dawdle on demand."""

    def __init__(self) -> None:
        self.calls = 0
        self.names: list[str] = []
        self.error: Exception | None = None
        self.seconds = 0.0

    def __getattr__(self, name: str) -> Any:
        def call(*_args: Any, **_kwargs: Any) -> str:
            self.calls += 1
            self.names.append(name)
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
) -> Iterator[ResilientRedisCache]:
    Clock.now = 1000.0
    made = ResilientRedisCache("redis://127.0.0.1:9/0", {})
    monkeypatch.setattr(made, "_client", server)
    made.circuit_breaker = CircuitBreaker("cache", slow=0.3, clock=lambda: Clock.now)
    yield made
    made.local.clear()


def test_a_healthy_server_answers(cache: ResilientRedisCache) -> None:
    assert cache.get("key") == "from the server"


def test_a_dead_server_is_asked_once_in_five_seconds(
    cache: ResilientRedisCache, server: FakeServer
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
    cache: ResilientRedisCache, server: FakeServer
) -> None:
    server.error = RedisConnectionError("refused")
    cache.get("key")
    server.error = None
    Clock.now += 5.1

    assert [cache.get("key"), cache.get("key")] == ["from the server"] * 2


def test_a_slow_server_is_left_alone_for_a_while(
    cache: ResilientRedisCache, server: FakeServer
) -> None:
    server.seconds = 0.4

    cache.get("key")
    cache.get("key")

    assert server.calls == 1


def test_rate_limits_go_on_counting_in_this_process(
    cache: ResilientRedisCache, server: FakeServer
) -> None:
    server.error = RedisConnectionError("refused")

    assert cache.add("lock", value=True, timeout=10) is True
    assert cache.add("lock", value=True, timeout=10) is False
    assert cache.delete("lock") is True


def test_a_missing_number_is_an_error_of_the_caller_and_no_outage(
    cache: ResilientRedisCache, server: FakeServer
) -> None:
    server.error = ValueError("no such key")

    with pytest.raises(ValueError, match="no such key"):
        cache.incr("missing")

    assert not cache.circuit_breaker.is_open


def test_only_an_answering_server_counts_as_shared(
    cache: ResilientRedisCache, server: FakeServer
) -> None:
    assert cache.is_shared()

    server.error = RedisConnectionError("refused")

    assert not cache.is_shared()


def test_clearing_leaves_what_is_not_the_caches(
    cache: ResilientRedisCache, server: FakeServer
) -> None:
    cache.clear()

    assert server.names == ["delete_pattern"]


def test_every_method_of_djangos_cache_falls_back(
    cache: ResilientRedisCache, server: FakeServer
) -> None:
    server.error = RedisConnectionError("refused")

    cache.set("n", 1)
    cache.set_many({"a": 1, "b": 2})

    assert cache.incr("n") == 2
    assert cache.decr("n") == 1
    assert cache.touch("n", 30)
    assert cache.get_or_set("c", 3) == 3
    assert cache.get_many(["a", "b"]) == {"a": 1, "b": 2}
    cache.delete_many(["a", "b"])
    assert "a" not in cache
    cache.clear()
    assert "c" not in cache


def test_the_site_caches_in_django_redis_and_its_limiter_shares_the_connection() -> (
    None
):
    made = import_string(settings.CACHES["default"]["BACKEND"])
    assert issubclass(made, RedisCache)

    with override_settings(CACHES=settings.CACHES):
        options = get_redis_connection().connection_pool.connection_kwargs

    assert options["socket_timeout"] == options["socket_connect_timeout"] == 0.5
    assert options["retry"]._retries == 0


def test_a_cache_over_tls_verifies_the_servers_certificate() -> None:
    address = "rediss://cache.example.com:6380/0?ssl_cert_reqs=required"
    made = ResilientRedisCache(address, {"OPTIONS": OPTIONS})

    options = made.client.get_client().connection_pool.connection_kwargs

    assert options["ssl_cert_reqs"] == "required"
    assert options["socket_timeout"] == 0.5
