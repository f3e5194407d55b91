"""Whatever the provider answers, the sync waits, marks or stops, and says why."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.utils import timezone

from integrations.models import Collection, Connection, Item
from integrations.models.messages import wording
from integrations.services.connections.status import status_of
from integrations.services.sync import engine, runs
from integrations.services.sync.leases import turns
from tests.services.fixtures import FinishSync, let_time_pass
from tests.services.hubspot_account import assert_equal_to, inventory, live


# What is no JSON is asked for twice in each try.
@pytest.mark.parametrize(
    ("kind", "count"),
    [("truncated", 12), ("html", 12), ("wrong_shape", 6), ("empty", 6)],
)
def test_an_odd_page_fails_with_a_plain_reason_and_loses_nothing(
    connection: Connection, finish_sync: FinishSync, sandbox: Any, kind: str, count: int
) -> None:
    sandbox.client.command(
        "faults/add", kind=kind, family="list", path="contacts", skip=1, count=count
    )

    run = finish_sync(connection)

    assert run.outcome == "partial"
    contacts = Collection.objects.get(remote_id="contacts")
    assert contacts.reason == "odd_answer"
    assert (contacts.completeness, contacts.stored_count) == ("partial", 100)

    assert finish_sync(connection).outcome == "complete"
    assert_equal_to(sandbox)


def test_a_provider_in_trouble_is_waited_for(
    connection: Connection, finish_sync: FinishSync, sandbox: Any
) -> None:
    sandbox.client.command(
        "faults/add", kind="status", status=503, family="list", count=4
    )
    run, _ = runs.open_run(connection, trigger="user")
    wait = engine.run_slice(run.pk)

    assert wait is not None
    assert wait > 0
    for _ in range(20):
        let_time_pass(run)
        engine.run_slice(run.pk)
        run.refresh_from_db()
        if not run.is_open:
            break
    assert run.outcome == "complete"
    assert_equal_to(sandbox)


def test_a_missing_scope_marks_its_collection_and_lets_the_others_finish(
    connection: Connection, finish_sync: FinishSync, sandbox: Any
) -> None:
    sandbox.client.command(
        "switches/set", name="withdrawn_scopes", value=["crm.objects.deals.read"]
    )

    run = finish_sync(connection)

    deals = Collection.objects.get(remote_id="deals")
    assert run.outcome == "partial"
    assert deals.completeness == "no_permission"
    assert deals.reason == "no_permission"
    assert "crm.objects.deals.read" in deals.reason_data["scopes"]
    assert live("contacts") == inventory(sandbox, "contacts")


def test_an_expired_token_in_mid_load_is_renewed_and_the_load_goes_on(
    connection: Connection, finish_sync: FinishSync, sandbox: Any
) -> None:
    sandbox.client.command("tokens/expire")

    run = finish_sync(connection)

    assert run.outcome == "complete"
    assert_equal_to(sandbox)
    assert sandbox.client.query("stats")["double_spends"] == 0


def test_a_revoked_grant_stops_the_run_and_keeps_the_data(
    synced: Connection, finish_sync: FinishSync, sandbox: Any
) -> None:
    count = Item.objects.live().count()
    sandbox.client.command("grants/revoke")

    run = finish_sync(synced)

    synced.refresh_from_db()
    assert run.outcome == "failed"
    assert synced.state == "needs_reconnect"
    assert Item.objects.live().count() == count


@pytest.mark.parametrize(
    ("at", "hours"),
    [
        ("2027-05-10T12:00:00", 12),
        # Clocks are set forward, and back, in the night of these days.
        ("2027-03-28T00:00:00", 23),
        ("2027-10-31T00:00:00", 25),
    ],
)
def test_a_spent_daily_quota_waits_for_midnight_at_the_account(
    connection: Connection,
    finish_sync: FinishSync,
    sandbox: Any,
    at: str,
    hours: int,
) -> None:
    zone = ZoneInfo("Europe/Berlin")
    connection.account = {**connection.account, "time_zone": str(zone)}
    connection.save()
    sandbox.client.command("faults/add", kind="daily_limit", family="list", count=1)

    with time_machine.travel(datetime.fromisoformat(at).replace(tzinfo=zone)):
        run, _ = runs.open_run(connection, trigger="user")
        assert engine.run_slice(run.pk) is None
        now = timezone.now()
        run.refresh_from_db()
        connection.refresh_from_db()
        # No run is held open for it; the connection says until when.
        assert (run.is_open, run.outcome) == (False, "failed")
        assert {entry.reason.code for entry in run.entries.values()} == {
            "quota_exhausted"
        }
        assert connection.state == "active"
        status = status_of(connection)
        assert status.code == "quota_exhausted"
        assert wording.time_text(connection.retry_at) in status.sentence
        asked = len(sandbox.log)
        assert finish_sync(connection).outcome == "failed"
        assert len(sandbox.log) == asked
        connection.refresh_from_db()

    wait = (connection.retry_at - now).total_seconds()
    assert hours * 3600 - 60 < wait < hours * 3600 + 300
    with time_machine.travel(connection.retry_at + timedelta(seconds=1)):
        assert finish_sync(connection).outcome == "complete"
    assert_equal_to(sandbox)


def test_what_was_waited_for_limits_is_counted(
    connection: Connection, sandbox: Any
) -> None:
    sandbox.client.command(
        "faults/add", kind="status", status=429, retry_after=40, family="list", count=1
    )
    run, _ = runs.open_run(connection, trigger="user")

    while engine.run_slice(run.pk) == 0:
        pass

    run.refresh_from_db()
    assert 30 < run.waited_seconds <= 45


def test_waits_do_not_send_a_users_run_among_the_bulk(
    connection: Connection, sandbox: Any
) -> None:
    sandbox.client.command(
        "faults/add", kind="status", status=429, retry_after=1, family="list", count=30
    )
    run, _ = runs.open_run(connection, trigger="connect")

    for _ in range(8):
        let_time_pass(run)
        engine.run_slice(run.pk)

    run.refresh_from_db()
    assert (run.slices, run.seen) == (8, 0)
    assert turns.queue_of(run) == "interactive"


def test_what_a_users_run_has_read_sends_it_among_the_bulk(
    connection: Connection, sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "INTERACTIVE_REQUESTS", 3)
    run, _ = runs.open_run(connection, trigger="connect")

    for _ in range(3):
        let_time_pass(run)
        engine.run_slice(run.pk, seconds=1e-9)

    run.refresh_from_db()
    assert run.is_open
    assert run.seen
    assert turns.queue_of(run) == "sync"


def test_a_storm_of_429s_is_waited_out(connection: Connection, sandbox: Any) -> None:
    sandbox.client.command(
        "faults/add", kind="status", status=429, retry_after=1, family="list", count=30
    )
    run, _ = runs.open_run(connection, trigger="user")

    for _ in range(80):
        let_time_pass(run)
        engine.run_slice(run.pk)
        run.refresh_from_db()
        if not run.is_open:
            break

    assert run.outcome == "complete"
    assert_equal_to(sandbox)
