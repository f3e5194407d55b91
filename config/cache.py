"""Django cache in Redis, with a local-memory fallback behind a circuit breaker."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.cache.backends.locmem import LocMemCache
from django_redis.cache import RedisCache

from config.environment.sentinel import ONCE, is_sentinel, read_sentinels
from integrations.http.resilience.circuit_breaker import CircuitBreaker, CircuitOpen

# How long a hanging Redis costs one request before the circuit opens.
SOCKET_SECONDS = 0.5
# Slower answers open it as well: a page asks several times.
SLOW_SECONDS = 0.3
TIMEOUTS = {"socket_connect_timeout": SOCKET_SECONDS, "socket_timeout": SOCKET_SECONDS}
# The options of django-redis. TLS and its certificates are named in the address.
OPTIONS: dict[str, Any] = {
    "SOCKET_CONNECT_TIMEOUT": SOCKET_SECONDS,
    "SOCKET_TIMEOUT": SOCKET_SECONDS,
    # Redis content is data, never code: no pickles.
    "SERIALIZER": "django_redis.serializers.json.JSONSerializer",
    "CONNECTION_POOL_KWARGS": ONCE,
}


def read_cache(url: str) -> dict[str, Any]:
    """Return the cache at an address that was accepted, in Django's terms."""
    backend = f"{__name__}.{ResilientRedisCache.__name__}"
    settings = {"BACKEND": backend, "KEY_PREFIX": "cache"}
    if not is_sentinel(url):
        return {**settings, "LOCATION": url, "OPTIONS": OPTIONS}
    sentinels = read_sentinels(url)
    options = {
        **OPTIONS,
        # Not its SentinelClient, which reads from replicas: limits are counted here,
        # and what was written must be there when it is read.
        "CONNECTION_FACTORY": "django_redis.pool.SentinelConnectionFactory",
        "SENTINELS": list(sentinels.hosts),
        "SENTINEL_KWARGS": sentinels.sentinel_options(TIMEOUTS),
        "CONNECTION_POOL_KWARGS": {**ONCE, **sentinels.pool_options()},
        "USERNAME": sentinels.username,
        "PASSWORD": sentinels.password,
    }
    # A host name is all that this address has room for.
    location = f"redis://{sentinels.service}/{sentinels.number}"
    return {**settings, "LOCATION": location, "OPTIONS": options}


Method = Callable[..., Any]


def _or_locally(method: Method) -> Method:
    """Override one method of django-redis so that it never fails for want of Redis."""

    @wraps(method)
    def call(self: "ResilientRedisCache", *args: Any, **kwargs: Any) -> Any:
        try:
            return self.circuit_breaker.call(method, self, *args, **kwargs)
        except CircuitOpen:
            return getattr(self.local, method.__name__)(*args, **kwargs)

    return call


class ResilientRedisCache(RedisCache):
    """django-redis's cache; while its circuit is open, a cache of this process.

    The cache holds nothing that the database does not know, so a fallback that
    forgets costs time and never truth. Rate limits count per process meanwhile.
    """

    # Django makes a cache object per thread; the circuit is one per process.
    circuit_breaker = CircuitBreaker("cache", slow=SLOW_SECONDS)

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self.local = LocMemCache("fallback", {**params, "OPTIONS": {}})

    add = _or_locally(RedisCache.add)
    get = _or_locally(RedisCache.get)
    set = _or_locally(RedisCache.set)
    touch = _or_locally(RedisCache.touch)
    delete = _or_locally(RedisCache.delete)
    incr = _or_locally(RedisCache.incr)
    decr = _or_locally(RedisCache.decr)
    has_key = _or_locally(RedisCache.has_key)
    get_many = _or_locally(RedisCache.get_many)
    set_many = _or_locally(RedisCache.set_many)
    delete_many = _or_locally(RedisCache.delete_many)

    def is_shared(self) -> bool:
        """Return whether Redis answers, which all processes share."""
        self.has_key("shared")
        return not self.circuit_breaker.is_open

    def clear(self) -> None:
        """Delete our own keys; the server may hold a queue beside them."""
        self.local.clear()
        try:
            self.circuit_breaker.call(self.delete_pattern, "*")
        except CircuitOpen:
            return
