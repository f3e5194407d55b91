"""Count requests in rolling and fixed windows, and those under way."""

import threading
from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager


class Windows:
    """Admit at most so many requests per key and stretch of time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._times: defaultdict[str, deque[float]] = defaultdict(deque)
        self._closed_until: dict[str, float] = {}
        self._open: dict[str, tuple[float, int]] = {}

    def admit(
        self, key: str, *, limit: int, seconds: float, now: float, penalty: float = 0.0
    ) -> tuple[bool, int]:
        """Say whether one more fits into any such stretch, and how many after it.

        One request too many closes the key for as long as the penalty says.
        """
        with self._lock:
            if now < self._closed_until.get(key, now):
                return False, 0
            times = self._times[key]
            while times and times[0] <= now - seconds:
                times.popleft()
            if len(times) >= limit:
                self._closed_until[key] = now + penalty
                return False, 0
            times.append(now)
            return True, limit - len(times)

    def admit_fixed(
        self, key: str, *, limit: int, seconds: float, now: float
    ) -> float | None:
        """Return the seconds until the next window, unless one more request fits.

        The first request opens a window.
        """
        with self._lock:
            start, used = self._open.get(key, (now, 0))
            if now - start >= seconds:
                start, used = now, 0
            if used >= limit:
                return start + seconds - now
            self._open[key] = (start, used + 1)
            return None


class InFlight:
    """Notice two token requests about the same secret at the same time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now: Counter[str] = Counter()

    @contextmanager
    def enter(self, key: str) -> Iterator[bool]:
        with self._lock:
            self._now[key] += 1
            is_overlapping = bool(key) and self._now[key] > 1
        try:
            yield is_overlapping
        finally:
            with self._lock:
                # What is at zero leaves.
                self._now -= Counter([key])
