"""One run works on a connection, in slices, under a lease."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from celery.exceptions import WorkerLostError
from celery.signals import task_failure
from django.utils import timezone
from kombu.exceptions import OperationalError

from integrations import tasks
from integrations.http.errors import ApiError, Forbidden, NotFound, Unauthorized
from integrations.models import Connection, SyncRun
from integrations.providers import CONNECTORS
from integrations.services.common import queue
from integrations.services.common.errors import LeaseLostError, NotSyncableError
from integrations.services.sync import engine, runs
from integrations.services.sync.leases import lease, lost_tasks, turns
from tests.services.fixtures import FinishSync
from tests.services.hubspot_account import assert_equal_to


def test_a_second_delivery_ends_at_once_without_a_call(
    connection: Connection, sandbox: Any
) -> None:
    run, _ = runs.open_run(connection, trigger="user")
    assert lease.claim(run.pk, now=timezone.now()) is not None
    calls = len(sandbox.log)

    assert engine.run_slice(run.pk) is None

    assert len(sandbox.log) == calls


def test_a_worker_that_lost_its_lease_writes_nothing_more(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, _ = runs.open_run(connection, trigger="user")
    claimed = lease.claim(run.pk, now=timezone.now())
    assert claimed is not None
    SyncRun.objects.filter(pk=run.pk).update(lease_id=uuid.uuid4())
    stale = lease.RunLease(
        run=claimed[0], api=_Silent(), stop_at=1e12, lease_id=claimed[1]
    )

    with pytest.raises(LeaseLostError):
        stale.renew()


@pytest.mark.parametrize("error", [Unauthorized("no"), Forbidden("no"), NotFound("?")])
def test_a_worker_that_lost_its_lease_ends_nothing(
    connection: Connection, monkeypatch: pytest.MonkeyPatch, error: ApiError
) -> None:
    run, _ = runs.open_run(connection, trigger="user")

    def lose(*_args: Any, **_place: Any) -> Any:
        SyncRun.objects.update(lease_id=uuid.uuid4())
        raise error

    for name in ("fetch_page", "list_collections"):
        monkeypatch.setattr(CONNECTORS["hubspot"], name, lose)

    assert engine.run_slice(run.pk) is None

    run.refresh_from_db()
    assert (run.state, run.outcome) == ("running", "")
    connection.refresh_from_db()
    assert (connection.state, connection.reason) == ("active", "")


def test_a_run_counts_the_workers_that_it_lost(connection: Connection) -> None:
    run, _ = runs.open_run(connection, trigger="user")
    first = lease.claim(run.pk, now=timezone.now())
    assert first is not None
    lease.release(*first)
    assert lease.claim(run.pk, now=timezone.now()) is not None
    run.refresh_from_db()
    assert (run.workers_lost, run.worker_lost_at) == (0, None)

    later = timezone.now() + lease.lease_length() + timedelta(seconds=1)
    assert lease.claim(run.pk, now=later) is not None

    run.refresh_from_db()
    assert (run.workers_lost, run.worker_lost_at) == (1, later)


def note_what_is_sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    sent: list[str] = []
    monkeypatch.setattr(queue, "send", lambda name, *_ids, **_more: sent.append(name))
    return sent


def test_a_run_goes_on_at_once_when_its_workers_loss_is_told(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = note_what_is_sent(monkeypatch)
    told, lost = WorkerLostError("signal 9 (SIGKILL)"), str(uuid.uuid4())
    run, _ = runs.open_run(connection, trigger="user")
    # A worker that claims the run and is killed.
    monkeypatch.setattr(engine, "work_on", lambda *_claimed: None)
    tasks.sync_interactive.apply([str(run.pk)], task_id=lost)
    assert lease.claim(run.pk, now=timezone.now()) is None

    ours = lost_tasks.pool_name()
    tasks.sync_after_lost_worker(str(uuid.uuid4()), ours)
    assert lease.claim(run.pk, now=timezone.now()) is None
    # The same task was delivered to another pool as well, which lost its child.
    tasks.sync_after_lost_worker(lost, "another host 7")
    assert lease.claim(run.pk, now=timezone.now()) is None

    task_failure.send(tasks.sync_interactive, task_id=lost, exception=told)
    tasks.sync_after_lost_worker(lost, ours)

    assert sent == ["sync_after_lost_worker", "sync_interactive"]
    assert lease.claim(run.pk, now=timezone.now()) is not None
    run.refresh_from_db()
    assert run.workers_lost == 1


def test_a_task_that_failed_without_losing_its_worker_frees_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent = note_what_is_sent(monkeypatch)

    task_failure.send(
        tasks.sync_bulk, task_id=str(uuid.uuid4()), exception=ValueError("odd")
    )

    assert sent == []


class _Silent:
    calls = 0
    waited = 0.0


def test_a_job_that_keeps_killing_its_worker_is_quarantined(
    connection: Connection, sandbox: Any
) -> None:
    run, _ = runs.open_run(connection, trigger="user")
    for _ in range(runs.MOST_DELIVERIES):
        assert lease.claim(run.pk, now=timezone.now()) is not None
        SyncRun.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    calls = len(sandbox.log)

    assert engine.run_slice(run.pk) is None

    run.refresh_from_db()
    assert run.outcome == "quarantined"
    assert len(sandbox.log) == calls
    connection.refresh_from_db()
    assert (connection.state, connection.reason) == ("degraded", "quarantined")


def test_a_worker_that_was_slow_does_not_count_as_killed(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, _ = runs.open_run(connection, trigger="user")
    list_collections = CONNECTORS["hubspot"].list_collections

    def answer_late(*args: Any, **more: Any) -> Any:
        past = timezone.now() - timedelta(seconds=1)
        SyncRun.objects.update(lease_until=past)
        assert lease.claim(run.pk, now=timezone.now()) is not None
        return list_collections(*args, **more)

    monkeypatch.setattr(CONNECTORS["hubspot"], "list_collections", answer_late)
    for _ in range(runs.MOST_DELIVERIES + 1):
        SyncRun.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        assert engine.run_slice(run.pk) is None

    run.refresh_from_db()
    assert run.outcome == ""
    assert run.deliveries <= runs.MOST_DELIVERIES


def test_a_process_does_not_take_from_itself_what_it_works_on(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, _ = runs.open_run(connection, trigger="user")
    taken: list[object] = []
    list_collections = CONNECTORS["hubspot"].list_collections

    def answer_late(*args: Any, **more: Any) -> Any:
        SyncRun.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        taken.append(turns.take("interactive", run.pk, now=timezone.now()))
        return list_collections(*args, **more)

    monkeypatch.setattr(CONNECTORS["hubspot"], "list_collections", answer_late)

    assert engine.run_slice(run.pk, seconds=600) is None

    run.refresh_from_db()
    assert taken == [None]
    assert (run.outcome, run.workers_lost) == ("complete", 0)


class DeadError(BaseException):
    """End a worker in the middle of its work."""


def test_a_death_after_some_pages_counts_like_any_other(
    connection: Connection, sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, _ = runs.open_run(connection, trigger="user")
    fetch_page = CONNECTORS["hubspot"].fetch_page

    def die(api: Any, collection: Any, *, cursor: str | None, **place: Any) -> Any:
        if cursor is not None:
            raise DeadError
        return fetch_page(api, collection, cursor=cursor, **place)

    monkeypatch.setattr(CONNECTORS["hubspot"], "fetch_page", die)
    # Or what is read beside it goes on first, which is no death of that.
    monkeypatch.setattr(CONNECTORS["hubspot"], "lane_of", lambda *_: "")
    deaths = 0
    for _ in range(6):
        SyncRun.objects.update(lease_until=None)
        try:
            engine.run_slice(run.pk)
        except DeadError:
            deaths += 1

    run.refresh_from_db()
    assert (run.outcome, deaths) == ("quarantined", 3)


def test_a_second_request_joins_the_run_that_is_open(connection: Connection) -> None:
    first = runs.request_sync(connection, trigger="schedule")
    second = runs.request_sync(connection, trigger="user")

    assert second.joined
    assert second.run.pk == first.run.pk
    assert second.run.is_interactive


@pytest.mark.django_db(transaction=True)
def test_without_a_broker_the_work_is_stored_and_the_caller_told(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    SyncRun.objects.all().delete()
    monkeypatch.setattr(queue, "current_app", _NoBroker())

    request = runs.request_sync(connection, trigger="user")

    assert not request.delivered
    assert request.run.state == "queued"
    assert runs.enqueue_lost(now=timezone.now()) == 0


class _NoBroker:
    def send_task(self, *_args: Any, **_options: Any) -> None:
        raise OperationalError("nobody listens")


def test_a_run_that_is_cancelled_stops_at_its_next_page(
    connection: Connection, finish_sync: FinishSync
) -> None:
    run, _ = runs.open_run(connection, trigger="user")
    SyncRun.objects.update(is_cancel_requested=True)

    assert engine.run_slice(run.pk) is None

    run.refresh_from_db()
    assert run.outcome == "cancelled"


def test_a_connection_that_was_paused_cannot_be_synced(connection: Connection) -> None:
    Connection.objects.update(state="paused", reason="paused_by_user")

    with pytest.raises(NotSyncableError):
        runs.request_sync(connection, trigger="user")


def test_slices_take_up_where_the_last_one_stopped(
    connection: Connection, sandbox: Any
) -> None:
    run, _ = runs.open_run(connection, trigger="user")

    for _ in range(60):
        SyncRun.objects.update(due_at=timezone.now())
        if engine.run_slice(run.pk, seconds=0.000001) is None:
            break

    run.refresh_from_db()
    assert run.outcome == "complete"
    assert run.slices > 5
    assert_equal_to(sandbox)


def test_a_run_whose_worker_vanished_is_published_again_once(
    connection: Connection,
) -> None:
    run, _ = runs.open_run(connection, trigger="user")
    now = timezone.now()
    SyncRun.objects.filter(pk=run.pk).update(
        state="running",
        lease_id=uuid.uuid4(),
        lease_until=now - timedelta(seconds=1),
        enqueued_at=now - timedelta(seconds=20),
        due_at=now,
    )

    assert runs.enqueue_lost(now=now) == 1
    assert runs.enqueue_lost(now=now) == 0
