"""An account whose plan nobody has said is read carefully at first."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from integrations.models import Collection, Connection, SyncRun
from integrations.services.connections import quota
from integrations.services.sync.calls import budget
from tests.services.fixtures import FinishSync
from tests.services.sync.airtable.account_rows import Airtable, assert_equal_to
from tests.support.rows import NOON, make_finished_run


def spend(connection: Connection, calls: int, **values: Any) -> None:
    times = {"queued_at": timezone.now(), "started_at": timezone.now(), **values}
    make_finished_run(connection, requests=calls, **times)


def business() -> Any:
    return next(p for p in budget.plans_of("airtable") if not p.calls)


def test_until_the_plan_is_said_little_is_asked(
    alice: User, connect_airtable: Callable[..., Connection]
) -> None:
    unsaid = connect_airtable(alice)

    assert (unsaid.plan, unsaid.sync_interval_minutes) == ("", 1440)
    assert unsaid.full_refresh_hours == 720
    assert quota.overrun(unsaid) is None


def test_a_first_refresh_spends_half_of_the_smallest_plan_and_waits(
    few: Connection, airtable: Airtable, finish_sync: FinishSync
) -> None:
    spend(few, 496)

    run = finish_sync(few)

    waiting = few.collections.filter(blocked_until__isnull=False)
    assert run.outcome == "partial"
    assert run.requests <= 5
    assert {c.reason for c in waiting} == {"plan_unknown"}
    few.refresh_from_db()
    assert few.state == "active"
    assert few.retry_at is None
    assert budget.calls_left(few) == 0


def test_it_goes_on_where_it_was_when_the_plan_is_said(
    few: Connection, airtable: Airtable, finish_sync: FinishSync
) -> None:
    spend(few, 496)
    finish_sync(few)

    quota.set_plan(few, business())
    asked = SyncRun.objects.filter(connection=few).exclude(state="finished")

    assert asked.exists()
    assert finish_sync(few).outcome == "complete"
    assert_equal_to(airtable)
    assert not Collection.objects.filter(reason="plan_unknown").exists()


def test_calls_of_an_earlier_month_do_not_count(connection: Connection) -> None:
    spend(connection, 494, queued_at=NOON.replace(year=2020), started_at=NOON)

    assert budget.calls_left(connection) == 500


def test_what_has_been_read_once_is_kept_fresh_all_the_same(
    synced_few: Connection, airtable: Airtable, finish_sync: FinishSync
) -> None:
    spend(synced_few, 900)

    assert finish_sync(synced_few).outcome == "complete"
    assert_equal_to(airtable)


def test_a_plan_without_a_limit_gets_the_usual_schedule(synced_few: Connection) -> None:
    chosen = [c.remote_id for c in synced_few.collections.filter(is_selected=True)]

    schedule = quota.schedule_for(synced_few, business(), chosen=chosen)

    assert schedule is not None
    assert schedule.interval_minutes == 15


def test_a_schedule_of_the_users_own_is_left_alone(synced_few: Connection) -> None:
    Connection.objects.update(sync_interval_minutes=60, full_refresh_hours=None)
    synced_few.refresh_from_db()

    assert quota.schedule_for(synced_few, business(), chosen=["structure"]) is None


def test_other_providers_have_no_budget(alice: User, connect: Any) -> None:
    connection = connect(alice)

    assert budget.calls_left(connection) is None
    assert connection.sync_interval_minutes == 15


@pytest.mark.parametrize(
    ("said", "plan", "minutes"),
    [
        ("", "", 1440),
        ("free", "free", 1440),
        ("team", "team", 15),
        ("business", "business", 15),
        ("no such plan", "", 1440),
    ],
)
def test_a_new_connection_begins_by_what_was_said(
    alice: User, said: str, plan: str, minutes: int
) -> None:
    unsaid = Connection(owner=alice, provider="airtable")

    quota.begin(unsaid, said)

    assert (unsaid.plan, unsaid.sync_interval_minutes) == (plan, minutes)


def test_a_small_plan_that_is_said_is_spared_as_well(
    few: Connection, finish_sync: FinishSync
) -> None:
    Connection.objects.update(plan="free")
    spend(few, 496)

    finish_sync(Connection.objects.get())

    waiting = few.collections.filter(blocked_until__isnull=False)
    assert {c.reason for c in waiting} == {"quota_spared"}
