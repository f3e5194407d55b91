"""Count requests together: one sliding window a limit, shared by every process."""

import logging
import math
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from redis import Redis
from redis.exceptions import RedisError

from integrations.http.errors import RateLimited
from integrations.http.limit_scripts import ACQUIRE, CLOSE

logger = logging.getLogger(__name__)

PREFIX: Final = "limit:"
MAX_WAIT: Final = 5.0
# A month's quota may keep a gate closed until the month is over.
MAX_CLOSED: Final = 32 * 86_400.0
_MAX_KEYS: Final = 10_000


@dataclass(frozen=True, kw_only=True)
class Limit:
    """At most `limit` requests in any `seconds` for everybody who uses this `key`.

    `closes` is False for a limit that a 429 does not speak of, where a call obeys
    several.
    """

    key: str
    limit: int
    seconds: float
    closes: bool = True

    def __post_init__(self) -> None:
        if not self.key or self.limit < 1 or self.seconds <= 0:
            raise ValueError("a limit needs a key, a count and a time")


@dataclass(frozen=True)
class Verdict:
    """What a limiter answers: go now (wait 0), or the seconds to wait, and for whom."""

    wait: float
    gate: str = ""


class Limiter(Protocol):
    """Whatever grants requests against limits."""

    def acquire(self, limits: Sequence[Limit]) -> float:
        """Wait shortly for one request against all `limits`; return seconds slept.

        Raises RateLimited (`retry_after`, `gate`) when more waiting is needed.
        """
        ...

    def close(self, key: str, seconds: float) -> None:
        """Let nobody through the limit `key` for `seconds`; never shortens a wait."""
        ...


class _Waiting(ABC):
    """Sleep through short waits and raise for long ones."""

    def __init__(
        self,
        *,
        max_wait: float = MAX_WAIT,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Sleep at most `max_wait` seconds for one request, all sleeps together."""
        self.max_wait = max_wait
        self._sleep = sleep
        self._clock = clock

    def acquire(self, limits: Sequence[Limit]) -> float:
        """Take one request from all `limits` or none; see `Limiter.acquire`."""
        slept = 0.0
        while limits:
            verdict = self._ask(limits)
            if verdict.wait <= 0:
                break
            if slept + verdict.wait > self.max_wait:
                raise RateLimited(
                    "our own limit is used up",
                    retry_after=verdict.wait,
                    gate=verdict.gate,
                )
            self._sleep(verdict.wait)
            slept += verdict.wait
        return slept

    @abstractmethod
    def _ask(self, limits: Sequence[Limit]) -> Verdict:
        """Take one request from all `limits` now, or say how long to wait."""


class LocalLimiter(_Waiting):
    """Count within this process only; `fraction` is the part of each limit it takes."""

    def __init__(self, *, fraction: float = 1.0, **options: Any) -> None:
        """Take `fraction` of each limit, at least one request; options as above."""
        super().__init__(**options)
        self._fraction = fraction
        self._lock = threading.Lock()
        self._grants: dict[str, deque[float]] = {}
        self._closed: dict[str, float] = {}

    def close(self, key: str, seconds: float) -> None:
        """Let nobody of this process through `key` for `seconds`."""
        until = self._clock() + min(max(seconds, 0.0), MAX_CLOSED)
        with self._lock:
            self._closed[key] = max(until, self._closed.get(key, 0.0))

    def _ask(self, limits: Sequence[Limit]) -> Verdict:
        with self._lock:
            now = self._clock()
            self._forget(now)
            verdicts = [Verdict(self._wait(each, now), each.key) for each in limits]
            longest = max(verdicts, key=lambda each: each.wait)
            if longest.wait > 0:
                return longest
            for each in limits:
                row = self._grants.setdefault(each.key, deque())
                row.append(now)
                while len(row) > each.limit:
                    row.popleft()
            return Verdict(0.0)

    def _wait(self, limit: Limit, now: float) -> float:
        wait = self._closed.get(limit.key, now) - now
        row = self._grants.get(limit.key, ())
        allowed = max(1, math.floor(limit.limit * self._fraction))
        if len(row) >= allowed:
            wait = max(wait, row[-allowed] + limit.seconds - now)
        return max(wait, 0.0)

    def _forget(self, now: float) -> None:
        # Keys come and go with connections; a process may live for months.
        if len(self._grants) > _MAX_KEYS:
            self._grants = {
                key: row for key, row in self._grants.items() if now - row[-1] < 86_400
            }
        if len(self._closed) > _MAX_KEYS:
            self._closed = {k: end for k, end in self._closed.items() if end > now}


class RedisLimiter(_Waiting):
    """Count across all processes in Redis, by the clock of its server.

    Without Redis each process goes on with a quarter of every limit, and Redis is
    asked again after `pause` seconds. Give the client a socket timeout of a second
    or less: that is how long a hanging Redis costs before the pause.
    """

    def __init__(self, client: "Redis", *, pause: float = 5.0, **options: Any) -> None:
        """Use `client`; options are those of `_Waiting`."""
        super().__init__(**options)
        self._acquire = client.register_script(ACQUIRE)
        self._close = client.register_script(CLOSE)
        self._local = LocalLimiter(fraction=0.25, clock=self._clock)
        self._pause = pause
        self._resume_at = -math.inf

    def close(self, key: str, seconds: float) -> None:
        """Let nobody through `key` for `seconds`, in any process."""
        seconds = min(max(seconds, 0.001), MAX_CLOSED)
        self._local.close(key, seconds)
        self._run(self._close, [_closed_key(key)], [math.ceil(seconds * 1000)])

    def _ask(self, limits: Sequence[Limit]) -> Verdict:
        keys = [name for each in limits for name in (_key(each), _closed_key(each.key))]
        args = [
            number
            for each in limits
            for number in (round(each.seconds * 1e6), each.limit)
        ]
        answer = self._run(self._acquire, keys, args)
        if answer is None:
            return self._local._ask(limits)  # noqa: SLF001 - one algorithm, two stores
        wait_ms, position = answer
        return Verdict(wait_ms / 1000, limits[position - 1].key if wait_ms else "")

    def _run(self, script: Any, keys: list[str], args: list[int]) -> Any:
        """Run `script`; None when Redis is gone or was gone a moment ago."""
        if self._clock() < self._resume_at:
            return None
        try:
            return script(keys=keys, args=args)
        except RedisError as exc:
            self._resume_at = self._clock() + self._pause
            logger.warning("limits are counted locally cause=%s", type(exc).__name__)
            return None


def _key(limit: Limit) -> str:
    return PREFIX + limit.key


def _closed_key(key: str) -> str:
    return f"{PREFIX}closed:{key}"
