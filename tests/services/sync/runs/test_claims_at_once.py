"""Transactions that need several runs at once neither share them nor wait in a circle.

Only a server locks rows: these run against PostgreSQL, from tests/real.
"""

import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection as database
from django.db import transaction
from django.utils import timezone

from integrations.models import SyncRun
from integrations.services.common import queue
from integrations.services.sync import due_runs, runs
from integrations.services.sync.leases import heartbeat, lost_tasks
from integrations.services.upkeep import schedule
from tests.real.support.processes import wait_until
from tests.support.rows import make_connection, make_run

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        database.vendor != "postgresql", reason="SQLite lets one transaction in"
    ),
]
TASK, POOL = "a task", "a pool"
WAITING = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """Let a broker take every message; return what it took."""
    found: list[tuple[str, ...]] = []

    class Broker:
        def send_task(self, name: str, *, args: list[str], **_: object) -> None:
            found.append((name.rpartition(".")[2], *args))

        def connection_for_write(self) -> None:
            raise OSError("nobody says how many messages there are")

    monkeypatch.setattr(queue, "current_app", Broker())
    return found


@pytest.fixture
def threads() -> Iterator[Callable[..., Any]]:
    """Begin functions in threads with connections of their own to the database."""
    with ThreadPoolExecutor() as pool:

        def begin(function: Callable[..., Any], *args: Any, **options: Any) -> Any:
            def alone() -> Any:
                try:
                    return function(*args, **options)
                finally:
                    database.close()

            return pool.submit(alone)

        yield begin


@pytest.fixture
def two(alice: User) -> list[SyncRun]:
    """Return two runs under a task's leases, stored against the order of their keys."""
    keys = sorted((uuid.uuid4(), uuid.uuid4()), reverse=True)
    lease_id = lost_tasks._half(TASK, POOL)
    made = [
        make_run(
            make_connection(alice),
            pk=key,
            lease_id=uuid.UUID(bytes=lease_id + uuid.uuid4().bytes[:8]),
            lease_until=timezone.now(),
            enqueued_at=timezone.now(),
        )
        for key in keys
    ]
    return made[::-1]


WRITERS: dict[str, Callable[[list[SyncRun]], Any]] = {
    "a heartbeat": lambda two: heartbeat.renew_runs(
        [r.lease_id for r in two if r.lease_id]
    ),
    "a worker that was lost": lambda _: lost_tasks.end_leases(TASK, POOL),
    "a broker that failed": lambda two: [
        runs._forget_enqueued(two, each.enqueued_at) for each in two if each.enqueued_at
    ],
}


@pytest.mark.parametrize("writer", WRITERS)
def test_a_claim_and_another_writer_of_its_runs_wait_for_each_other_in_turn(
    two: list[SyncRun],
    sent: list[tuple[str, ...]],
    threads: Callable[..., Any],
    writer: str,
) -> None:
    SyncRun.objects.update(enqueued_at=two[0].enqueued_at)
    two = list(SyncRun.objects.order_by("pk"))

    with transaction.atomic():
        SyncRun.objects.select_for_update(no_key=True).get(pk=two[0].pk)
        claim = threads(runs.enqueue_all, two)
        wait_until(lambda: _waiting() == 1, "the claim waits for the first run")
        write = threads(WRITERS[writer], two)
        wait_until(lambda: _waiting() == 2, "the writer waits for a run")

    assert claim.result() == len(two)
    write.result()
    assert len(sent) == len(two)


def test_schedulers_and_workers_at_once_publish_each_due_run_once(
    alice: User, sent: list[tuple[str, ...]], threads: Callable[..., Any]
) -> None:
    now, together = timezone.now(), Barrier(2)
    for _ in range(due_runs.PER_MESSAGE + 20):
        make_connection(alice, next_sync_at=now - timedelta(minutes=1))

    def tick() -> int:
        together.wait()
        opened = schedule.dispatch_due(now=now)
        together.wait()
        # A message that is delivered twice, and what the sweep takes for lost.
        named = [uuid.UUID(each) for name, *rest in sent[:] for each in rest]
        together.wait()
        due_runs.publish_each(named)
        runs.enqueue_lost(now=timezone.now())
        return opened

    ticks = [threads(tick) for _ in range(2)]
    opened = sum(tick.result() for tick in ticks)

    assert opened == SyncRun.objects.count() == due_runs.PER_MESSAGE + 20
    published = Counter(
        key for name, *keys in sent if name in runs.TASKS.values() for key in keys
    )
    assert set(published) == {
        str(key) for key in SyncRun.objects.values_list("pk", flat=True)
    }
    assert set(published.values()) == {1}


def _waiting() -> int:
    with database.cursor() as cursor:
        # A transaction is told the same as before, else.
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(WAITING)
        return int(cursor.fetchone()[0])
