"""Count what the sandbox was asked, for people and for tests."""

import threading
from collections import Counter, defaultdict, deque
from collections.abc import Mapping
from typing import Any


class Peak:
    """Remember the largest number of events in any ten seconds."""

    def __init__(self) -> None:
        self.highest = 0
        self._times: deque[float] = deque()

    def add(self, now: float) -> None:
        self._times.append(now)
        while self._times[0] <= now - 10.0:
            self._times.popleft()
        self.highest = max(self.highest, len(self._times))


class Stats:
    """Keep counters by provider and name, since the sandbox started to count."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.counted: defaultdict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
        self.peaks: defaultdict[tuple[str, str], Peak] = defaultdict(Peak)

    def count(
        self,
        *,
        provider: str,
        endpoint: str,
        bucket: str,
        account: str,
        status: int,
        now: float,
    ) -> None:
        """Count one answered request; status 0 is an answer that was never sent."""
        where = f"{account or '-'}:{bucket}"
        with self._lock:
            self.counted["endpoint"][provider, endpoint] += 1
            self.counted["status"][provider, str(status)] += 1
            self.counted["limited"][provider, where] += status == 429
            self.peaks[provider, where].add(now)

    def count_fault(self, provider: str, kind: str) -> None:
        with self._lock:
            self.counted["fault"][provider, kind] += 1

    def to_dict(self, provider: str = "") -> dict[str, Any]:
        def join(counted: Mapping[tuple[str, str], Any], mark: str) -> dict[str, Any]:
            return {
                f"{slug}{mark}{name}": value
                for (slug, name), value in counted.items()
                if provider in ("", slug)
            }

        def add_up(what: str) -> Counter[str]:
            total: Counter[str] = Counter()
            for (slug, name), count in self.counted[what].items():
                total[name] += count if provider in ("", slug) else 0
            return +total

        with self._lock:
            peaks = join(self.peaks, ":")
            return {
                "requests": add_up("endpoint").total(),
                "by_endpoint": join(self.counted["endpoint"], " "),
                "by_status": add_up("status"),
                "rate_limited_total": add_up("limited").total(),
                "faults_struck": add_up("fault"),
                "max_in_10_seconds": {key: p.highest for key, p in peaks.items()},
            }
