"""Rate limiter: one sliding window a limit, shared by every process through Redis."""

import math
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final, Protocol

from msgspec import Struct
from redis import Redis

from integrations.http.errors import RateLimited
from integrations.http.resilience.circuit_breaker import CircuitBreaker, CircuitOpen
from integrations.http.resilience.limit_scripts import ACQUIRE, BLOCK

PREFIX: Final = "limit:"
MAX_WAIT: Final = 5.0
# A month's quota may keep a bucket blocked until the month is over.
MAX_BLOCK: Final = 32 * 86_400.0
_MAX_KEYS: Final = 10_000


class Limit(Struct, frozen=True, kw_only=True):
    """At most `limit` requests in any `seconds` for everybody who uses this `key`.

    The key names the bucket in which requests are counted. `blocks` is False for a
    limit that a 429 does not speak of, where a call obeys several. `may_rise` says
    that nobody has set it, so that answers which tell a higher one are believed.
    """

    key: str
    limit: int
    seconds: float
    blocks: bool = True
    may_rise: bool = False

    def __post_init__(self) -> None:
        if not self.key or self.limit < 1 or self.seconds <= 0:
            raise ValueError("a limit needs a key, a count and a time")


class Verdict(Struct, frozen=True):
    """A limiter's answer: go now (wait 0), or how long to wait and for which bucket."""

    wait: float
    bucket: str = ""


class Limiter(Protocol):
    """Rate limiter of outgoing requests."""

    def acquire(self, limits: Sequence[Limit]) -> float:
        """Wait shortly for one request against all `limits`; return seconds slept.

        Raises RateLimited (`retry_after`, `bucket`) when more waiting is needed.
        """
        ...

    def block(self, key: str, seconds: float) -> None:
        """Block the bucket `key` for `seconds`; never shortens a longer block."""
        ...


class _Waiting(ABC):
    """Limiter that sleeps through short waits and raises for long ones."""

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
                    bucket=verdict.bucket,
                )
            self._sleep(verdict.wait)
            slept += verdict.wait
        return slept

    @abstractmethod
    def _ask(self, limits: Sequence[Limit]) -> Verdict:
        """Take one request from all `limits` now, or say how long to wait."""


class LocalLimiter(_Waiting):
    """Rate limiter of this process only, which takes `fraction` of each limit."""

    def __init__(self, *, fraction: float = 1.0, **options: Any) -> None:
        """Take `fraction` of each limit, at least one request; options as above."""
        super().__init__(**options)
        self._fraction = fraction
        self._lock = threading.Lock()
        self._grants: dict[str, deque[float]] = {}
        self._blocked: dict[str, float] = {}

    def block(self, key: str, seconds: float) -> None:
        """Block the bucket `key` for this process."""
        until = self._clock() + min(max(seconds, 0.0), MAX_BLOCK)
        with self._lock:
            self._blocked[key] = max(until, self._blocked.get(key, 0.0))

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
        wait = self._blocked.get(limit.key, now) - now
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
        if len(self._blocked) > _MAX_KEYS:
            self._blocked = {k: end for k, end in self._blocked.items() if end > now}


class RedisLimiter(_Waiting):
    """Rate limiter of all processes, in Redis and by the clock of its server.

    While the circuit is open each process goes on with a quarter of every limit. Give
    the client a socket timeout of a second or less: that is how long a hanging Redis
    costs before the circuit opens.
    """

    def __init__(
        self,
        client: Redis,
        *,
        circuit_breaker: CircuitBreaker | None = None,
        **options: Any,
    ) -> None:
        """Use `client` behind a circuit breaker; options are those of `_Waiting`."""
        super().__init__(**options)
        self._acquire = client.register_script(ACQUIRE)
        self._block = client.register_script(BLOCK)
        self._local = LocalLimiter(fraction=0.25, clock=self._clock)
        self._circuit_breaker = circuit_breaker or CircuitBreaker("limiter")

    def block(self, key: str, seconds: float) -> None:
        """Block the bucket `key` for every process."""
        seconds = min(max(seconds, 0.001), MAX_BLOCK)
        self._local.block(key, seconds)
        milliseconds = math.ceil(seconds * 1000)
        with suppress(CircuitOpen):
            self._circuit_breaker.call(
                self._block, keys=[_block_key(key)], args=[milliseconds]
            )

    def _ask(self, limits: Sequence[Limit]) -> Verdict:
        keys = [name for each in limits for name in (_key(each), _block_key(each.key))]
        args = [
            number
            for each in limits
            for number in (round(each.seconds * 1e6), each.limit)
        ]
        try:
            wait_ms, position = self._circuit_breaker.call(
                self._acquire, keys=keys, args=args
            )
        except CircuitOpen:
            return self._local._ask(limits)  # noqa: SLF001 - one algorithm, two stores
        return Verdict(wait_ms / 1000, limits[position - 1].key if wait_ms else "")


def _key(limit: Limit) -> str:
    return PREFIX + limit.key


def _block_key(key: str) -> str:
    return f"{PREFIX}blocked:{key}"
