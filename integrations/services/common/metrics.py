"""Counters of all processes together, kept in the cache's Redis.

Each process adds up by itself and sends what has come together every few seconds. So
one address tells what all machines have counted, workers as well, which answer no
request; a process that ends or is replaced takes nothing back; and while Redis is away,
nothing but a process that ends meanwhile loses anything. A Redis that forgets begins at
zero, which Prometheus takes for a restart.
"""

import atexit
import json
import logging
import os
import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping
from typing import Final

from django.db import transaction
from django_redis import get_redis_connection
from msgspec import Struct
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from integrations.http.observability.endpoints import endpoint_of

logger = logging.getLogger(__name__)

KEY: Final = "metrics:1"
FLUSH_SECONDS: Final = 5.0
INFINITE: Final = "+Inf"
Sample = tuple[str, ...]


class Metric(Struct, frozen=True, kw_only=True):
    """Counter, or a histogram where it has buckets, by its name in Prometheus."""

    name: str
    description: str
    labels: tuple[str, ...]
    buckets: tuple[float, ...] = ()


REFRESHES = Metric(
    name="mooring_refreshes",
    description="Attempts to refresh a token, by how they ended.",
    labels=("provider", "outcome"),
)
SYNCS = Metric(
    name="mooring_syncs",
    description="Syncs that ended, by how.",
    labels=("provider", "trigger", "outcome"),
)
ITEMS = Metric(
    name="mooring_items",
    description="Items that syncs created, changed, deleted or found unchanged.",
    labels=("provider", "change"),
)
WAITS = Metric(
    name="mooring_wait_seconds",
    description="Seconds that syncs waited for a provider's limits.",
    labels=("provider",),
)
EDITS = Metric(
    name="mooring_edits",
    description="Edits that ended, by how.",
    labels=("provider", "verb", "outcome"),
)
CALLS = Metric(
    name="mooring_provider_calls",
    description="Calls of a provider's API, by class of endpoint and status.",
    labels=("provider", "endpoint", "status"),
)
PAGES = Metric(
    name="mooring_page_seconds",
    description="Time that the site took to answer, by view and class of status.",
    labels=("view", "status"),
    buckets=(0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)
COUNTED: Final = (REFRESHES, SYNCS, ITEMS, WAITS, EDITS, CALLS, PAGES)


class _Pending:
    """What this process has counted and not sent."""

    def __init__(self) -> None:
        self.sums: Counter[Sample] = Counter()
        self.lock = threading.Lock()
        self.pid = 0

    def add(self, sums: Mapping[Sample, float]) -> None:
        with self.lock:
            for sample, number in sums.items():
                self.sums[sample] += number  # type: ignore[assignment]
        self._begin()

    def take(self) -> Counter[Sample]:
        with self.lock:
            taken, self.sums = self.sums, Counter()
        return taken

    def _begin(self) -> None:
        """Send from a thread of this process; one that forked has none yet."""
        if self.pid == os.getpid():
            return
        self.pid = os.getpid()
        threading.Thread(target=_flush_for_ever, daemon=True).start()


_pending = _Pending()


def count(metric: Metric, number: float = 1, **labels: str) -> None:
    """Add to a counter, once what it counts is committed."""
    if not number:
        return
    sample = (metric.name, *(str(labels[name]) for name in metric.labels))
    transaction.on_commit(lambda: _pending.add({sample: number}), robust=True)


def observe(metric: Metric, value: float, **labels: str) -> None:
    """Add one value to a histogram."""
    known = (metric.name, *(str(labels[name]) for name in metric.labels))
    place = bisect_left(metric.buckets, value)
    bounds = [*map(str, metric.buckets), INFINITE]
    _pending.add({(*known, bounds[place]): 1, (*known, "sum"): value})


def count_call(provider: str, method: str, path: str, status: int | None) -> None:
    """Count one call of a provider's API; without a status there was no answer."""
    labels = {
        "provider": provider,
        "endpoint": f"{method} {endpoint_of(path)}",
        "status": str(status or "none"),
    }
    sample = (CALLS.name, *(labels[name] for name in CALLS.labels))
    _pending.add({sample: 1})


def flush() -> None:
    """Send what has come together; what Redis does not take is kept.

    What it may have taken before its answer was late is not counted again.
    """
    taken = _pending.take()
    if not taken:
        return
    try:
        pipe = get_redis_connection().pipeline(transaction=False)
        for sample, number in taken.items():
            pipe.hincrbyfloat(KEY, json.dumps(sample), float(number))
        pipe.execute()
    except RedisTimeoutError:
        logger.info("metrics may be lost samples=%d", len(taken))
    except (RedisError, OSError, NotImplementedError):
        _pending.add(taken)


def read() -> dict[Sample, float]:
    """Return what all processes have counted, with what this one has not sent."""
    flush()
    sums: dict[Sample, float] = {}
    try:
        stored = get_redis_connection().hgetall(KEY)
    except (RedisError, OSError, NotImplementedError):
        stored = {}
    for field, number in stored.items():
        sums[tuple(json.loads(field))] = float(number)
    with _pending.lock:
        for sample, number in _pending.sums.items():
            sums[sample] = sums.get(sample, 0.0) + number
    return sums


def _flush_for_ever() -> None:
    wait = threading.Event()
    while not wait.wait(FLUSH_SECONDS):
        flush()


atexit.register(flush)
