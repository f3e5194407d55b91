"""Notice requests that overlap."""

import threading
from collections import Counter


class InFlight:
    """Notice two token requests about the same secret at the same time."""

    def __init__(self) -> None:
        """Start with nothing in flight."""
        self._lock = threading.Lock()
        self._now: Counter[str] = Counter()

    def enter(self, key: str) -> bool:
        """Count a request in, and say whether another one is already there."""
        with self._lock:
            self._now[key] += 1
            return self._now[key] > 1

    def leave(self, key: str) -> None:
        """Count a request out."""
        with self._lock:
            self._now[key] -= 1
            if self._now[key] <= 0:
                del self._now[key]
