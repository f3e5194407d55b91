"""Health asks every part to work, and believes no time in the future."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.db.backends.signals import connection_created
from django.test import Client, override_settings
from django.utils import timezone
from django_celery_beat.models import IntervalSchedule, PeriodicTask
from msgspec.structs import replace

from integrations import tasks
from integrations.http.secrets import Secret
from integrations.models import Heartbeat
from integrations.services.common import signs_of_life
from integrations.services.upkeep import health, schedule
from integrations.services.upkeep.census import Census
from integrations.services.upkeep.checks import registry, runner
from integrations.services.upkeep.checks.check import Result, Surface

# Each part is asked in a thread, which sees what is committed.
pytestmark = pytest.mark.django_db(transaction=True)
SCHEDULER = [f"scheduler.{name}" for name in schedule.TICKS]
READY = {check.id for check in registry.checks_at(Surface.READY)}
WORKERS = [f"worker.{name}" for name in settings.QUEUES]


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    yield
    health._failing_since.clear()


@pytest.fixture(autouse=True)
def beating() -> None:
    """Let everything have done its work a moment ago."""
    for name in (*SCHEDULER, *WORKERS):
        signs_of_life.beat(name)


def move(name: str, **by: float) -> None:
    Heartbeat.objects.filter(pk=name).update(at=timezone.now() + timedelta(**by))


def test_what_has_just_worked_is_well() -> None:
    report = health.report()

    assert all(report[part]["ok"] for part in ("database", "cache", "queues"))
    assert report["scheduler"]["ok"]
    assert report["workers"]["ok"]
    assert "since" not in report["scheduler"]


@pytest.mark.parametrize("name", [*SCHEDULER, *WORKERS])
@pytest.mark.parametrize("by", [{"hours": -1}, {"hours": 6}, None])
def test_one_that_is_silent_or_from_the_future_is_not_well(
    name: str, by: dict[str, float] | None
) -> None:
    if by is None:
        Heartbeat.objects.filter(pk=name).delete()
    else:
        move(name, **by)

    part = health.report()[name.partition(".")[0].replace("worker", "workers")]

    assert not part["ok"]
    assert not part[name]["ok"]
    is_past = by == {"hours": -1}
    assert bool(part[name]["last_seen"]) is is_past
    assert part["since"] == part[name]["last_seen"] if is_past else part["since"]


def test_a_clock_that_is_some_seconds_ahead_is_no_future() -> None:
    move(WORKERS[0], seconds=9)

    assert health.report()["workers"]["ok"]


@pytest.mark.parametrize(
    ("task", "name"),
    [
        (tasks.dispatch_due, "scheduler.dispatch_due"),
        (tasks.enqueue_lost, "scheduler.enqueue_lost"),
        (tasks.refresh_due, "scheduler.refresh_due"),
        (tasks.sweep, "scheduler.sweep"),
    ],
)
def test_a_tick_is_seen_when_its_work_is_done(
    task: Any, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Heartbeat.objects.all().delete()
    works = getattr(schedule, task.__name__)
    monkeypatch.setattr(schedule, task.__name__, lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        task()
    assert not Heartbeat.objects.exists()

    monkeypatch.setattr(schedule, task.__name__, works)
    task()

    assert Heartbeat.objects.filter(pk=name).exists()


@pytest.fixture
def read_only() -> Iterator[None]:
    """Let every new connection to the database read and not write."""

    def refuse_writes(connection: Any, **_kwargs: Any) -> None:
        is_sqlite = connection.vendor == "sqlite"
        with connection.cursor() as cursor:
            cursor.execute(
                "PRAGMA query_only = ON"
                if is_sqlite
                else "SET default_transaction_read_only = on"
            )

    connection_created.connect(refuse_writes)
    yield
    connection_created.disconnect(refuse_writes)


@pytest.mark.usefixtures("read_only")
def test_a_database_that_takes_no_writes_is_not_well() -> None:
    part = health.report()["database"]

    assert not part["ok"]
    assert part["error"] in {"OperationalError", "InternalError"}


def test_a_part_is_read_while_another_is_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written, is_read = threading.Event(), threading.Event()
    beat, known = signs_of_life.beat, registry.CHECKS

    def write(name: str) -> None:
        with transaction.atomic():
            beat(name)
            written.set()
            is_read.wait(5)

    def read(census: Census) -> Result:
        written.wait(5)
        found = next(c for c in known if c.id == "workers").probe(census)
        is_read.set()
        return found

    monkeypatch.setattr(signs_of_life, "beat", write)
    checks = [
        replace(each, probe=read) if each.id == "workers" else each for each in known
    ]
    monkeypatch.setattr(registry, "CHECKS", tuple(checks))

    report = health.report()

    assert (report["database"]["ok"], report["workers"]["ok"]) == (True, True)


def test_a_cache_that_forgets_what_is_written_is_not_well(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(type(cache._connections["default"]), "set", lambda *_a, **_k: 0)

    report = health.report()

    assert not report["cache"]["ok"]


def test_a_part_that_is_not_well_says_since_when_and_nothing_secret(
    client: Client,
) -> None:
    first = client.get("/health/ready")
    again = client.get("/health/ready")

    assert first.status_code == 503
    body = first.json()
    # Nothing listens where the tests' broker should be.
    assert set(body["broker"]) == {"ok", "error", "since"}
    assert body["broker"]["since"] == again.json()["broker"]["since"]
    assert "redis" not in first.content.decode()


def test_a_part_that_hangs_delays_the_answer_once_and_is_not_asked_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    go_on, asked = threading.Event(), []

    def hang() -> Result:
        asked.append(1)
        go_on.wait(60)
        return Result(ok=True)

    hanging = [
        replace(check, probe=lambda _census: hang()) if check.id == "broker" else check
        for check in registry.CHECKS
    ]
    monkeypatch.setattr(registry, "CHECKS", hanging)
    monkeypatch.setattr(health, "DEADLINE_SECONDS", 1.0)

    reports = [health.report(), health.report()]
    go_on.set()
    assert runner._running[("broker",)].done.wait(60)

    assert [each["broker"]["error"] for each in reports] == ["NoAnswer"] * 2
    assert len(asked) == 1
    assert all(each["database"]["ok"] for each in reports)


HERE, ELSEWHERE = "127.0.0.1", "203.0.113.7"
TOKEN = "a-token-of-monitors"


def test_strangers_learn_only_whether_all_is_well(client: Client) -> None:
    def parts(address: str, **headers: str) -> set[str]:
        answer = client.get("/health/ready", headers=headers, REMOTE_ADDR=address)
        assert answer.status_code == 503
        return set(answer.json()) - {"ok"}

    with override_settings(HEALTH_TOKEN=Secret(TOKEN)):
        for address in (HERE, "::1"):
            assert parts(address) == READY
        assert parts(ELSEWHERE, authorization=f"Bearer {TOKEN}") == READY
        for told in ("Bearer another", "Bearer ", TOKEN, "Bearer Zoë"):
            assert parts(ELSEWHERE, authorization=told) == set()
        # A proxy on the same machine speaks for a stranger.
        for header in ("x-forwarded-for", "x-forwarded-proto", "forwarded", "via"):
            assert parts(HERE, **{header: HERE}) == set()
        assert parts("") == set()
    assert parts(ELSEWHERE, authorization="Bearer ") == set()


@pytest.mark.parametrize(("ago", "is_beat"), [(20, False), (60, True), (None, True)])
def test_beat_is_named_where_it_has_started_nothing(
    ago: int | None, *, is_beat: bool
) -> None:
    every = IntervalSchedule.objects.create(every=3, period="seconds")
    if ago is not None:
        ran_at = timezone.now() - timedelta(seconds=ago)
        PeriodicTask.objects.create(
            name="refresh_due", task="t", interval=every, last_run_at=ran_at
        )
    assert "beat" not in health.report()["scheduler"]
    move("scheduler.watch", seconds=-60)

    part = health.report()["scheduler"]

    assert not part["scheduler.watch"]["ok"]
    assert ("beat" in part) is is_beat


# These share their slots with token calls, which nothing cuts off, and with sweeps.
SLOW = {"scheduler.refresh_due", "scheduler.sweep", "worker.refresh"}


@pytest.mark.parametrize("name", [*SCHEDULER, *WORKERS])
def test_a_death_is_told_within_a_minute_and_no_slowness_is_one(name: str) -> None:
    part = name.partition(".")[0].replace("worker", "workers")
    is_slow = name in SLOW
    # A sign every fifteen seconds, by a clock that is behind.
    move(name, seconds=-44)
    assert health.report()[part][name]["ok"]

    move(name, seconds=-46)

    assert health.report()[part][name]["ok"] is is_slow


@pytest.mark.parametrize("name", sorted(SLOW))
def test_where_calls_may_take_long_silence_is_told_after_them(name: str) -> None:
    part = name.partition(".")[0].replace("worker", "workers")
    move(name, seconds=-119)
    assert health.report()[part][name]["ok"]

    move(name, seconds=-126)

    assert not health.report()[part][name]["ok"]


def test_work_on_a_queue_is_a_sign_of_life_where_heartbeats_wait_behind_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(signs_of_life, "_worked_at", {})
    move("worker.sync", hours=-1)
    assert not health.report()["workers"]["worker.sync"]["ok"]

    tasks.sync_bulk(str(uuid4()))

    assert health.report()["workers"]["worker.sync"]["ok"]
    before = Heartbeat.objects.get(pk="worker.sync").at
    tasks.sync_bulk(str(uuid4()))
    assert Heartbeat.objects.get(pk="worker.sync").at == before
