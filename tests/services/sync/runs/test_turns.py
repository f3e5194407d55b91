"""A free worker takes the run of whoever has the fewest in work."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.models import Connection, SyncRun
from integrations.services.sync import due_runs, runs
from integrations.services.sync.leases import turns
from tests.support.plans import whole_reads
from tests.support.rows import make_connection, make_run


def due(owner: User, *, seconds_ago: int, **values: Any) -> SyncRun:
    """Make a run of a connection of its own that has waited for so long."""
    at = timezone.now() - timedelta(seconds=seconds_ago)
    values = {"is_interactive": True, **values}
    return make_run(make_connection(owner), due_at=at, queued_at=at, **values)


def take(named: SyncRun, queue_name: str = "interactive") -> UUID | None:
    taken = turns.take(queue_name, named.pk, now=timezone.now())
    return taken[0].pk if taken else None


def make_backlog(owner: User, count: int) -> None:
    """Make as many runs of connections of their own that have long been due."""
    at = timezone.now() - timedelta(hours=1)
    connections = Connection.objects.bulk_create(
        Connection(owner=owner, provider="hubspot", remote_id=f"{owner.pk}-{number}")
        for number in range(count)
    )
    SyncRun.objects.bulk_create(
        SyncRun(
            connection=each,
            is_interactive=True,
            due_at=at,
            queued_at=at,
            turn_of=owner.pk,
        )
        for each in connections
    )


def test_many_runs_of_one_user_do_not_hold_up_the_next_user(
    alice: User, bob: User
) -> None:
    hers = [due(alice, seconds_ago=100 - number) for number in range(25)]
    his = due(bob, seconds_ago=1)

    taken = [take(run) for run in hers[:3]]

    assert taken == [hers[0].pk, his.pk, hers[1].pk]


def test_no_backlog_of_another_user_is_too_long(alice: User, bob: User) -> None:
    hers = due(alice, seconds_ago=10_000)
    make_backlog(alice, 600)
    his = due(bob, seconds_ago=1)

    assert [take(hers), take(hers)] == [hers.pk, his.pk]


def test_no_decision_reads_all_runs_there_have_been(alice: User, bob: User) -> None:
    hers = due(alice, seconds_ago=10)
    due(bob, seconds_ago=1)

    with CaptureQueriesContext(database) as asked:
        assert take(hers) == hers.pk

    queries = [each["sql"] for each in asked.captured_queries]
    assert whole_reads(queries, large="syncrun|connection") == []


def test_no_decision_sorts_the_backlog(alice: User, bob: User) -> None:
    hers = due(alice, seconds_ago=10)
    due(bob, seconds_ago=1)
    take(hers)

    with CaptureQueriesContext(database) as asked:
        take(hers)

    queries = [each["sql"] for each in asked.captured_queries]
    chosen = [sql for sql in queries if "LIMIT 1" in sql and "due_at" in sql]
    assert chosen
    for sql in chosen:
        with database.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
            assert "TEMP B-TREE" not in str(cursor.fetchall()), sql


def test_a_run_that_old_code_has_opened_gets_its_turn(alice: User) -> None:
    hers = due(alice, seconds_ago=10, turn_of=None)

    assert take(hers) == hers.pk

    runs.finish(hers, SyncRun.Outcome.COMPLETE)
    hers.refresh_from_db()
    assert hers.turn_of is None


def test_what_old_code_has_opened_goes_before_nobody(alice: User, bob: User) -> None:
    his = due(bob, seconds_ago=20)
    due(alice, seconds_ago=10, turn_of=None)
    ended = make_run(make_connection(alice), state=SyncRun.State.FINISHED)

    assert take(ended) == his.pk


def test_runs_follow_each_other_where_one_cannot_be_claimed(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = due(alice, seconds_ago=20), due(alice, seconds_ago=10)
    monkeypatch.setattr(turns.heartbeat, "is_at_work", lambda key: key == first.pk)

    assert [take(first), take(first)] == [second.pk, None]


def test_what_opens_a_run_says_whose_turn_it_takes(alice: User) -> None:
    several = [make_connection(alice), make_connection(alice)]

    runs.open_run(several[0], trigger=SyncRun.Trigger.USER)
    one = several[1]
    due_runs.open_all(
        [due_runs.DueConnection(one.pk, alice.pk, one.generation, 15)],
        trigger=SyncRun.Trigger.SCHEDULE,
    )

    assert set(SyncRun.objects.values_list("turn_of", flat=True)) == {alice.pk}


def test_runs_of_one_user_follow_each_other_as_they_became_due(alice: User) -> None:
    late, early = due(alice, seconds_ago=10), due(alice, seconds_ago=20)
    gone = due(alice, seconds_ago=5)
    SyncRun.objects.filter(pk=gone.pk).update(state="finished")

    assert [take(gone), take(gone), take(gone)] == [early.pk, late.pk, None]


def test_among_equals_the_user_of_the_named_run_goes_first(
    alice: User, bob: User
) -> None:
    due(alice, seconds_ago=20)
    his = due(bob, seconds_ago=10)

    assert take(his) == his.pk


def test_each_queue_has_its_own_runs(alice: User) -> None:
    bulk = due(alice, seconds_ago=20, is_interactive=False)
    long = due(alice, seconds_ago=10, requests=turns.INTERACTIVE_REQUESTS)

    assert take(bulk) is None
    assert {take(bulk, "sync"), take(bulk, "sync")} == {bulk.pk, long.pk}


@pytest.mark.parametrize("minutes", [-1, 90])
def test_a_lease_that_nobody_holds_is_no_work_of_its_user(
    alice: User, bob: User, minutes: int
) -> None:
    until = timezone.now() + timedelta(minutes=minutes)
    due(alice, seconds_ago=0, slices=9, lease_id=UUID(int=1), lease_until=until)
    hers, his = due(alice, seconds_ago=30), due(bob, seconds_ago=20)

    assert take(hers) == hers.pk
    assert take(hers) == his.pk


def lose_worker(run: SyncRun) -> None:
    """Let the worker of a run be killed before it has stored anything."""
    over = timezone.now() - timedelta(minutes=5)
    SyncRun.objects.filter(pk=run.pk).update(lease_until=over)


def test_runs_that_went_down_together_again_are_worked_on_one_by_one(
    alice: User, bob: User
) -> None:
    """One of them may end every worker; the others went down with it."""
    together = [due(alice, seconds_ago=20), due(bob, seconds_ago=10)]
    for _ in range(turns.SUSPECT_AFTER):
        assert {take(together[0]), take(together[0])} == {run.pk for run in together}
        for run in together:
            lose_worker(run)

    assert take(together[0]) == together[0].pk
    assert take(together[0]) is None
    # A page of it is stored, as renewing its lease counts.
    SyncRun.objects.filter(pk=together[0].pk).update(deliveries=1)
    assert take(together[0]) == together[1].pk


def test_a_run_that_ends_every_worker_is_quarantined_and_no_other(
    alice: User, bob: User
) -> None:
    poison = due(alice, seconds_ago=20, is_interactive=False)
    innocent = due(bob, seconds_ago=10, is_interactive=False)
    for _ in range(2 * runs.MOST_DELIVERIES):
        both = take(poison, "sync"), take(poison, "sync")
        taken = [each for each in both if each]
        for key in taken:
            if poison.pk in taken:
                lose_worker(SyncRun.objects.get(pk=key))
            else:
                SyncRun.objects.filter(pk=key).update(deliveries=1)
                lose_worker(SyncRun.objects.get(pk=key))

    poison.refresh_from_db()
    innocent.refresh_from_db()
    assert poison.deliveries > runs.MOST_DELIVERIES >= innocent.deliveries
