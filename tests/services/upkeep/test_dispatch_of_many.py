"""Many due connections are published by the hundred, and nothing of it is lost."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from kombu.exceptions import OperationalError

from integrations import tasks
from integrations.models import Connection, SyncRun
from integrations.services.common import queue
from integrations.services.sync import due_runs, runs
from integrations.services.sync.leases import turns
from integrations.services.upkeep import schedule
from tests.support.rows import make_connection

# The messages are published when a transaction ends.
pytestmark = pytest.mark.django_db(transaction=True)
AT_ONCE = 3


class Broker:
    """Keep the messages of each task; take so many and then no more."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, tuple[str, ...]]] = []
        self.refused = 0
        self.takes = 1_000_000

    def send_task(self, name: str, args: list[str], **_options: Any) -> None:
        if len(self.sent) >= self.takes:
            self.refused += 1
            raise OperationalError("nobody listens")
        self.sent.append((name.rpartition(".")[2], tuple(args)))

    def of(self, task: str) -> list[tuple[str, ...]]:
        return [named for name, named in self.sent if name == task]


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Broker:
    made = Broker()
    monkeypatch.setattr(queue, "current_app", made)
    monkeypatch.setattr(due_runs, "PER_MESSAGE", AT_ONCE)
    return made


@pytest.fixture
def now() -> datetime:
    return timezone.now()


def make_due(user: User, now: datetime, count: int) -> list[Connection]:
    return Connection.objects.bulk_create(
        Connection(
            owner=user,
            provider="hubspot",
            remote_id=f"{number}:1",
            account_name=f"Account {number}",
            next_sync_at=now - timedelta(seconds=count - number),
        )
        for number in range(count)
    )


def deliver(broker: Broker) -> None:
    """Let a worker take each message that names many, once."""
    for named in broker.of("enqueue_syncs"):
        tasks.enqueue_syncs(*named)


def published(broker: Broker) -> Counter[str]:
    return Counter(named[0] for named in broker.of("sync_bulk"))


def test_each_full_hundred_is_one_message_and_the_rest_goes_one_by_one(
    alice: User, broker: Broker, now: datetime
) -> None:
    make_due(alice, now, 2 * AT_ONCE + 2)

    assert schedule.dispatch_due(now=now) == 2 * AT_ONCE + 2

    many = broker.of("enqueue_syncs")
    assert [len(named) for named in many] == [AT_ONCE, AT_ONCE]
    assert len(broker.of("sync_bulk")) == 2
    keys = {str(pk) for pk in SyncRun.objects.values_list("pk", flat=True)}
    assert keys == {key for named in many for key in named} | set(published(broker))


def test_a_worker_publishes_each_of_them_once_however_often_they_come(
    alice: User, broker: Broker, now: datetime
) -> None:
    make_due(alice, now, 2 * AT_ONCE)
    schedule.dispatch_due(now=now)

    deliver(broker)
    deliver(broker)

    each = {str(run.pk): 1 for run in SyncRun.objects.all()}
    assert published(broker) == each
    assert not SyncRun.objects.filter(enqueued_at=None).exists()


def wait_for_messages(now: datetime) -> None:
    """Let so much time pass that no run waits in a message that names many."""
    SyncRun.objects.update(queued_at=now - runs.NAMED_FOR - timedelta(seconds=1))


def test_a_lost_message_leaves_its_runs_to_a_look_half_a_minute_later(
    alice: User, broker: Broker, now: datetime
) -> None:
    make_due(alice, now, AT_ONCE)
    schedule.dispatch_due(now=now)

    assert runs.enqueue_lost(now=timezone.now()) == 0
    wait_for_messages(now)
    assert runs.enqueue_lost(now=timezone.now()) == AT_ONCE
    # It was only late, after all.
    deliver(broker)

    assert set(published(broker).values()) == {1}
    assert len(published(broker)) == AT_ONCE


@pytest.mark.parametrize("is_lost_by_broker", [False, True])
def test_what_somebody_asked_for_waits_behind_nothing_that_the_clock_started(
    alice: User,
    broker: Broker,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
    is_lost_by_broker: bool,
) -> None:
    make_due(alice, now - timedelta(hours=1), 2 * AT_ONCE)
    schedule.dispatch_due(now=now)
    wait_for_messages(now)
    own = make_connection(alice, remote_id="asked for")
    asked, _ = runs.open_run(own, trigger=SyncRun.Trigger.USER)
    if is_lost_by_broker:
        sent = now - timedelta(minutes=1)
        SyncRun.objects.filter(pk=asked.pk).update(enqueued_at=sent)
    monkeypatch.setattr(queue, "waiting", lambda _name: 0)

    runs.enqueue_lost(now=timezone.now(), most=AT_ONCE)

    assert broker.of("sync_interactive") == [(str(asked.pk),)]
    assert len(published(broker)) == AT_ONCE


def test_two_that_have_read_the_same_runs_publish_each_once(
    alice: User, broker: Broker, now: datetime
) -> None:
    make_due(alice, now, AT_ONCE)
    schedule.dispatch_due(now=now)
    first, second = list(SyncRun.objects.all()), list(SyncRun.objects.all())

    assert [runs.enqueue_all(first), runs.enqueue_all(second)] == [AT_ONCE, 0]
    assert all(runs.enqueue(run) for run in second)

    assert published(broker) == {str(run.pk): 1 for run in first}


@pytest.mark.parametrize("is_published", [False, True])
def test_a_run_that_a_user_joins_goes_before_though_it_was_read_earlier(
    alice: User, broker: Broker, now: datetime, is_published: bool
) -> None:
    (one,) = make_due(alice, now, 1)
    due_runs.start("next_sync_at", SyncRun.Trigger.SCHEDULE, now=now, most=1)
    SyncRun.objects.update(enqueued_at=None)
    broker.sent.clear()
    read = list(SyncRun.objects.all())
    if is_published:
        runs.request_sync(one, trigger=SyncRun.Trigger.USER)
    else:
        runs.open_run(one, trigger=SyncRun.Trigger.USER)

    runs.enqueue_all(read)

    assert broker.sent == [("sync_interactive", (str(read[0].pk),))]


@pytest.mark.parametrize("is_one", [False, True])
def test_a_broker_that_fails_takes_back_no_note_but_ours(
    alice: User,
    broker: Broker,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
    is_one: bool,
) -> None:
    make_due(alice, now, AT_ONCE)
    schedule.dispatch_due(now=now)
    read = list(SyncRun.objects.all())
    others = now + timedelta(seconds=1)

    def refuse(*_args: Any, **_options: Any) -> None:
        SyncRun.objects.filter(pk=read[0].pk).update(enqueued_at=others)
        raise OperationalError("nobody listens")

    monkeypatch.setattr(broker, "send_task", refuse)

    assert not (runs.enqueue(read[0]) if is_one else runs.enqueue_all(read))

    notes = SyncRun.objects.filter(enqueued_at__isnull=False)
    assert list(notes.values_list("pk", "enqueued_at")) == [(read[0].pk, others)]


def test_without_a_broker_runs_wait_as_rows_and_nobody_waits_for_timeouts(
    alice: User, broker: Broker, now: datetime
) -> None:
    make_due(alice, now, 2 * AT_ONCE + 1)
    broker.takes = 1

    assert schedule.dispatch_due(now=now) == 2 * AT_ONCE + 1

    assert (len(broker.of("enqueue_syncs")), broker.refused) == (1, 1)
    assert SyncRun.objects.filter(enqueued_at=None).count() == 2 * AT_ONCE + 1
    broker.takes = 100
    wait_for_messages(now)
    assert runs.enqueue_lost(now=timezone.now()) == 2 * AT_ONCE + 1


def test_what_somebody_asks_for_meanwhile_goes_before_and_not_twice(
    alice: User, broker: Broker, now: datetime
) -> None:
    first, *_ = make_due(alice, now, AT_ONCE)
    schedule.dispatch_due(now=now)

    run = runs.request_sync(first, trigger=SyncRun.Trigger.USER).run
    deliver(broker)

    assert broker.of("sync_interactive") == [(str(run.pk),)]
    others = SyncRun.objects.exclude(pk=run.pk)
    assert published(broker) == {str(other.pk): 1 for other in others}


def test_there_is_a_turn_for_each_run_whoever_was_first(
    alice: User, broker: Broker, now: datetime
) -> None:
    make_due(alice, now, AT_ONCE + 1)
    schedule.dispatch_due(now=now)
    (alone,) = published(broker)

    # Its message takes the run that is longest due, which is one of the many.
    taken = turns.take("sync", UUID(alone), now=timezone.now())
    assert taken is not None
    assert str(taken[0].pk) != alone
    deliver(broker)

    assert sum(published(broker).values()) == AT_ONCE + 1


def test_an_idle_tick_is_one_query_that_locks_nothing(
    alice: User, broker: Broker, now: datetime
) -> None:
    make_due(alice, now, AT_ONCE)
    quiet = now - timedelta(hours=1)

    with CaptureQueriesContext(database) as asked:
        assert schedule.dispatch_due(now=quiet) == 0

    (only,) = asked.captured_queries
    assert only["sql"].startswith("SELECT EXISTS")
    assert "FOR " not in only["sql"]
