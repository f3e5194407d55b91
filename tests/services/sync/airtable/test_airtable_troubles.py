"""Whatever Airtable's listings answer, the sync waits, starts again or says why."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone

from integrations.models import Collection, Connection, Item, SyncRun
from integrations.services.common.clients import api_clients as clients
from integrations.services.sync import engine, runs
from tests.services.fixtures import FinishSync, let_time_pass
from tests.services.sync.airtable.account_rows import Airtable, assert_equal_to, live


def test_a_listing_that_was_forgotten_starts_again_and_misses_nothing(
    few: Connection, finish_sync: FinishSync, airtable: Airtable
) -> None:
    airtable.do("faults/add", kind="iterator_gone", family="list", skip=1, count=1)

    run = finish_sync(few)

    assert run.outcome == "complete"
    assert [e.restarts for e in run.entries.values() if e.restarts] == [1]
    assert_equal_to(airtable)


def test_a_listing_that_is_always_forgotten_fails_in_the_end(
    few: Connection, finish_sync: FinishSync, airtable: Airtable
) -> None:
    airtable.do("faults/add", kind="iterator_gone", family="list")

    run = finish_sync(few)

    tables = Collection.objects.filter(item_type="record")
    assert run.outcome == "partial"
    assert set(tables.values_list("reason", flat=True)) == {"odd_answer"}
    assert {e.restarts for e in run.entries.values() if e.state == "failed"} == {3}


def test_a_base_that_is_unshared_is_no_longer_shared_and_comes_back(
    synced: Connection, finish_sync: FinishSync, airtable: Airtable
) -> None:
    base = airtable.base("Inventory 📦")
    kept = Item.objects.live().exclude(collection__remote_id__startswith=base["id"])
    others = kept.exclude(collection__remote_id="structure").count()
    airtable.do("bases/unshare", base=base["id"])

    first = finish_sync(synced, full=True)
    assert first.outcome == "partial"
    assert live(f"{base['id']}/{base['tables'][0]['id']}")
    finish_sync(synced, full=True)

    gone = Item.objects.filter(collection__remote_id__startswith=base["id"])
    assert set(gone.values_list("deleted_kind", flat=True)) == {"unshared"}
    tree = Item.objects.get(remote_id=base["id"])
    assert tree.deleted_kind == "unshared"
    assert kept.exclude(collection__remote_id="structure").count() == others

    airtable.do("bases/share", base=base["id"])
    assert finish_sync(synced, full=True).outcome == "complete"
    assert_equal_to(airtable)


def test_a_base_that_cannot_be_listed_for_now_is_not_taken_for_unshared(
    synced_few: Connection, finish_sync: FinishSync, airtable: Airtable
) -> None:
    for _ in range(3):
        airtable.do("faults/add", kind="empty", family="schema", count=1)
        finish_sync(synced_few, full=True)

    assert not Collection.objects.filter(misses__gt=0).exists()
    assert_equal_to(airtable)


def test_a_used_up_month_blocks_its_base_until_the_month_ends(
    synced_few: Connection, finish_sync: FinishSync, airtable: Airtable, sandbox: Any
) -> None:
    base = airtable.base("Inventory 📦")
    airtable.do("quota/set", id=base["workspace"], calls=1000)

    now = datetime.now(UTC)
    run = finish_sync(synced_few)

    blocked = Collection.objects.filter(blocked_until__isnull=False)
    following = (now.replace(day=1) + timedelta(days=32)).replace(day=1)
    assert run.outcome == "partial"
    assert {c.remote_id.partition("/")[0] for c in blocked} == {base["id"]}
    assert {c.blocked_until.date() for c in blocked} == {following.date()}
    assert {c.reason for c in blocked} == {"quota_exhausted"}
    synced_few.refresh_from_db()
    assert synced_few.state == "active"
    assert_equal_to(airtable)

    calls = sandbox.count(f"/v0/{base['id']}/")
    assert finish_sync(synced_few).outcome == "partial"
    assert sandbox.count(f"/v0/{base['id']}/") == calls

    airtable.do("quota/set", id=base["workspace"], calls=0)
    Collection.objects.update(blocked_until=timezone.now())
    assert finish_sync(synced_few).outcome == "complete"


def test_a_penalty_blocks_the_bucket_of_its_base_and_no_other(
    synced_few: Connection, airtable: Airtable
) -> None:
    airtable.do("faults/add", kind="rate_limit", family="list", count=1)
    run, _ = runs.open_run(synced_few, trigger="user")

    wait = engine.run_slice(run.pk)

    # Several are asked at once, and any of them is the one that is refused.
    bases = Collection.objects.exclude(remote_id="structure")
    buckets = {f"airtable:base:{each.details['base_id']}" for each in bases}
    blocked: dict[str, float] = clients.limiter().blocked  # type: ignore[attr-defined]
    [bucket] = blocked
    assert bucket in buckets
    assert 30 <= blocked[bucket] <= 32
    assert wait is not None
    assert 25 < wait <= 32
    run.refresh_from_db()
    states = [entry.state for entry in run.entries.values()]
    assert states.count("waiting") == 1
    assert set(states) == {"waiting", "done"}

    let_time_pass(run)
    assert engine.run_slice(run.pk) is None
    run.refresh_from_db()
    assert run.outcome == "complete"


def test_slices_take_up_where_the_last_one_was_killed(
    few: Connection, airtable: Airtable
) -> None:
    run, _ = runs.open_run(few, trigger="user")

    for _ in range(200):
        SyncRun.objects.update(due_at=timezone.now())
        if engine.run_slice(run.pk, seconds=0.000001) is None:
            break

    run.refresh_from_db()
    assert run.outcome == "complete"
    assert run.slices > Collection.objects.count()
    assert_equal_to(airtable)


def test_expired_tokens_are_renewed_once_and_reuse_is_never_tried(
    synced_few: Connection, finish_sync: FinishSync, airtable: Airtable
) -> None:
    airtable.do("switches/set", name="punish_reuse", value=True)
    for _ in range(4):
        airtable.do("tokens/expire")
        assert finish_sync(synced_few).outcome == "complete"

    assert airtable.query("stats", provider="airtable")["double_spends"] == 0
    synced_few.refresh_from_db()
    assert synced_few.state == "active"


def test_a_refusal_that_ended_goes_on_where_it_was_if_the_scopes_are_the_same(
    synced_few: Connection, finish_sync: FinishSync, airtable: Airtable, sandbox: Any
) -> None:
    airtable.do("faults/add", kind="forbidden", family="list")
    assert finish_sync(synced_few).outcome != "complete"
    words = Collection.objects.filter(item_type="record")
    assert set(words.values_list("completeness", flat=True)) == {"no_permission"}
    airtable.do("faults/clear")
    calls = len(sandbox.log)

    run = finish_sync(synced_few)

    bases = Item.objects.filter(type="base").count()
    assert run.outcome == "complete"
    assert len(sandbox.log) - calls == words.count() + 1 + bases
    assert set(words.values_list("completeness", "reason")) == {("complete", "")}
    assert_equal_to(airtable)


def test_a_refusal_that_ended_with_other_scopes_reads_everything(
    synced_few: Connection, finish_sync: FinishSync, airtable: Airtable
) -> None:
    airtable.do("faults/add", kind="forbidden", family="list")
    finish_sync(synced_few)
    airtable.do("faults/clear")
    Connection.objects.update(granted_scopes=[*synced_few.granted_scopes, "one:more"])
    words = Collection.objects.filter(item_type="record")
    before = dict(words.values_list("pk", "generation"))

    assert finish_sync(synced_few).outcome == "complete"

    for pk, generation in words.values_list("pk", "generation"):
        assert generation == before[pk] + 1
