"""A sync that failed for a passing reason is tried again by itself, and says when."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import OperationalError
from django.db import connection as database
from django.utils import timezone

from integrations.models import Collection, Connection, SyncRun
from integrations.models.reasons import Reason, ReasonCode
from integrations.services.connections import disconnect, settings
from integrations.services.connections.status import status_of
from integrations.services.sync import engine, runs
from integrations.services.upkeep import schedule
from tests.services.fixtures import FinishSync, let_time_pass
from tests.services.hubspot_account import assert_equal_to
from tests.support.rows import make_connection

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
PASSING = [
    ({"kind": "status", "status": 503}, "provider_down"),
    ({"kind": "reset"}, "network"),
    ({"kind": "html"}, "odd_answer"),
    ({"kind": "wrong_shape"}, "odd_answer"),
    ({"kind": "intermediary", "status": 401}, "intermediary"),
]


def fail(sandbox: Any, **fault: Any) -> None:
    """Let what is listed fail until further notice."""
    sandbox.client.command("faults/clear")
    sandbox.client.command("faults/add", family="list", **fault)


def after_last(connection: Connection) -> timedelta:
    """Return how long after its end the latest run is tried again."""
    connection.refresh_from_db()
    ended = connection.runs.latest("finished_at").finished_at
    assert ended is not None
    assert connection.retry_at is not None
    return connection.retry_at - ended


def work(run: SyncRun) -> SyncRun:
    """Work on a run to its end, over its waits."""
    for _ in range(50):
        let_time_pass(run)
        engine.run_slice(run.pk)
        run.refresh_from_db()
        if not run.is_open:
            return run
    raise AssertionError("the run has no end")


@pytest.mark.parametrize(("fault", "code"), PASSING)
def test_a_failure_that_may_pass_is_tried_again_in_a_minute(
    connection: Connection,
    finish_sync: FinishSync,
    sandbox: Any,
    fault: dict[str, Any],
    code: str,
) -> None:
    fail(sandbox, **fault)
    sync = connection.runs.get()
    began = sandbox.count("/crm/objects")

    run = finish_sync(connection)

    assert (run.pk, run.outcome) == (sync.pk, "failed")
    # As patient as with a 5xx, of which each is repeated at once.
    assert sandbox.count("/crm/objects") - began >= 6
    assert after_last(connection) == MINUTE
    status = status_of(connection)
    assert (status.condition, status.code) == ("retrying", code)
    assert status.next_sync.at == connection.retry_at
    assert "sync" in status.actions


def test_attempts_are_spaced_then_left_to_the_schedule_and_begin_anew_with_success(
    connection: Connection, finish_sync: FinishSync, sandbox: Any
) -> None:
    fail(sandbox, kind="status", status=503)
    Connection.objects.update(next_sync_at=timezone.now() + timedelta(days=1))
    finish_sync(connection)
    waits, triggers = [], []

    for _ in range(4):
        waits.append(after_last(connection))
        at = connection.retry_at
        assert at is not None
        assert schedule.dispatch_due(now=at - SECOND) == 0
        assert schedule.dispatch_due(now=at + SECOND) == 1
        assert schedule.dispatch_due(now=at + SECOND) == 0
        run = connection.runs.get(state="queued")
        triggers.append(run.trigger)
        work(run)

    assert waits == [MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE]
    assert set(triggers) == {"retry"}
    connection.refresh_from_db()
    assert (connection.failed_syncs, connection.retry_at) == (5, None)
    assert status_of(connection).condition == "trouble"

    sandbox.client.command("faults/clear")
    assert finish_sync(connection).outcome == "complete"
    connection.refresh_from_db()
    assert (connection.failed_syncs, connection.retry_at) == (0, None)
    assert status_of(connection).condition == "connected"
    sandbox.client.command("faults/add", kind="reset")
    finish_sync(connection)
    assert after_last(connection) == MINUTE


def test_a_collection_that_failed_for_a_passing_reason_is_tried_again(
    connection: Connection, finish_sync: FinishSync, sandbox: Any
) -> None:
    fail(sandbox, kind="status", status=502, path="contacts")

    run = finish_sync(connection)

    assert run.outcome == "partial"
    assert after_last(connection) == MINUTE
    assert status_of(connection).code == "provider_down"
    sandbox.client.command("faults/clear")
    assert connection.retry_at is not None
    schedule.dispatch_due(now=connection.retry_at)
    assert work(connection.runs.get(state="queued")).outcome == "complete"
    assert_equal_to(sandbox)


def test_a_full_refresh_that_failed_for_a_passing_reason_is_tried_again(
    synced: Connection, finish_sync: FinishSync, sandbox: Any
) -> None:
    sandbox.client.command(
        "faults/add", kind="html", family="list", path="contacts", skip=1
    )

    run = finish_sync(synced, full=True)

    contacts = Collection.objects.get(remote_id="contacts")
    assert (run.outcome, contacts.reason) == ("partial", "full_refresh_failed")
    assert after_last(synced) == MINUTE


def test_what_a_failed_full_refresh_has_read_is_not_read_again(
    synced: Connection,
) -> None:
    """A hold that it ended with stays up to its user."""
    run, _ = runs.open_run(synced, trigger="user", full=True)
    states = {"contacts": "partial", "companies": "done", "deals": "failed"}
    run.progress = {
        str(each.pk): {"name": each.name, "state": states[each.remote_id]}
        for each in synced.collections.all()
    }
    run.save()
    failed = Reason(code=ReasonCode.PROVIDER_DOWN)
    runs.finish(run, outcome=SyncRun.Outcome.FAILED, reason=failed)

    wanted = synced.collections.filter(full_refresh_wanted_at__isnull=False)
    assert [each.remote_id for each in wanted] == ["deals"]


@pytest.mark.parametrize("state", ["done", "partial", "failed"])
def test_a_full_refresh_that_could_not_list_a_part_ends_and_is_tried_again(
    synced: Connection, state: str
) -> None:
    """The listing is noted beside the collections and is none of them."""
    run, _ = runs.open_run(synced, trigger="user", full=True)
    run.progress = {
        str(each.pk): {"name": each.name, "state": "failed"}
        for each in synced.collections.all()
    }
    listing = {"name": "List of collections", "state": state}
    run.progress["account"] = {
        **listing,
        "reason": {"code": "request_refused", "data": {}},
    }
    run.save()
    failed = Reason(code=ReasonCode.PROVIDER_DOWN)
    runs.finish(run, outcome=SyncRun.Outcome.FAILED, reason=failed)

    wanted = synced.collections.filter(full_refresh_wanted_at__isnull=False)
    assert len(wanted) == 3
    assert after_last(synced) == MINUTE


def test_a_full_refresh_that_began_nothing_is_tried_again_as_one(
    synced: Connection, finish_sync: FinishSync, sandbox: Any
) -> None:
    before = dict(synced.collections.values_list("pk", "last_full_refresh_at"))
    run, _ = runs.open_run(synced, trigger="user", full=True)
    failed = Reason(code=ReasonCode.PROVIDER_DOWN)
    runs.finish(run, outcome=SyncRun.Outcome.FAILED, reason=failed)

    assert after_last(synced) == MINUTE
    finish_sync(synced, trigger="retry")

    after = dict(synced.collections.values_list("pk", "last_full_refresh_at"))
    assert all(after[key] > before[key] for key in before)


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "missing_scopes"},
        {"kind": "status", "status": 400},
        {"kind": "status", "status": 401},
        {"kind": "status", "status": 404},
    ],
)
def test_what_does_not_pass_is_left_to_the_schedule(
    connection: Connection,
    finish_sync: FinishSync,
    sandbox: Any,
    fault: dict[str, Any],
) -> None:
    fail(sandbox, **fault)

    run = finish_sync(connection)

    connection.refresh_from_db()
    assert run.outcome != "complete"
    assert (connection.retry_at, connection.failed_syncs) == (None, 0)
    assert status_of(connection).condition != "retrying"


def test_a_longer_wait_that_the_provider_asks_for_is_kept(
    connection: Connection, finish_sync: FinishSync, sandbox: Any
) -> None:
    fail(sandbox, kind="status", status=503, retry_after=200)

    finish_sync(connection)

    assert after_last(connection) > timedelta(seconds=195)


def pause(connection: Connection) -> None:
    settings.pause(connection, actor=None)


def cut(connection: Connection) -> None:
    disconnect.disconnect(connection, actor=None, keep_items=True)


@pytest.mark.parametrize("stop", [pause, cut])
def test_nothing_is_tried_again_of_what_was_stopped(
    connection: Connection,
    finish_sync: FinishSync,
    sandbox: Any,
    stop: Callable[[Connection], None],
) -> None:
    fail(sandbox, kind="reset")
    finish_sync(connection)
    count = connection.runs.count()

    stop(connection)

    assert schedule.dispatch_due(now=timezone.now() + timedelta(hours=1)) == 0
    assert connection.runs.count() == count
    assert status_of(connection).condition != "retrying"


def test_a_sync_that_somebody_asks_for_is_the_next_attempt(
    connection: Connection, finish_sync: FinishSync, sandbox: Any
) -> None:
    fail(sandbox, kind="reset")
    finish_sync(connection)

    runs.request_sync(connection, trigger="user")

    connection.refresh_from_db()
    assert connection.retry_at is None
    assert status_of(connection).condition != "retrying"
    assert schedule.dispatch_due(now=timezone.now() + 3 * MINUTE) == 0
    work(connection.runs.get(state="queued"))
    assert after_last(connection) == 2 * MINUTE


def test_a_sync_of_the_schedule_is_the_next_attempt(
    connection: Connection, finish_sync: FinishSync, sandbox: Any
) -> None:
    fail(sandbox, kind="reset")
    finish_sync(connection)
    soon = timezone.now() + SECOND
    Connection.objects.update(next_sync_at=soon)
    connection.refresh_from_db()

    assert status_of(connection).next_sync.at == soon
    assert schedule.dispatch_due(now=soon) == 1
    assert schedule.dispatch_due(now=soon + 2 * MINUTE) == 0


def test_an_attempt_that_a_clock_ahead_has_planned_is_due(
    alice: User, sandbox: Any
) -> None:
    now = timezone.now()
    late = make_connection(
        alice, retry_at=now + timedelta(days=3), next_sync_at=now + timedelta(hours=1)
    )

    schedule.sweep(now=now)

    assert schedule.dispatch_due(now=now) == 1
    assert late.runs.get().trigger == "retry"


class Outage:
    """Fail statements of our own database that write items, so many times."""

    def __init__(self, times: int) -> None:
        self.left = times

    def __call__(self, execute: Any, sql: str, params: Any, many: Any, about: Any):
        if self.left and "integrations_item" in sql and sql.startswith("INSERT"):
            self.left -= 1
            raise OperationalError("the server closed the connection")
        return execute(sql, params, many, about)


def test_our_own_database_may_be_away_for_a_while(
    connection: Connection, finish_sync: FinishSync, sandbox: Any
) -> None:
    run = connection.runs.get()
    with database.execute_wrapper(Outage(5)):
        for _ in range(5):
            let_time_pass(run)
            assert engine.run_slice(run.pk) is not None
            run.refresh_from_db()
            assert (run.reason, run.deliveries) == ("database_away", 0)

    assert work(run).outcome == "complete"
    assert_equal_to(sandbox)


def test_a_run_that_our_database_ended_is_tried_again(
    connection: Connection, finish_sync: FinishSync, sandbox: Any
) -> None:
    with database.execute_wrapper(Outage(99)):
        run = finish_sync(connection)

    assert (run.outcome, run.reason) == ("failed", "database_away")
    assert after_last(connection) == MINUTE
    assert status_of(connection).code == "database_away"


def test_a_first_sync_gets_over_minutes_without_an_answer(
    connection: Connection, sandbox: Any
) -> None:
    fail(sandbox, kind="status", status=503)
    now = timezone.now()
    ended: datetime | None = None
    with time_machine.travel(now, tick=False) as clock:
        for second in range(600):
            clock.move_to(now + second * SECOND)
            if second == 200:
                sandbox.client.command("faults/clear")
            schedule.dispatch_due(now=timezone.now())
            for run in connection.runs.exclude(state="finished"):
                if run.due_at <= timezone.now():
                    engine.run_slice(run.pk)
            connection.refresh_from_db()
            latest = connection.runs.latest("queued_at")
            if latest.outcome == "complete":
                ended = timezone.now()
                break

    assert ended is not None
    assert ended - now < 5 * MINUTE
    assert_equal_to(sandbox)


@pytest.mark.parametrize("noting", ["clock", "spend"])
def test_a_busy_database_at_the_end_of_a_slice_costs_no_wait(
    connection: Connection, monkeypatch: pytest.MonkeyPatch, noting: str
) -> None:
    run = connection.runs.get()
    let_time_pass(run)

    def busy(*_args: Any) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr(engine, "_work", lambda _current: 7.5)
    monkeypatch.setattr(getattr(engine, noting), "note", busy)

    assert engine.run_slice(run.pk) == 7.5


def test_the_calls_of_a_slice_that_broke_off_are_counted(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = connection.runs.get()
    let_time_pass(run)

    def break_off(current: Any) -> None:
        current.api.calls = 3
        raise RuntimeError

    monkeypatch.setattr(engine, "_work", break_off)
    with pytest.raises(RuntimeError):
        engine.run_slice(run.pk)

    connection.refresh_from_db()
    assert connection.calls_today == 3
