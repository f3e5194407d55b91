"""Time the scheduler over many connections that are all due, beside bare statements.

``BENCH_CONNECTIONS`` sets another number of them.
"""

import json
import math
import os
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Any

import redis
from django.contrib.auth.models import User
from django.db import connection as database
from django.utils import timezone

from integrations.models import Connection, SyncRun
from integrations.services.common import queue
from integrations.services.sync import due_runs, runs
from integrations.services.sync.leases import turns
from integrations.services.upkeep import schedule
from tests.bench.site.site import Site
from tests.bench.support import claims, fleet
from tests.bench.support.figures import Figures, median
from tests.real.support.stack import BASE_DIR

CONNECTIONS = int(os.environ.get("BENCH_CONNECTIONS", "100000"))
OF_ONE_USER = 100
ROUNDS = min(10, CONNECTIONS // 2000)
SCHEDULERS = 4
ALLOWED_MB = 10
MILLIONS, INTERVAL = 10, 15 * 60
TURNS = 100
# As many more than the fewest, so that a fleet that was all due catches up.
SPARE = 1.25


def measure(site: Site, figures: Figures, *, long: bool) -> None:
    """Compare ticks and claims with bare ones, race schedulers, and extrapolate."""
    now = timezone.now()
    _make_connections(now)
    figures.title = f"dispatch of {CONNECTIONS:,} due connections, {database.vendor}"
    _compare_idle(figures, now - timedelta(days=1))
    claim = _compare_claims(figures, now)
    small = min(10_000, CONNECTIONS // 2)
    peaks = []
    for number in (small, CONNECTIONS):
        _make_due(now, number)
        (told,) = _race(site, 1)
        assert told["opened"] == number
        peaks.append(told["peak"])
        what = f"one scheduler, {number:,} due"
        figures.add(what, f"{told['wall']:.1f} s, {told['cpu']:.1f} s of CPU")
    grown = peaks[1] - peaks[0]
    what = f"more memory for {CONNECTIONS // small} times as many"
    figures.at_most(what, grown, ALLOWED_MB, unit=" MB", digits=1)
    _race_four(site, figures, now)
    _extrapolate(figures, _costs(site, figures, claim))


def _make_connections(now: datetime) -> None:
    users = User.objects.bulk_create(
        User(username=f"user {n}") for n in range(CONNECTIONS // OF_ONE_USER)
    )
    made = (
        Connection(
            owner=users[number % len(users)],
            provider="hubspot",
            remote_id=f"{number}:1",
            account_name=f"Account {number}",
            next_sync_at=now - timedelta(seconds=number % INTERVAL),
        )
        for number in range(CONNECTIONS)
    )
    Connection.objects.bulk_create(made, batch_size=1000)
    with database.cursor() as cursor:
        cursor.execute("ANALYZE")


def _make_due(now: datetime, number: int) -> None:
    """Forget all runs and messages, and let so many be due and the others not."""
    SyncRun.objects.all().delete()
    with queue.connected() as broker:
        broker.default_channel.queue_purge("sync")  # type: ignore[attr-defined]
    Connection.objects.update(next_sync_at=now + timedelta(days=1))
    keys = Connection.objects.order_by("pk").values("pk")[:number]
    Connection.objects.filter(pk__in=keys).update(next_sync_at=now)
    with database.cursor() as cursor:
        cursor.execute("ANALYZE")


def _timed(function: Callable[..., Any], now: datetime) -> tuple[float, float]:
    """Return the seconds of wall and CPU that a call takes."""
    wall, cpu = time.perf_counter(), time.process_time()
    function(now)
    return time.perf_counter() - wall, time.process_time() - cpu


def _compare_idle(figures: Figures, now: datetime) -> None:
    """Compare a tick that finds nothing with its query alone, by Django's cursor."""
    sql = claims.look_by_hand()
    at = database.ops.adapt_datetimefield_value(now)

    def ask(_now: datetime) -> None:
        with database.cursor() as cursor:
            cursor.execute(sql, [at, at])
            assert not cursor.fetchone()[0]

    took: dict[str, list[float]] = {"bare": [], "tick": []}
    for _ in range(1000):
        took["bare"].append(_timed(ask, now)[0])
        took["tick"].append(_timed(lambda at: schedule.dispatch_due(now=at), now)[0])
    bare, tick = min(took["bare"]), min(took["tick"])
    figures.add("bare query", f"{bare * 1e6:.0f} µs")
    figures.add("idle tick", f"{tick * 1e6:.0f} µs")
    figures.at_most("idle tick / bare query", tick / bare, 2, unit=" x")


def _compare_claims(figures: Figures, now: datetime) -> float:
    """Compare thousands in turns with those by hand; return the CPU of one."""

    def ours(at: datetime) -> None:
        trigger = SyncRun.Trigger.SCHEDULE
        due_runs.start("next_sync_at", trigger, now=at, most=claims.AT_ONCE)

    took: dict[str, list[tuple[float, float]]] = {"hand": [], "tick": []}
    for _ in range(ROUNDS):
        took["hand"].append(_timed(claims.claim_by_hand, now))
        took["tick"].append(_timed(ours, now))
    assert SyncRun.objects.count() == 2 * ROUNDS * claims.AT_ONCE
    assert queue.waiting("sync") == SyncRun.objects.count() // due_runs.PER_MESSAGE
    for number, kind in enumerate(("wall", "CPU")):
        hand, tick = (min(each[number] for each in took[way]) for way in took)
        figures.add(f"1,000 by hand, {kind}", f"{hand * 1000:.0f} ms")
        figures.add(f"1,000 claimed and enqueued, {kind}", f"{tick * 1000:.0f} ms")
        # What a server computes is not in this process.
        if kind == "wall" or database.vendor == "sqlite":
            figures.at_most(f"enqueued / by hand, {kind}", tick / hand, 2, unit=" x")
    return median([each[1] for each in took["tick"]]) / claims.AT_ONCE


def _race(site: Site, number: int) -> list[dict[str, float]]:
    """Let schedulers tick at once until nothing is due; return what each tells."""
    database.close()
    with ExitStack() as stack:
        started = [
            stack.enter_context(
                subprocess.Popen(
                    [site.python, "-m", "tests.bench.support.scheduler"],
                    cwd=BASE_DIR,
                    env={**os.environ, **site.environment},
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for _ in range(number)
        ]
        for each in started:
            assert each.stdout is not None
            assert each.stdout.readline() == "ready\n"
        answers = []
        for each in started:
            assert each.stdin is not None
            each.stdin.write("go\n")
            each.stdin.flush()
        for each in started:
            assert each.stdout is not None
            answers.append(json.loads(each.stdout.readline()))
        return answers


def _race_four(site: Site, figures: Figures, now: datetime) -> None:
    """Insist that no connection is started twice, however many schedulers tick."""
    _make_due(now, CONNECTIONS)
    told = _race(site, SCHEDULERS)
    opened = int(sum(each["opened"] for each in told))
    twice = opened - SyncRun.objects.values("connection").distinct().count()
    wall = max(each["wall"] for each in told)
    figures.add(f"{SCHEDULERS} schedulers at once", f"{wall:.1f} s")
    figures.at_most("missed by them", abs(CONNECTIONS - opened), 0, digits=0)
    figures.at_most("started twice by them", abs(twice), 0, digits=0)
    most = CONNECTIONS / due_runs.PER_MESSAGE
    waiting = queue.waiting("sync") or 0
    figures.at_most("messages", waiting, most, digits=0)


def _costs(site: Site, figures: Figures, claim: float) -> fleet.Costs:
    """Measure what else a connection costs while all of them wait."""
    keys = list(SyncRun.objects.values_list("pk", flat=True)[:1000])
    broker = redis.Redis(port=site.stack.valkey_port)
    before = broker.info("memory")["used_memory"]
    took = _timed(lambda _: due_runs.publish_each(keys), timezone.now())
    grown = broker.info("memory")["used_memory"] - before
    started = time.process_time()
    for key in keys[:TURNS]:
        assert turns.take("sync", key, now=timezone.now())
    take = (time.process_time() - started) / TURNS
    hour = timezone.now() - timedelta(hours=1)
    SyncRun.objects.update(enqueued_at=hour, lease_id=None, lease_until=None)
    now = timezone.now()
    looks = [
        _timed(lambda at: runs.enqueue_lost(now=at, most=0), now)[0],
        _timed(lambda at: schedule.pull_in(now=at), now)[0],
    ]
    figures.add("a run published by a worker", f"{took[1]:.2f} ms of CPU")
    figures.add("a turn taken among all", f"{take * 1000:.1f} ms of CPU")
    figures.add("looks for what was lost", f"{sum(looks) * 1000:.0f} ms")
    figures.add("bytes of a message", f"{grown / len(keys):,.0f}")
    return fleet.Costs(
        claim=claim,
        publish=took[1] / len(keys),
        take=take,
        look=sum(looks) / CONNECTIONS,
        message_bytes=grown / len(keys),
    )


def _extrapolate(figures: Figures, costs: fleet.Costs) -> None:
    """Tell what ten million connections need, and simulate them all due at once."""
    carried = fleet.carried(costs, INTERVAL)
    for what, number in carried.items():
        figures.add(f"{what} carries", f"{number:,.0f}")
    number = MILLIONS * 1_000_000
    schedulers = math.ceil(SPARE * number / carried["one scheduler"])
    cores = math.ceil(SPARE * number / carried["one core of workers"])
    outcome = fleet.simulate(
        costs,
        connections=number,
        interval=INTERVAL,
        schedulers=schedulers,
        cores=cores,
    )
    figures.add(f"{MILLIONS} million need", f"{schedulers} schedulers, {cores} cores")
    hours = (outcome.caught_up or math.inf) / 3600
    figures.add("all due at once, caught up after", f"{hours:.1f} h")
    size = outcome.most_waiting * costs.message_bytes / fleet.GIGABYTE
    figures.add("most of the broker meanwhile", f"{size:.1f} GB")
