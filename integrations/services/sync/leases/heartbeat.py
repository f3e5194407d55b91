"""Heartbeat of a worker process: renews the leases of its slices between pages."""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection as database

from integrations.models import SyncRun
from integrations.services.common.clock import DatabaseNow
from integrations.services.sync.leases.lease import RunLease, lease_length

logger = logging.getLogger(__name__)

# So often within the length of a lease.
BEATS = 3
# A slice that has neither sent a request nor stored anything for so long, beyond the
# longest call that it may make, is stuck: its lease runs out.
STUCK_SECONDS = 30.0


class _Work(NamedTuple):
    """How far a slice has come."""

    calls: int
    waited: float
    renewals: int


@dataclass
class _Held:
    """Lease of a slice under way, its work so far, and the beats since it changed."""

    lease: RunLease
    work: _Work
    idle: int = 0


class Heartbeat:
    """Thread that renews what no page has renewed lately, while there is any work.

    It counts its own beats and not the clock, so that a process that stood still does
    not take its slices for stuck. A lease that somebody else has taken is not renewed,
    and dies with its process.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[UUID, _Held] = {}
        self._is_running = False

    @contextmanager
    def renewing(self, lease: RunLease) -> Iterator[None]:
        """Renew a lease until the block ends."""
        with self._lock:
            self._held[lease.lease_id] = _Held(lease, _work_of(lease))
            if not self._is_running:
                self._is_running = True
                threading.Thread(target=self._run, daemon=True).start()
        try:
            yield
        finally:
            with self._lock:
                del self._held[lease.lease_id]

    def _run(self) -> None:
        every = _seconds_between_beats()
        while True:
            time.sleep(every)
            with self._lock:
                if not self._held:
                    self._is_running = False
                    break
                due = self._due()
            if due:
                # The next beat tries again; should the database be away for longer,
                # nobody else can take over either.
                with suppress(DatabaseError):
                    _renew(due)
        database.close()

    def _due(self) -> list[UUID]:
        """Return the leases that no page has renewed since, without the stuck ones."""
        due, most = [], _most_idle_beats()
        for lease_id, held in self._held.items():
            work, before = _work_of(held.lease), held.work
            held.work, held.idle = work, held.idle + 1 if work == before else 0
            if held.idle == most:
                logger.error("slice stuck run=%s", held.lease.run.pk)
            if work.renewals == before.renewals and held.idle < most:
                due.append(lease_id)
        return due

    def is_at_work(self, run_id: UUID) -> bool:
        """Tell whether this process works on a run, whatever became of its lease."""
        most = _most_idle_beats()
        with self._lock:
            held = [each for each in self._held.values() if each.lease.run.pk == run_id]
        return any(each.idle < most for each in held)


def _seconds_between_beats() -> float:
    return lease_length().total_seconds() / BEATS


def _most_idle_beats() -> int:
    return int((STUCK_SECONDS + settings.TOKEN_TIMEOUT) / _seconds_between_beats())


def _work_of(lease: RunLease) -> _Work:
    return _Work(lease.api.calls, lease.api.waited, lease.renewals)


def _renew(lease_ids: list[UUID]) -> None:
    try:
        SyncRun.objects.filter(lease_id__in=lease_ids).exclude(
            state=SyncRun.State.FINISHED
        ).update(lease_until=DatabaseNow() + lease_length())
    except DatabaseError:
        database.close()
        raise


heartbeat = Heartbeat()
