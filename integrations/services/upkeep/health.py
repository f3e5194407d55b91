"""Report whether everything the product leans on is there."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from celery import current_app
from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.utils import timezone
from kombu.exceptions import OperationalError

from integrations.models import Heartbeat, SyncRun

Report = dict[str, Any]
# Beat works every half minute; three misses in a row are no coincidence.
SILENT_AFTER = timedelta(seconds=120)
OLDEST_WAIT = timedelta(minutes=5)


def report() -> dict[str, Report]:
    """Return one entry per dependency, each with ``ok`` and plain facts."""
    checks: dict[str, Callable[[], Report]] = {
        "database": _database,
        "broker": _broker,
        "cache": _cache,
        "queues": _queues,
        "scheduler": lambda: _heartbeat("scheduler"),
        "workers": _workers,
    }
    return {name: _safely(check) for name, check in checks.items()}


def _safely(check: Callable[[], Report]) -> Report:
    try:
        return check()
    except (DatabaseError, OperationalError, OSError) as exc:
        return {"ok": False, "error": type(exc).__name__}


def _database() -> Report:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return {"ok": True, "vendor": connection.vendor}


def _broker() -> Report:
    with current_app.connection_for_write() as broker:
        broker.ensure_connection(max_retries=1, timeout=1, interval_start=0)
    return {"ok": True}


def _cache() -> Report:
    is_shared = getattr(cache, "is_shared", None)
    return {"ok": bool(is_shared()) if callable(is_shared) else True}


def _queues() -> Report:
    oldest = (
        SyncRun.objects.filter(state=SyncRun.State.QUEUED, due_at__lte=timezone.now())
        .order_by("due_at")
        .values_list("due_at", flat=True)
        .first()
    )
    age = (timezone.now() - oldest) if oldest else timedelta()
    return {"ok": age < OLDEST_WAIT, "oldest_waiting_seconds": int(age.total_seconds())}


def _heartbeat(name: str) -> Report:
    at = Heartbeat.objects.filter(pk=name).values_list("at", flat=True).first()
    if at is None:
        return {"ok": False, "last_seen": None}
    limit = SILENT_AFTER + timedelta(seconds=settings.SWEEP_INTERVAL)
    return {"ok": timezone.now() - at < limit, "last_seen": at.isoformat()}


def _workers() -> Report:
    names = [f"worker.{queue}" for queue in settings.QUEUES]
    beats = {name: _heartbeat(name) for name in names}
    return {"ok": all(entry["ok"] for entry in beats.values()), **beats}
