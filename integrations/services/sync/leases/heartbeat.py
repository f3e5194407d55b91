"""Heartbeat of a worker process: renews the leases of its slices between pages.

Slices that go on are a sign of life of their queue's workers as well.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import NamedTuple, Protocol
from uuid import UUID

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection as database
from msgspec import Struct

from integrations.models import SyncRun
from integrations.services.common import signs_of_life
from integrations.services.common.clock import DatabaseNow
from integrations.services.common.database.row_locks import update_in_order
from integrations.services.sync.leases.lease import lease_length

logger = logging.getLogger(__name__)

# So often within the length of a lease.
BEATS = 3
# A slice that has neither sent a request nor stored anything for so long, beyond the
# longest call that it may make, is stuck: its lease runs out.
STUCK_SECONDS = 30.0


class Leased(Protocol):
    """Work under a lease: what it is on, and by what its progress is seen."""

    lease_id: UUID
    renewals: int

    @property
    def key(self) -> object:
        """Return the key of what it is on."""

    @property
    def work(self) -> object:
        """Return what is another value after every call, and every wait for one."""


class _Work(NamedTuple):
    """How far a slice has come."""

    work: object
    renewals: int


class _Held(Struct):
    """Lease of a slice under way, its work so far, and the beats since it changed.

    ``queue`` is where the slice came from.
    """

    lease: Leased
    work: _Work
    queue: str
    idle: int = 0


class Heartbeat:
    """Thread that renews what no page has renewed lately, while there is any work.

    It counts its own beats and not the clock, so that a process that stood still does
    not take its slices for stuck. A lease that somebody else has taken is not renewed,
    and dies with its process.
    """

    def __init__(
        self, renew: Callable[[list[UUID]], None], length: Callable[[], timedelta]
    ) -> None:
        """Renew leases of this length by ``renew``, which takes their ids."""
        self._renew, self._length = renew, length
        self._lock = threading.Lock()
        self._held: dict[UUID, _Held] = {}
        self._is_running = False

    @contextmanager
    def renewing(self, lease: Leased) -> Iterator[None]:
        """Renew a lease until the block ends."""
        with self._lock:
            queue = signs_of_life.queue_of_task()
            self._held[lease.lease_id] = _Held(lease, _work_of(lease), queue)
            if not self._is_running:
                self._is_running = True
                threading.Thread(target=self._run, daemon=True).start()
        try:
            yield
        finally:
            with self._lock:
                del self._held[lease.lease_id]

    def _run(self) -> None:
        every = self._seconds_between_beats()
        while True:
            time.sleep(every)
            with self._lock:
                if not self._held:
                    self._is_running = False
                    break
                due = self._due()
                queues = self._queues_at_work()
            # The next beat tries again; should the database be away for longer,
            # nobody else can take over either.
            with suppress(DatabaseError):
                self._renew_due(due, queues)
        database.close()

    def _due(self) -> list[UUID]:
        """Return the leases that no page has renewed since, without the stuck ones."""
        due, most = [], self._most_idle_beats()
        for lease_id, held in self._held.items():
            work, before = _work_of(held.lease), held.work
            held.work, held.idle = work, held.idle + 1 if work == before else 0
            if held.idle == most:
                logger.error("work stuck on=%s", held.lease.key)
            if work.renewals == before.renewals and held.idle < most:
                due.append(lease_id)
        return due

    def _queues_at_work(self) -> set[str]:
        """Return the queues whose slices go on: no message of theirs need be taken."""
        # In so many a call of a sync ends: what stands still for longer may hang.
        most = settings.HTTP_TOTAL_TIMEOUT / self._seconds_between_beats() + 1
        return {held.queue for held in self._held.values() if held.idle <= most} - {""}

    def is_at_work(self, key: object) -> bool:
        """Tell whether this process is on something, whatever became of its lease."""
        most = self._most_idle_beats()
        with self._lock:
            held = [each for each in self._held.values() if each.lease.key == key]
        return any(each.idle < most for each in held)

    def _seconds_between_beats(self) -> float:
        return self._length().total_seconds() / BEATS

    def _most_idle_beats(self) -> int:
        longest = STUCK_SECONDS + settings.TOKEN_TIMEOUT
        return int(longest / self._seconds_between_beats())

    def _renew_due(self, lease_ids: list[UUID], queues: set[str]) -> None:
        try:
            if lease_ids:
                self._renew(lease_ids)
            for name in queues:
                signs_of_life.count_as_heartbeat(name)
        except DatabaseError:
            database.close()
            raise


def _work_of(lease: Leased) -> _Work:
    return _Work(lease.work, lease.renewals)


def renew_runs(lease_ids: list[UUID]) -> None:
    """Renew the leases of runs that have not ended."""
    held = SyncRun.objects.filter(lease_id__in=lease_ids)
    update_in_order(
        held.exclude(state=SyncRun.State.FINISHED),
        lease_until=DatabaseNow() + lease_length(),
    )


heartbeat = Heartbeat(renew_runs, lease_length)
