"""Time the scheduler over many connections that are all due."""

import time
from datetime import timedelta
from typing import Any

from django.db import connection as database
from django.utils import timezone

from integrations.models import Connection, SyncRun
from integrations.services.common import queue
from integrations.services.upkeep import schedule
from tests.bench.site import product
from tests.bench.site.site import Site
from tests.bench.support.figures import Figures, median

CONNECTIONS = 100_000
TICKS, TICK_SECONDS = 3, 15


def measure(site: Site, figures: Figures, *, long: bool) -> None:
    """Make the connections, and dispatch them for some ticks, or all."""
    user, now = product.make_user(), timezone.now()
    Connection.objects.bulk_create(
        (
            Connection(
                owner=user,
                provider="hubspot",
                remote_id=f"{number}:1",
                account_name=f"Account {number}",
                next_sync_at=now - timedelta(seconds=number % 900),
            )
            for number in range(CONNECTIONS)
        ),
        batch_size=1000,
    )
    times, queries, started_runs = [], [], 0
    while started_runs < CONNECTIONS and (long or len(times) < TICKS):
        count = [0]
        started = time.monotonic()
        with database.execute_wrapper(_counter(count)):
            done = schedule.dispatch_due(now=now)
        times.append((time.monotonic() - started) / done * 1000)
        queries.append(count[0] / done * 1000)
        started_runs += done
    assert SyncRun.objects.count() == started_runs
    assert queue.waiting("sync") == started_runs
    figures.title = f"dispatch of {CONNECTIONS:,} due connections"
    figures.add("runs started by one tick", f"{started_runs / len(times):,.0f}")
    figures.add("for 1,000 connections", f"{median(times):.2f} s")
    figures.add("statements for 1,000", f"{median(queries):,.0f}")
    ticks = CONNECTIONS / (started_runs / len(times))
    figures.add(f"for all {CONNECTIONS:,}", f"{ticks * TICK_SECONDS / 60:.1f} min")


def _counter(count: list[int]) -> Any:
    def wrapper(execute: Any, sql: str, *rest: Any) -> Any:
        count[0] += 1
        return execute(sql, *rest)

    return wrapper
