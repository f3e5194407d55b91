"""Circuit breaker for our own Redis: an outage costs a time-out once, not per call.

What a provider refuses is another matter and stands in the database:
`services/grants/circuit_breaker.py`.
"""

import logging
import math
import threading
import time
from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar

from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

PAUSE_SECONDS: Final = 5.0

P = ParamSpec("P")
T = TypeVar("T")


class CircuitOpen(Exception):
    """Redis failed just now, or failed a few seconds ago and was not asked."""


class CircuitBreaker:
    """Circuit breaker around the calls of one user of Redis.

    It opens on an error and on an answer slower than `slow` seconds. Open, it lets one
    call a pause through, and closes when that one is answered in time.
    """

    def __init__(
        self,
        user: str,
        *,
        pause: float = PAUSE_SECONDS,
        slow: float = math.inf,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start closed; `user` is named in the logs."""
        self._user = user
        self._pause = pause
        self._slow = slow
        self._clock = clock
        self._lock = threading.Lock()
        self._retry_at = self._opened_at = 0.0
        self.is_open = False

    def call(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what `function` returns; CircuitOpen instead of a failure of Redis."""
        if not self._allows():
            raise CircuitOpen(self._user)
        started = self._clock()
        try:
            answer = function(*args, **kwargs)
        except (RedisError, OSError) as exc:
            self._open(type(exc).__name__)
            raise CircuitOpen(self._user) from exc
        if self._clock() - started > self._slow:
            self._open("slow")
        else:
            self._close()
        return answer

    def _allows(self) -> bool:
        if not self.is_open:
            return True
        with self._lock:
            now = self._clock()
            if now < self._retry_at:
                return False
            self._retry_at = now + self._pause
            return True

    def _open(self, reason: str) -> None:
        with self._lock:
            now = self._clock()
            self._retry_at = now + self._pause
            was_open, self.is_open = self.is_open, True
            if not was_open:
                self._opened_at = now
        if not was_open:
            logger.warning("circuit open user=%s reason=%s", self._user, reason)

    def _close(self) -> None:
        if self.is_open:
            self.is_open = False
            seconds = math.ceil(self._clock() - self._opened_at)
            logger.warning("circuit closed user=%s seconds=%d", self._user, seconds)
