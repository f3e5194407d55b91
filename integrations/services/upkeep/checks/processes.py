"""Checks of the processes: who works, who is silent, and what waits for too long."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django_celery_beat.models import PeriodicTask, PeriodicTasks

from integrations.models.times import CLOCK_SKEW, is_ahead, is_over
from integrations.services.upkeep import schedule
from integrations.services.upkeep.census import BEAT, Census
from integrations.services.upkeep.checks.check import (
    ALWAYS,
    SEEN,
    Check,
    Result,
    Severity,
)

# A sign of life every fifteen seconds, by a clock that is as far behind as one may be.
SILENT_AFTER = timedelta(seconds=15) + CLOCK_SKEW
# There a sweep, or a token call, which nothing cuts off, may hold every slot so long.
SLOW_SILENT_AFTER = timedelta(seconds=120)
ON_SLOW_QUEUE = ("worker.refresh", "scheduler.refresh_due", "scheduler.sweep")
OLDEST_WAIT = timedelta(minutes=5)
TICKS = tuple(f"scheduler.{name}" for name in schedule.TICKS)
WORKERS = tuple(f"worker.{name}" for name in settings.QUEUES)


def _queues(census: Census) -> Result:
    return _waits(census.now, census.oldest_run, "a sync")


def _edits(census: Census) -> Result:
    return _waits(census.now, census.oldest_edit(), "an edit")


def _waits(now: datetime, oldest: datetime | None, what: str) -> Result:
    age = max(timedelta(), now - oldest) if oldest else timedelta()
    seconds = int(age.total_seconds())
    is_well = age < OLDEST_WAIT
    return Result(
        ok=is_well,
        found="" if is_well else f"{what} has waited for {seconds // 60} min",
        facts={"oldest_waiting_seconds": seconds},
    )


def _scheduler(census: Census) -> Result:
    """Judge the ticks; where beat itself has started nothing, it is named as well."""
    is_well = not any(is_silent(census, name) for name in TICKS)
    is_of_workers = is_well or not is_silent(census, BEAT)
    return _heartbeats(census, TICKS if is_of_workers else (BEAT, *TICKS))


def _workers(census: Census) -> Result:
    return _heartbeats(census, WORKERS)


def _heartbeats(census: Census, names: tuple[str, ...]) -> Result:
    """Judge by work that was done; a time in the future is as good as none."""
    beats = {name: _heartbeat(census, name) for name in names}
    silent = [name for name, each in beats.items() if not each["ok"]]
    since = [beats[n]["last_seen"] for n in silent if beats[n]["last_seen"]]
    return Result(
        ok=not silent,
        found=f"silent: {', '.join(silent)}" if silent else "",
        facts={**({"since": min(since)} if since else {}), **beats},
        parts={name: f"silent: {name}" for name in silent},
    )


def is_silent(census: Census, name: str) -> bool:
    """Tell whether a heartbeat is too old, missing, or of the future."""
    seen = _seen(census, name)
    return seen is None or is_over(seen, _limit(name), census.now)


def _limit(name: str) -> timedelta:
    if name in ON_SLOW_QUEUE:
        return SLOW_SILENT_AFTER + timedelta(seconds=settings.SWEEP_INTERVAL)
    return SILENT_AFTER


def _seen(census: Census, name: str) -> datetime | None:
    """Return when a process last did its work; a time in the future says nothing."""
    at = census.heartbeats.get(name)
    return None if at is None or is_ahead(at, census.now) else at


def _heartbeat(census: Census, name: str) -> dict[str, Any]:
    seen = _seen(census, name)
    last_seen = seen.isoformat() if seen else None
    return {"ok": not is_silent(census, name), "last_seen": last_seen}


def _clocks(census: Census) -> Result:
    ahead = [
        name
        for name, at in census.heartbeats.items()
        if name in (*TICKS, *WORKERS, BEAT) and is_ahead(at, census.now)
    ]
    if not ahead:
        return Result(ok=True)
    found = f"dated in the future: {', '.join(sorted(ahead))}"
    return Result(ok=False, found=found, facts={"ahead": sorted(ahead)})


def _schedule(_census: Census) -> Result:
    off = list(_switched_off().values_list("name", flat=True))
    if not off:
        return Result(ok=True)
    return Result(
        ok=False,
        found=f"switched off: {', '.join(off)}",
        facts={"off": off},
        parts={name: f"switched off: {name}" for name in off},
    )


def _switched_off() -> Any:
    names = list(settings.CELERY_BEAT_SCHEDULE)
    return PeriodicTask.objects.filter(name__in=names, enabled=False).order_by("name")


def _switch_on() -> str:
    number = _switched_off().update(enabled=True)
    # Beat looks whether something has changed before it reads the tasks anew.
    PeriodicTasks.update_changed()
    return f"switched {number} on"


CHECKS = (
    Check(
        id="queues",
        title="No sync that is due waits for long",
        advice="Start more workers on the queues interactive and sync.",
        probe=_queues,
        surfaces=ALWAYS,
        reads_rows=True,
        needs=("database",),
    ),
    Check(
        id="scheduler",
        title="The scheduler's ticks are worked on",
        advice="Start beat, and workers on the queues ticks and refresh.",
        probe=_scheduler,
        surfaces=ALWAYS,
        reads_rows=True,
        needs=("database",),
        grace=timedelta(),
    ),
    Check(
        id="workers",
        title="Somebody works on each queue",
        advice="Start a worker on each silent queue; beat asks them every ten seconds.",
        probe=_workers,
        surfaces=ALWAYS,
        reads_rows=True,
        needs=("database",),
        grace=timedelta(),
    ),
    Check(
        id="edits",
        title="No edit that is due waits for long",
        advice="Start more workers on the queue interactive.",
        probe=_edits,
        surfaces=SEEN,
        reads_rows=True,
        needs=("database",),
    ),
    Check(
        id="clocks",
        title="No process has a clock that is ahead",
        advice="Let a time server set the clocks of all machines.",
        probe=_clocks,
        severity=Severity.WARNING,
        surfaces=SEEN,
        reads_rows=True,
        needs=("database",),
    ),
    Check(
        id="schedule",
        title="All that beat starts is switched on",
        advice="Switch it on: `manage.py doctor --fix`, or restart beat.",
        probe=_schedule,
        reads_rows=True,
        needs=("database",),
        repair=_switch_on,
    ),
)
