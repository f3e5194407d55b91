"""What is due is started once, however much it is and however many schedulers tick."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from kombu.exceptions import OperationalError

from integrations.models import Connection, SyncRun
from integrations.services.common import queue
from integrations.services.sync import runs
from integrations.services.upkeep import schedule

# The messages are published when a transaction ends.
pytestmark = pytest.mark.django_db(transaction=True)


class Broker:
    """Keep what was published; take so many messages and then no more."""

    def __init__(self, *, takes: int = 1_000_000) -> None:
        self.sent: list[tuple[str, str]] = []
        self.refused = 0
        self.takes = takes

    def send_task(self, name: str, args: list[str], **_options: Any) -> None:
        if len(self.sent) >= self.takes:
            self.refused += 1
            raise OperationalError("nobody listens")
        self.sent.append((name.rpartition(".")[2], args[0]))


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Broker:
    made = Broker()
    monkeypatch.setattr(queue, "current_app", made)
    return made


@pytest.fixture
def now() -> datetime:
    return timezone.now()


def make_due(user: User, now: datetime, count: int, **columns: Any) -> list[Connection]:
    made = [
        Connection(
            owner=user,
            provider="hubspot",
            remote_id=f"{number}:{columns}",
            account_name=f"Account {number}",
            **{"next_sync_at": now - timedelta(seconds=count - number), **columns},
        )
        for number in range(count)
    ]
    return Connection.objects.bulk_create(made)


def test_every_due_connection_gets_one_run_and_one_message(
    alice: User, broker: Broker, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "MOST_AT_ONCE", 3)
    due = make_due(alice, now, 8, sync_interval_minutes=60)

    assert schedule.dispatch_due(now=now) == 8
    assert schedule.dispatch_due(now=now) == 0

    opened = SyncRun.objects.all()
    assert {run.connection_id for run in opened} == {c.pk for c in due}
    assert {run.trigger for run in opened} == {"schedule"}
    assert sorted(broker.sent) == sorted(("sync_bulk", str(r.pk)) for r in opened)
    assert all(run.enqueued_at for run in opened)


def test_the_next_slot_is_an_interval_away_and_spread(
    alice: User, broker: Broker, now: datetime
) -> None:
    make_due(alice, now, 20, sync_interval_minutes=60)

    schedule.dispatch_due(now=now)

    slots = set(Connection.objects.values_list("next_sync_at", flat=True))
    assert len(slots) > 10
    assert now + timedelta(minutes=54) <= min(slots)
    assert max(slots) <= now + timedelta(minutes=60)


def test_what_is_not_due_paused_or_lost_is_left_alone(
    alice: User, broker: Broker, now: datetime
) -> None:
    make_due(alice, now, 1, next_sync_at=now + timedelta(seconds=1))
    make_due(alice, now, 1, state="paused")
    make_due(alice, now, 1, state="needs_reconnect")
    make_due(alice, now, 1, state="disconnected")

    assert schedule.dispatch_due(now=now) == 0
    assert not SyncRun.objects.exists()


def test_an_open_run_answers_the_schedule_too(
    alice: User, broker: Broker, now: datetime
) -> None:
    (one, _other) = make_due(alice, now, 2)
    runs.request_sync(one, trigger="user")

    assert schedule.dispatch_due(now=now) == 1

    assert one.runs.count() == 1
    one.refresh_from_db()
    assert one.next_sync_at is not None
    assert one.next_sync_at > now


def test_a_run_somebody_asks_for_stands_for_the_scheduled_one_that_is_due(
    alice: User, broker: Broker, now: datetime
) -> None:
    (one,) = make_due(alice, now, 1, sync_interval_minutes=60)

    run = runs.request_sync(one, trigger="connect").run
    runs.finish(run, SyncRun.Outcome.COMPLETE)

    assert schedule.dispatch_due(now=now) == 0
    assert schedule.dispatch_due(now=now + timedelta(minutes=61)) == 1


def test_a_run_somebody_asks_for_leaves_a_later_schedule_alone(
    alice: User, broker: Broker, now: datetime
) -> None:
    (one,) = make_due(alice, now, 1, next_sync_at=now + timedelta(minutes=2))

    runs.request_sync(one, trigger="user")

    one.refresh_from_db()
    assert one.next_sync_at == now + timedelta(minutes=2)


def test_without_a_broker_runs_wait_as_rows_and_nobody_waits_for_timeouts(
    alice: User, broker: Broker, now: datetime
) -> None:
    make_due(alice, now, 5)
    broker.takes = 2

    assert schedule.dispatch_due(now=now) == 5
    assert broker.refused == 1
    assert SyncRun.objects.filter(enqueued_at=None).count() == 3

    broker.takes = 100
    SyncRun.objects.update(queued_at=now - timedelta(minutes=1))
    assert runs.enqueue_lost(now=timezone.now()) == 3
    assert len(set(broker.sent)) == 5


def test_many_cost_hardly_more_statements_than_a_few(
    alice: User, broker: Broker, now: datetime
) -> None:
    counts = []
    for size in (5, 100):
        make_due(alice, now, size, sync_interval_minutes=size)
        with CaptureQueriesContext(database) as asked:
            assert schedule.dispatch_due(now=now) == size
        counts.append(len(asked))

    # SQLite takes a thousand values a statement, so a hundred rows are some statements.
    assert counts[1] <= 2 * counts[0]


@pytest.mark.parametrize(
    ("waiting", "published"), [(6, 0), (5, 1), (0, 4), (None, 4), (9, 0)]
)
def test_a_message_that_still_waits_in_a_full_queue_is_not_sent_twice(
    alice: User,
    broker: Broker,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
    waiting: int | None,
    published: int,
) -> None:
    make_due(alice, now, 6)
    schedule.dispatch_due(now=now)
    late = SyncRun.objects.order_by("due_at")[:4]
    SyncRun.objects.filter(pk__in=[run.pk for run in late]).update(
        enqueued_at=now - timedelta(minutes=3)
    )
    broker.sent.clear()
    monkeypatch.setattr(queue, "waiting", lambda _name: waiting)

    assert runs.enqueue_lost(now=timezone.now()) == published

    oldest = [str(run.pk) for run in late][:published]
    assert [identity for _task, identity in broker.sent] == oldest


def test_a_queue_nobody_works_on_hides_nothing_that_another_lost(
    alice: User, broker: Broker, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_due(alice, now, 2)
    schedule.dispatch_due(now=now)
    SyncRun.objects.update(enqueued_at=now - timedelta(minutes=3))
    broker.sent.clear()
    lengths = {"interactive": 500, "sync": 0}
    monkeypatch.setattr(queue, "waiting", lengths.get)

    assert runs.enqueue_lost(now=timezone.now()) == 2


def test_a_user_who_joins_a_scheduled_run_is_served_before_the_bulk(
    alice: User, broker: Broker, now: datetime
) -> None:
    (one,) = make_due(alice, now, 1)
    schedule.dispatch_due(now=now)

    joined = runs.request_sync(one, trigger="user")
    again = runs.request_sync(one, trigger="user")

    assert joined.joined
    assert joined.delivered
    assert again.delivered
    assert [task for task, _run in broker.sent] == ["sync_bulk", "sync_interactive"]
