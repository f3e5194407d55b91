"""Count what the sandbox was asked, for people and for tests."""

import threading
from collections import Counter, defaultdict, deque
from collections.abc import Mapping
from typing import Any


class Peak:
    """Remember the largest number of events in any stretch of so many seconds."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.highest = 0
        self._times: deque[float] = deque()

    def add(self, now: float) -> None:
        """Count one event."""
        self._times.append(now)
        while self._times[0] <= now - self.seconds:
            self._times.popleft()
        self.highest = max(self.highest, len(self._times))


class Stats:
    """Keep counters in memory since the start or the last reset."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """Forget everything counted so far."""
        with self._lock:
            self.endpoints: Counter[str] = Counter()
            self.statuses: Counter[str] = Counter()
            self.accounts: Counter[str] = Counter()
            self.throttled: Counter[str] = Counter()
            self.faults: Counter[str] = Counter()
            self.peaks: defaultdict[str, tuple[Peak, Peak]] = defaultdict(
                lambda: (Peak(10.0), Peak(1.0))
            )

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
        who = f"{provider}:{account or '-'}"
        with self._lock:
            self.endpoints[f"{provider} {endpoint}"] += 1
            self.statuses[f"{provider} {status}"] += 1
            self.accounts[who] += 1
            if status == 429:
                self.throttled[f"{who}:{bucket}"] += 1
            for peak in self.peaks[f"{who}:{bucket}"]:
                peak.add(now)

    def count_fault(self, provider: str, kind: str) -> None:
        """Count one fault that struck."""
        with self._lock:
            self.faults[f"{provider} {kind}"] += 1

    def to_dict(self, provider: str = "") -> dict[str, Any]:
        """Return the counters as plain data, of all providers or of one."""

        def choose(counted: Mapping[str, Any], mark: str) -> dict[str, Any]:
            start = f"{provider}{mark}" if provider else ""
            return {k: v for k, v in counted.items() if k.startswith(start)}

        with self._lock:
            endpoints, limited = (
                choose(self.endpoints, " "),
                choose(self.throttled, ":"),
            )
            peaks = choose(self.peaks, ":")
            statuses, struck = choose(self.statuses, " "), choose(self.faults, " ")
            return {
                "requests": sum(endpoints.values()),
                "by_endpoint": endpoints,
                "by_status": _add_up(statuses),
                "by_account": choose(self.accounts, ":"),
                "rate_limited": limited,
                "rate_limited_total": sum(limited.values()),
                "faults_struck": _add_up(struck),
                "max_in_10_seconds": {k: p[0].highest for k, p in peaks.items()},
                "max_in_1_second": {k: p[1].highest for k, p in peaks.items()},
            }


def _add_up(counted: Mapping[str, int]) -> dict[str, int]:
    """Leave the provider out of the names."""
    total: Counter[str] = Counter()
    for name, count in counted.items():
        total[name.partition(" ")[2]] += count
    return dict(total)
