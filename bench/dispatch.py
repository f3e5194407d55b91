"""Time the scheduler over many connections that are all due."""

import time
from datetime import timedelta
from typing import Any

from django.db import connection as database
from django.utils import timezone

from bench import product
from bench.figures import Figures, median
from bench.site import Site
from integrations.models import Connection, SyncRun
from integrations.services import schedule

CONNECTIONS = 100_000
ROUNDS = 5


def measure(site: Site, figures: Figures, *, long: bool) -> None:
    """Make the connections, and dispatch some thousands of them, or all."""
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
    times, queries, rounds = [], [], 0
    while rounds < (CONNECTIONS // schedule.MOST_AT_ONCE if long else ROUNDS):
        count = [0]
        started = time.monotonic()
        with database.execute_wrapper(_counter(count)):
            done = schedule.dispatch_due(now=now)
        times.append((time.monotonic() - started) / done * 1000)
        queries.append(count[0] / done * 1000)
        rounds += 1
    assert SyncRun.objects.count() == rounds * schedule.MOST_AT_ONCE
    figures.title = f"dispatch of {CONNECTIONS:,} due connections"
    figures.add("for 1,000 connections", f"{median(times):.1f} s")
    figures.add("queries for 1,000", f"{median(queries):,.0f}")
    all_of_them = median(times) * CONNECTIONS / 1000 / 60
    figures.add(f"for all {CONNECTIONS:,}", f"{all_of_them:.1f} min of one scheduler")


def _counter(count: list[int]) -> Any:
    def wrapper(execute: Any, sql: str, *rest: Any) -> Any:
        count[0] += 1
        return execute(sql, *rest)

    return wrapper
