"""Count requests in rolling windows."""

import threading
from collections import defaultdict, deque


class RollingWindows:
    """Admit at most so many requests per key in any stretch of so many seconds."""

    def __init__(self) -> None:
        """Start with empty windows; a restart forgets them, as it may."""
        self._lock = threading.Lock()
        self._times: defaultdict[str, deque[float]] = defaultdict(deque)
        self._closed_until: dict[str, float] = {}

    def admit(
        self, key: str, *, limit: int, seconds: float, now: float, penalty: float = 0.0
    ) -> tuple[bool, int]:
        """Say whether one more request fits, and how many fit after it.

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

    def clear(self) -> None:
        """Forget every window."""
        with self._lock:
            self._times.clear()
            self._closed_until.clear()
