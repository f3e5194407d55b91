"""Report whether every part the product leans on works; each is put to work.

Each part is asked in a thread of its own and has a deadline, so that one that hangs
delays the answer by no more than that. It is not asked again before it has answered.
"""

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from celery import current_app
from django.conf import settings
from django.core.cache import cache
from django.db import connection, connections
from django.utils import timezone

from integrations.models import Heartbeat, SyncRun
from integrations.models.times import is_ahead
from integrations.services.grants import readability
from integrations.services.upkeep import schedule

Report = dict[str, Any]
DEADLINE_SECONDS = 2.0
# Beat works every half minute; three misses in a row are no coincidence.
SILENT_AFTER = timedelta(seconds=120)
OLDEST_WAIT = timedelta(minutes=5)
# Stored credentials that a report opens.
OPENED = 50
# Its heartbeat is the row that is written to see whether the database takes it, and
# its queue the one whose only message is taken out again.
PROBE = "health"


def report() -> dict[str, Report]:
    """Return one entry per part, each with ``ok``, plain facts, and ``since`` when."""
    asked = {name: _ask(name, check) for name, check in CHECKS.items()}
    wait(asked.values(), timeout=DEADLINE_SECONDS)
    return {name: _with_since(name, _answer(each)) for name, each in asked.items()}


_lock = threading.Lock()
_asked: dict[str, Future[Report]] = {}
_failing_since: dict[str, datetime] = {}


def _ask(name: str, check: Callable[[], Report]) -> Future[Report]:
    """Start a check, or return the one that has not come to its end."""
    with _lock:
        running = _asked.get(name)
        if running is None or running.done():
            running = _asked[name] = Future()
            # A daemon, so that a part that hangs does not keep the process alive.
            threading.Thread(target=_run, args=(running, check), daemon=True).start()
        return running


def _run(answer: Future[Report], check: Callable[[], Report]) -> None:
    try:
        answer.set_result(check())
    except Exception as exc:  # noqa: BLE001 - whatever it is, the part does not work
        # The type only: a message may name an address or a user.
        answer.set_result({"ok": False, "error": type(exc).__name__})
    finally:
        connections.close_all()


def _answer(asked: Future[Report]) -> Report:
    return asked.result() if asked.done() else {"ok": False, "error": "NoAnswer"}


def _with_since(name: str, part: Report) -> Report:
    """Add since when a part is not well: what it says itself, or when it was seen."""
    if part["ok"]:
        _failing_since.pop(name, None)
        return part
    since = _failing_since.setdefault(name, timezone.now())
    return {"since": since.isoformat(), **part}


def _database() -> Report:
    schedule.beat(PROBE)
    return {"ok": True, "vendor": connection.vendor}


def _broker() -> Report:
    """Publish a message and take it out again: a full broker answers and takes none."""
    with current_app.connection_for_write() as broker:
        broker.ensure_connection(max_retries=1, timeout=1, interval_start=0)
        with broker.SimpleBuffer(PROBE) as queue:
            queue.put(PROBE)
            # Another probe may have been quicker, and left its own.
            queue.queue.get(no_ack=True)
    return {"ok": True}


def _cache() -> Report:
    """Write and read back; what the fallback of this process answers is no answer."""
    key, value = f"{PROBE}:{uuid4()}", str(uuid4())
    cache.set(key, value, timeout=60)
    is_back = cache.get(key) == value
    cache.delete(key)
    is_shared = getattr(cache, "is_shared", None)
    return {"ok": is_back and (is_shared is None or bool(is_shared()))}


def _queues() -> Report:
    now = timezone.now()
    oldest = (
        SyncRun.objects.filter(state=SyncRun.State.QUEUED, due_at__lte=now)
        .order_by("due_at")
        .values_list("due_at", flat=True)
        .first()
    )
    age = (now - oldest) if oldest else timedelta()
    return {"ok": age < OLDEST_WAIT, "oldest_waiting_seconds": int(age.total_seconds())}


def _credentials() -> Report:
    """Open some; one that does not open stays counted until it is replaced."""
    unreadable = readability.count_unreadable(OPENED)
    return {"ok": not unreadable, "unreadable": unreadable}


def _heartbeats(names: list[str]) -> Report:
    """Judge by work that was done; a time in the future is as good as none."""
    now = timezone.now()
    limit = SILENT_AFTER + timedelta(seconds=settings.SWEEP_INTERVAL)
    rows = Heartbeat.objects.filter(pk__in=names).values_list("name", "at")
    seen = {name: at for name, at in rows if not is_ahead(at, now)}
    beats = {name: _heartbeat(seen.get(name), now - limit) for name in names}
    silent = [each for each in beats.values() if not each["ok"]]
    since = [each["last_seen"] for each in silent if each["last_seen"]]
    return {"ok": not silent, **({"since": min(since)} if since else {}), **beats}


def _heartbeat(at: datetime | None, oldest: datetime) -> Report:
    is_recent = at is not None and at > oldest
    return {"ok": is_recent, "last_seen": at.isoformat() if at else None}


CHECKS: Mapping[str, Callable[[], Report]] = {
    "database": _database,
    "broker": _broker,
    "cache": _cache,
    "queues": _queues,
    "credentials": _credentials,
    "scheduler": lambda: _heartbeats([f"scheduler.{name}" for name in schedule.TICKS]),
    "workers": lambda: _heartbeats([f"worker.{name}" for name in settings.QUEUES]),
}
