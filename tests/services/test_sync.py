"""What is stored is what the provider has; no kill, fault or repeat loses anything."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from kombu.exceptions import OperationalError

from integrations.models import (
    Collection,
    Connection,
    Item,
    ItemChange,
    SeenBlock,
    SyncRun,
)
from integrations.services import (
    freshness,
    queue,
    retention,
    runs,
    slices,
    sweeping,
    sync,
)
from integrations.services.errors import LeaseLostError, NotSyncableError

FinishSync = Callable[..., SyncRun]


def live(kind: str) -> set[str]:
    found = Item.objects.live().filter(collection__remote_id=kind)
    return set(found.values_list("remote_id", flat=True))


def inventory(sandbox: Any, kind: str) -> set[str]:
    answer = sandbox.client.ask(
        "inventory", provider="hubspot", portal="555111", with_ids=1
    )
    return set(answer["types"][kind]["id_list"])


def assert_equal_to(sandbox: Any) -> None:
    for kind in ("contacts", "companies", "deals"):
        assert live(kind) == inventory(sandbox, kind)
        stored = Collection.objects.get(remote_id=kind).stored_count
        assert stored == len(live(kind))


def touch(sandbox: Any, **params: Any) -> list[str]:
    done = sandbox.client.order(
        "records/touch", portal="555111", type="contacts", **params
    )
    return [str(identity) for identity in done["ids"]]


def test_the_first_load_stores_exactly_what_the_provider_has(
    connection: Connection, finish_sync: FinishSync, sandbox: Any
) -> None:
    run = finish_sync(connection)

    assert (run.outcome, run.reason) == ("complete", "")
    assert run.created == Item.objects.count()
    assert_equal_to(sandbox)
    words = Collection.objects.values_list("completeness", flat=True)
    assert set(words) == {"complete"}


def test_an_increment_with_nothing_new_costs_one_request_a_collection(
    connection: Connection, finish_sync: FinishSync, sandbox: Any
) -> None:
    finish_sync(connection)
    long_ago = timezone.now() + timedelta(minutes=30)
    Collection.objects.update(watermark=long_ago)
    before, calls = list(Item.objects.values()), len(sandbox.log)

    run = finish_sync(connection)

    assert run.outcome == "complete"
    assert len(sandbox.log) - calls == 3
    assert run.requests == 3
    assert list(Item.objects.values()) == before


def test_an_increment_finds_what_changed_and_keeps_what_it_was(
    connection: Connection, finish_sync: FinishSync, sandbox: Any
) -> None:
    finish_sync(connection)
    touched = touch(sandbox, count=3, property="city", value="Bergen")

    run = finish_sync(connection)

    assert (run.changed, run.created) == (3, 0)
    changes = ItemChange.objects.filter(item__remote_id__in=touched, kind="changed")
    assert changes.count() == 3
    assert all(c.fields["properties.city"][1] == "Bergen" for c in changes)


def test_a_second_full_pass_over_unchanged_data_writes_no_item(
    connection: Connection, finish_sync: FinishSync
) -> None:
    finish_sync(connection)
    before = list(Item.objects.order_by("pk").values())

    run = finish_sync(connection, full=True)

    assert (run.outcome, run.created, run.changed) == ("complete", 0, 0)
    assert run.unchanged == len(before)
    assert list(Item.objects.order_by("pk").values()) == before
    assert not SeenBlock.objects.exists()


def test_archived_and_merged_records_are_hidden_with_their_reason(
    connection: Connection, finish_sync: FinishSync, sandbox: Any
) -> None:
    finish_sync(connection)
    first, second, third, *_ = sorted(live("contacts"))
    where = {"portal": "555111", "type": "contacts"}
    sandbox.client.order("records/archive", id=first, **where)
    sandbox.client.order("records/merge", id=second, other=third, **where)

    finish_sync(connection, full=True)

    assert_equal_to(sandbox)
    reason = Item.objects.get(remote_id=first, type="contact").hidden_reason
    assert reason == "archived"


def test_a_restored_record_comes_back(
    connection: Connection, finish_sync: FinishSync, sandbox: Any
) -> None:
    finish_sync(connection)
    first = min(live("contacts"))
    where = {"portal": "555111", "type": "contacts", "id": first}
    sandbox.client.order("records/archive", **where)
    finish_sync(connection, full=True)
    assert first not in live("contacts")
    sandbox.client.order("records/restore", **where)

    finish_sync(connection, full=True)

    assert_equal_to(sandbox)
    kinds = ItemChange.objects.filter(item__remote_id=first, item__type="contact")
    assert set(kinds.values_list("kind", flat=True)) >= {"hidden", "restored"}


def test_a_sweep_that_would_hide_too_much_is_held_for_a_person(
    connection: Connection, finish_sync: FinishSync, sandbox: Any
) -> None:
    finish_sync(connection)
    count = len(live("contacts"))
    for identity in sorted(live("contacts"))[:100]:
        sandbox.client.order(
            "records/erase", portal="555111", type="contacts", id=identity
        )

    run = finish_sync(connection, full=True)

    contacts = Collection.objects.get(remote_id="contacts")
    assert run.outcome == "partial"
    assert contacts.completeness == "held"
    assert contacts.held_deletions["count"] == 100
    assert len(live("contacts")) == count

    assert sweeping.approve_held(contacts) == 100
    assert_equal_to(sandbox)


def test_an_empty_answer_hides_nothing(
    connection: Connection, finish_sync: FinishSync, sandbox: Any
) -> None:
    finish_sync(connection)
    before = live("contacts")
    sandbox.client.order("faults/add", kind="empty", family="list")

    run = finish_sync(connection, full=True)

    assert live("contacts") == before
    assert run.outcome == "failed"


@pytest.mark.parametrize("kind", ["truncated", "html", "wrong_shape", "empty"])
def test_an_odd_page_fails_with_a_plain_reason_and_loses_nothing(
    connection: Connection, finish_sync: FinishSync, sandbox: Any, kind: str
) -> None:
    sandbox.client.order("faults/add", kind=kind, family="list", skip=1, count=1)

    run = finish_sync(connection)

    assert run.outcome == "partial"
    contacts = Collection.objects.get(remote_id="contacts")
    assert contacts.reason
    assert (contacts.completeness, contacts.stored_count) == ("partial", 100)

    assert finish_sync(connection).outcome == "complete"
    assert_equal_to(sandbox)


def test_a_provider_in_trouble_is_waited_for(
    connection: Connection, finish_sync: FinishSync, sandbox: Any
) -> None:
    sandbox.client.order(
        "faults/add", kind="status", status=503, family="list", count=4
    )
    run, _ = runs.open_run(connection, trigger="person")
    wait = sync.run_slice(run.pk)

    assert wait is not None
    assert wait > 0
    for _ in range(20):
        SyncRun.objects.update(due_at=timezone.now())
        progress = {
            key: {**entry, "retry_at": ""} for key, entry in run.progress.items()
        }
        SyncRun.objects.filter(pk=run.pk).update(progress=progress)
        sync.run_slice(run.pk)
        run.refresh_from_db()
        if not run.is_open:
            break
    assert run.outcome == "complete"
    assert_equal_to(sandbox)


def test_a_missing_scope_marks_its_collection_and_lets_the_others_finish(
    connection: Connection, finish_sync: FinishSync, sandbox: Any
) -> None:
    sandbox.client.order(
        "switches/set", name="withdrawn_scopes", value=["crm.objects.deals.read"]
    )

    run = finish_sync(connection)

    deals = Collection.objects.get(remote_id="deals")
    assert run.outcome == "partial"
    assert deals.completeness == "no_permission"
    assert "crm.objects.deals.read" in deals.reason
    assert live("contacts") == inventory(sandbox, "contacts")


def test_a_second_delivery_ends_at_once_without_a_call(
    connection: Connection, sandbox: Any
) -> None:
    run, _ = runs.open_run(connection, trigger="person")
    assert slices.claim(run.pk, now=timezone.now()) is not None
    calls = len(sandbox.log)

    assert sync.run_slice(run.pk) is None

    assert len(sandbox.log) == calls


def test_a_worker_that_lost_its_lease_writes_nothing_more(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, _ = runs.open_run(connection, trigger="person")
    claimed = slices.claim(run.pk, now=timezone.now())
    assert claimed is not None
    SyncRun.objects.filter(pk=run.pk).update(lease_id=uuid.uuid4())
    stale = slices.Slice(
        run=claimed[0], api=_Silent(), stop_at=1e12, lease_id=claimed[1]
    )

    with pytest.raises(LeaseLostError):
        stale.keep()


class _Silent:
    calls = 0
    waited = 0.0


def test_a_job_that_keeps_killing_its_worker_is_quarantined(
    connection: Connection, sandbox: Any
) -> None:
    run, _ = runs.open_run(connection, trigger="person")
    for _ in range(runs.MOST_DELIVERIES):
        assert slices.claim(run.pk, now=timezone.now()) is not None
        SyncRun.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    calls = len(sandbox.log)

    assert sync.run_slice(run.pk) is None

    run.refresh_from_db()
    assert run.outcome == "quarantined"
    assert len(sandbox.log) == calls


def test_a_second_request_joins_the_run_that_is_open(connection: Connection) -> None:
    first = runs.request_sync(connection, trigger="schedule")
    second = runs.request_sync(connection, trigger="person")

    assert second.joined
    assert second.run.pk == first.run.pk
    assert second.run.is_interactive


@pytest.mark.django_db(transaction=True)
def test_without_a_broker_the_work_is_stored_and_the_caller_told(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    SyncRun.objects.all().delete()
    monkeypatch.setattr(queue, "current_app", _NoBroker())

    request = runs.request_sync(connection, trigger="person")

    assert not request.delivered
    assert request.run.state == "queued"
    assert runs.enqueue_lost(now=timezone.now()) == 0


class _NoBroker:
    def send_task(self, *_args: Any, **_options: Any) -> None:
        raise OperationalError("nobody listens")


def test_a_run_that_is_cancelled_stops_at_its_next_page(
    connection: Connection, finish_sync: FinishSync
) -> None:
    run, _ = runs.open_run(connection, trigger="person")
    SyncRun.objects.update(is_cancel_requested=True)

    assert sync.run_slice(run.pk) is None

    run.refresh_from_db()
    assert run.outcome == "cancelled"


def test_a_connection_that_was_paused_cannot_be_synced(
    connection: Connection,
) -> None:
    Connection.objects.update(state="paused", reason="paused_by_person")

    with pytest.raises(NotSyncableError):
        runs.request_sync(connection, trigger="person")


def test_an_expired_token_in_mid_load_is_renewed_and_the_load_goes_on(
    connection: Connection, finish_sync: FinishSync, sandbox: Any
) -> None:
    sandbox.client.order("tokens/expire")

    run = finish_sync(connection)

    assert run.outcome == "complete"
    assert_equal_to(sandbox)
    assert sandbox.client.ask("stats")["double_spends"] == 0


def test_a_revoked_grant_stops_the_run_and_keeps_the_data(
    connection: Connection, finish_sync: FinishSync, sandbox: Any
) -> None:
    finish_sync(connection)
    count = Item.objects.live().count()
    sandbox.client.order("grants/revoke")

    run = finish_sync(connection)

    connection.refresh_from_db()
    assert run.outcome == "failed"
    assert connection.state == "needs_reconnect"
    assert Item.objects.live().count() == count


def test_slices_take_up_where_the_last_one_stopped(
    connection: Connection, sandbox: Any
) -> None:
    run, _ = runs.open_run(connection, trigger="person")

    for _ in range(60):
        SyncRun.objects.update(due_at=timezone.now())
        if sync.run_slice(run.pk, seconds=0.000001) is None:
            break

    run.refresh_from_db()
    assert run.outcome == "complete"
    assert run.slices > 5
    assert_equal_to(sandbox)


def test_a_spent_daily_quota_waits_for_midnight_at_the_account(
    connection: Connection, sandbox: Any
) -> None:
    sandbox.client.order("faults/add", kind="daily_limit", family="list")
    run, _ = runs.open_run(connection, trigger="person")

    wait = sync.run_slice(run.pk)

    zone = ZoneInfo(connection.account["time_zone"])
    now = timezone.now().astimezone(zone)
    until_midnight = 24 * 3600 - (now.hour * 3600 + now.minute * 60 + now.second)
    assert wait is not None
    assert until_midnight - 5 < wait < until_midnight + 300
    run.refresh_from_db()
    assert run.is_open
    assert sync.run_slice(run.pk) is None


def test_data_older_than_promised_is_noticed(
    connection: Connection, finish_sync: FinishSync
) -> None:
    finish_sync(connection)
    Connection.objects.update(last_synced_at=timezone.now() - timedelta(hours=2))

    assert freshness.check(now=timezone.now()) == 1

    connection.refresh_from_db()
    assert (connection.state, connection.reason) == ("degraded", "stale")
    finish_sync(connection)
    connection.refresh_from_db()
    assert connection.state == "active"


def test_old_history_is_deleted_and_new_is_kept(
    connection: Connection, finish_sync: FinishSync, sandbox: Any
) -> None:
    finish_sync(connection)
    touch(sandbox, count=4, property="city", value="Bergen")
    finish_sync(connection)
    old = timezone.now() - timedelta(days=91)
    half = list(ItemChange.objects.values_list("pk", flat=True)[:2])
    ItemChange.objects.filter(pk__in=half).update(at=old)

    assert retention.prune(now=timezone.now()) == 2
    assert ItemChange.objects.count() == 2


def test_rows_that_show_up_late_are_found_by_settling(
    connection: Connection, finish_sync: FinishSync, sandbox: Any
) -> None:
    finish_sync(connection)
    touched = touch(sandbox, count=3, property="city", value="Bergen")
    later = timezone.now() + timedelta(minutes=25)
    Collection.objects.update(watermark=later)
    finish_sync(connection)
    assert not ItemChange.objects.filter(kind="changed").exists()
    Collection.objects.update(
        watermark=later, settled_at=timezone.now() - timedelta(minutes=31)
    )

    finish_sync(connection)

    found = ItemChange.objects.filter(kind="changed")
    assert set(found.values_list("item__remote_id", flat=True)) == set(touched)


def test_thousands_of_rows_on_one_timestamp_are_all_found(
    connection: Connection, finish_sync: FinishSync, sandbox: Any
) -> None:
    finish_sync(connection)
    count = len(live("contacts"))
    touch(sandbox, count=count, property="city", value="Bergen")

    run = finish_sync(connection)

    assert run.changed == count
    assert_equal_to(sandbox)


def test_a_collection_that_two_listings_do_not_show_is_no_longer_shared(
    connection: Connection, finish_sync: FinishSync, sandbox: Any
) -> None:
    finish_sync(connection)
    deals = Collection.objects.get(remote_id="deals")
    Collection.objects.filter(pk=deals.pk).update(remote_id="deals-of-old")
    count = Item.objects.live().filter(collection=deals).count()

    finish_sync(connection, full=True)
    assert Item.objects.live().filter(collection=deals).count() == count
    finish_sync(connection, full=True)

    assert not Item.objects.live().filter(collection=deals).exists()
    reasons = Item.objects.filter(collection=deals).values_list("hidden_reason")
    assert set(reasons) == {("no longer shared",)}
    calls = len(sandbox.log)
    finish_sync(connection)
    assert not [line for line in sandbox.log[calls:] if "deals-of-old" in line]


def test_a_collection_that_is_shown_again_comes_back_with_its_items(
    connection: Connection, finish_sync: FinishSync, sandbox: Any
) -> None:
    finish_sync(connection)
    Collection.objects.filter(remote_id="deals").update(misses=2)
    Item.objects.filter(type="deal").update(
        hidden_at=timezone.now(), hidden_reason="no longer shared"
    )

    finish_sync(connection, full=True)

    assert_equal_to(sandbox)


def test_a_run_whose_worker_vanished_is_published_again_once(
    connection: Connection,
) -> None:
    run, _ = runs.open_run(connection, trigger="person")
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


def test_a_listing_that_fails_on_page_three_hides_nothing_and_goes_on_there(
    connection: Connection, finish_sync: FinishSync, sandbox: Any
) -> None:
    finish_sync(connection)
    count = Item.objects.live().count()
    sandbox.client.order("faults/add", kind="html", family="list", skip=2, count=1)

    run = finish_sync(connection, full=True)

    assert run.outcome == "partial"
    assert Item.objects.live().count() == count
    contacts = Collection.objects.get(remote_id="contacts")
    assert contacts.checkpoint["seen"] == 200
    calls = len(sandbox.log)
    assert finish_sync(connection, full=True).outcome == "complete"
    first = next(line for line in sandbox.log[calls:] if "/objects/" in line)
    assert "after=" in first


def test_a_storm_of_429s_is_waited_out(connection: Connection, sandbox: Any) -> None:
    sandbox.client.order(
        "faults/add", kind="status", status=429, retry_after=1, family="list", count=30
    )
    run, _ = runs.open_run(connection, trigger="person")

    for _ in range(80):
        entries = run.progress.items()
        calm = {key: {**entry, "retry_at": ""} for key, entry in entries}
        SyncRun.objects.filter(pk=run.pk).update(due_at=timezone.now(), progress=calm)
        sync.run_slice(run.pk)
        run.refresh_from_db()
        if not run.is_open:
            break

    assert run.outcome == "complete"
    assert_equal_to(sandbox)
