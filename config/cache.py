"""Cache in Redis, and in this process alone while Redis is away."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.locmem import LocMemCache
from django_redis.cache import RedisCache
from django_redis.exceptions import ConnectionInterrupted
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

logger = logging.getLogger(__name__)

SOCKET_SECONDS = 0.5
SLOW_SECONDS = 0.3
PAUSE_SECONDS = 5.0


class Breaker:
    """Keep a dead or slow server from costing every request a time-out."""

    def __init__(
        self,
        *,
        pause: float = PAUSE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pause = pause
        self._clock = clock
        self._lock = threading.Lock()
        self._retry_at = 0.0
        self.is_open = False

    def allows(self) -> bool:
        """Tell whether to ask the server; while open, one caller may try."""
        if not self.is_open:
            return True
        with self._lock:
            now = self._clock()
            if now < self._retry_at:
                return False
            self._retry_at = now + self._pause
            return True

    def trip(self, reason: str) -> None:
        """Stop asking for a while and say so once per outage."""
        with self._lock:
            self._retry_at = self._clock() + self._pause
            was_open, self.is_open = self.is_open, True
        if not was_open:
            logger.warning("cache unavailable reason=%s", reason)

    def reset(self) -> None:
        """Trust the server again."""
        if self.is_open:
            self.is_open = False
            logger.info("cache available again")


# Django makes a cache object per thread; the breaker is one per process.
_breakers: dict[str, Breaker] = {}


class FallbackCache(BaseCache):
    """Answer from Redis; on failure from a small cache of this process.

    Nothing is kept here that the database does not know, so a fallback that
    forgets costs time and never truth. Rate limits count per process meanwhile.
    """

    def __init__(self, location: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        # A copied query would let LocMem take its options for redis-py's.
        options = {
            "SOCKET_CONNECT_TIMEOUT": SOCKET_SECONDS,
            "SOCKET_TIMEOUT": SOCKET_SECONDS,
            # Redis content is data, never code: no pickles.
            "SERIALIZER": "django_redis.serializers.json.JSONSerializer",
            # redis-py would otherwise repeat three times with a growing pause.
            "CONNECTION_POOL_KWARGS": {"retry": Retry(NoBackoff(), 0)},
        }
        self._redis: RedisCache = RedisCache(location, {**params, "OPTIONS": options})
        self._local = LocMemCache("fallback", {**params, "OPTIONS": {}})
        self._breaker = _breakers.setdefault(location, Breaker())

    def _call(self, method: str, *args: Any, **kwargs: Any) -> Any:
        local = getattr(self._local, method)
        if not self._breaker.allows():
            return local(*args, **kwargs)
        started = time.monotonic()
        try:
            answer = getattr(self._redis, method)(*args, **kwargs)
        except (RedisError, ConnectionInterrupted, OSError) as exc:
            self._breaker.trip(type(exc).__name__)
            return local(*args, **kwargs)
        if time.monotonic() - started > SLOW_SECONDS:
            self._breaker.trip("slow")
        else:
            self._breaker.reset()
        return answer

    def add(self, *args: Any, **kwargs: Any) -> bool:
        """Store a value unless the key is there."""
        return bool(self._call("add", *args, **kwargs))

    def get(self, *args: Any, **kwargs: Any) -> Any:
        """Return a value, or the default."""
        return self._call("get", *args, **kwargs)

    def set(self, *args: Any, **kwargs: Any) -> None:
        """Store a value."""
        self._call("set", *args, **kwargs)

    def touch(self, *args: Any, **kwargs: Any) -> bool:
        """Give a value another lifetime."""
        return bool(self._call("touch", *args, **kwargs))

    def delete(self, *args: Any, **kwargs: Any) -> bool:
        """Forget a value."""
        return bool(self._call("delete", *args, **kwargs))

    def incr(self, *args: Any, **kwargs: Any) -> int:
        """Add to a number; a missing key is a ValueError, as Django wants."""
        return int(self._call("incr", *args, **kwargs))

    def has_key(self, *args: Any, **kwargs: Any) -> bool:
        """Tell whether a key is there."""
        return bool(self._call("has_key", *args, **kwargs))

    def clear(self) -> None:
        """Forget our own keys; the server may hold a queue beside them."""
        self._local.clear()
        if self._breaker.allows():
            self._call("delete_pattern", "*")

    def close(self, **_kwargs: Any) -> None:
        """Keep connections: the pool is shared by the process."""
