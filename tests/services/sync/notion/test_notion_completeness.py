"""What is stored of Notion is what was shared, although no listing shows all of it."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from integrations.models import Collection, Connection, Item, ItemChange, SyncRun
from integrations.providers.notion.listing import walking
from integrations.services.common.clients import oauth_clients
from integrations.services.sync import engine, runs
from tests.sandbox.notion_client import DROMEDARY, LANTERN, NotionClient
from tests.services.fixtures import FinishSync
from tests.services.sync.notion.workspace_rows import (
    assert_equal_to,
    inventory,
    item_named,
    live,
)


def test_everything_shared_is_stored_although_search_leaves_a_tenth_out(
    synced_large: Connection, notion: NotionClient
) -> None:
    assert synced_large.runs.get().outcome == "complete"
    assert_equal_to(notion, LANTERN)
    words = set(synced_large.collections.values_list("completeness", flat=True))
    assert words == {"complete"}


def test_a_second_full_refresh_over_the_same_writes_nothing(
    synced: Connection, finish_sync: FinishSync
) -> None:
    before = list(Item.objects.order_by("pk").values_list("digest", "changed_at"))
    changes = ItemChange.objects.count()

    run = finish_sync(synced, full=True)

    assert (run.outcome, run.created, run.changed, run.deleted) == ("complete", 0, 0, 0)
    after = list(Item.objects.order_by("pk").values_list("digest", "changed_at"))
    assert after == before
    assert ItemChange.objects.count() == changes


def test_slices_of_any_length_come_to_the_same(
    connection: Connection, notion: NotionClient
) -> None:
    run, _ = runs.open_run(connection, trigger="user")

    for _ in range(600):
        SyncRun.objects.update(due_at=timezone.now())
        if engine.run_slice(run.pk, seconds=0.000001) is None:
            break

    run.refresh_from_db()
    assert run.outcome == "complete", run.reason
    assert run.slices > Collection.objects.count()
    assert_equal_to(notion)


def test_a_worker_that_is_killed_at_any_page_loses_nothing(
    large: Connection, notion: NotionClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, _ = runs.open_run(large, trigger="user")
    transport = oauth_clients.transport()
    send, calls = transport.send, iter(range(10_000))

    def die_now_and_then(*args: Any) -> Any:
        if next(calls) % 41 == 40:
            raise KilledError
        return send(*args)

    monkeypatch.setattr(transport, "send", die_now_and_then)
    for _ in range(60):
        past = timezone.now() - timedelta(seconds=1)
        SyncRun.objects.filter(pk=run.pk).update(
            due_at=past, lease_until=past, deliveries=0
        )
        try:
            if engine.run_slice(run.pk) is None:
                break
        except KilledError:
            continue

    run.refresh_from_db()
    assert run.outcome == "complete", run.reason
    assert_equal_to(notion, LANTERN)


class KilledError(BaseException):
    """End a worker in the middle of a call."""


def test_rows_beyond_the_end_of_a_query_are_read_window_by_window(
    large: Connection, finish_sync: FinishSync, notion: NotionClient
) -> None:
    notion.switch("query_cap", 12)

    run = finish_sync(large)

    assert run.outcome == "complete", run.reason
    assert Collection.objects.get(name="Sendungen").stored_count > 24
    assert_equal_to(notion, LANTERN)


def test_more_rows_of_one_minute_than_a_query_shows_are_a_gap_that_hides_nothing(
    synced: Connection, finish_sync: FinishSync, notion: NotionClient
) -> None:
    books = Collection.objects.get(name="الكتب")
    for number in range(12):
        notion.command("records/create", id=books.remote_id, title=f"Neu {number}")
    count = Item.objects.live().count()
    notion.switch("query_cap", 10)

    run = finish_sync(synced, full=True)

    books.refresh_from_db()
    assert (run.outcome, run.deleted) == ("partial", 0)
    assert (books.completeness, books.reason) == ("capped", "capped")
    assert Item.objects.live().count() > count


def test_what_a_pass_has_not_looked_into_is_said_beside_what_is_proven(
    connection: Connection, finish_sync: FinishSync, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walking, "LARGE_TABLE", 10)

    finish_sync(connection)

    notes = dict(connection.collections.values_list("name", "pending_reason"))
    assert notes.pop("Pages") == "takes_turns"
    assert set(notes.values()) == {""}
    pages = connection.collections.get(name="Pages")
    assert pages.pending_reason_data == {"number": 500}
    assert (pages.completeness, pages.reason) == ("complete", "")


def test_both_data_sources_of_a_database_are_read(synced_large: Connection) -> None:
    database = Item.objects.get(name="Operations", type="database")
    inside = Item.objects.filter(parent_remote_id=database.remote_id)
    assert sorted(inside.values_list("name", "type")) == [
        ("Clients", "data_source"),
        ("Tasks", "data_source"),
    ]
    assert sorted(database.children) == sorted(
        inside.values_list("remote_id", flat=True)
    )
    for source in inside:
        rows = Item.objects.filter(parent_remote_id=source.remote_id, type="page")
        collection = Collection.objects.get(remote_id=source.remote_id)
        assert rows.count() == collection.stored_count > 10


def test_absence_from_search_hides_nothing(
    synced: Connection, finish_sync: FinishSync, notion: NotionClient
) -> None:
    notion.switch("search_leaves_out", 100)

    run = finish_sync(synced, full=True)

    assert (run.outcome, run.deleted) == ("complete", 0)
    assert_equal_to(notion)


def test_kinds_of_objects_and_parents_nobody_has_heard_of_are_tolerated(
    synced: Connection, finish_sync: FinishSync, notion: NotionClient
) -> None:
    notion.fault("unknown_object", "search")
    notion.fault("unknown_parent", "search")

    run = finish_sync(synced, full=True)

    assert (run.outcome, run.deleted) == ("complete", 0)
    assert set(live()) == set(inventory(notion, "pages", DROMEDARY))
    notion.command("faults/clear")
    finish_sync(synced, full=True)
    assert_equal_to(notion)
    assert item_named("مسودات").parent_name == "Workspace"
