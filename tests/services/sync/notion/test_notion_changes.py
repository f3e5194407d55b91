"""What is edited, trashed, moved or no longer shared in Notion is followed."""

from typing import Any

import pytest

from integrations.models import Collection, Connection, Item, ItemChange
from integrations.services.sync.deletions import held_deletions
from tests.sandbox.notion_client import NotionClient
from tests.services.fixtures import FinishSync
from tests.services.sync.notion.workspace_rows import assert_equal_to, item_named


def test_an_incremental_sync_finds_what_was_edited_and_what_is_new(
    synced: Connection, finish_sync: FinishSync, notion: NotionClient
) -> None:
    source = Collection.objects.get(name="الكتب").remote_id
    drafts = item_named("مسودات").remote_id
    notion.switch("search_leaves_out", 100)
    notion.command("records/edit", id=item_named("الفصل 3").remote_id, title="Drei")
    row = notion.command("records/create", id=source, title="A new book")["id"]
    page = notion.command("records/create", id=drafts, title="A new chapter")["id"]

    run = finish_sync(synced)

    assert run.outcome == "complete", run.reason
    assert item_named("A new book").remote_id == row
    assert item_named("A new chapter").parent_remote_id == drafts
    assert item_named("A new chapter").remote_id == page
    notion.switch("search_leaves_out", 0)
    finish_sync(synced)
    assert item_named("Drei")
    assert_equal_to(notion)


def test_what_is_trashed_goes_and_what_is_restored_comes_back(
    synced: Connection, finish_sync: FinishSync, notion: NotionClient
) -> None:
    page, row = item_named("الفصل 3"), item_named("كتاب رقم 4")
    for item in (page, row):
        notion.command("records/trash", id=item.remote_id)

    finish_sync(synced, full=True)

    for item in (page, row):
        item.refresh_from_db()
        assert item.is_deleted, item.name
    assert page.deleted_kind == "trashed"
    assert_equal_to(notion)

    for item in (page, row):
        notion.command("records/restore", id=item.remote_id)
    finish_sync(synced)
    assert_equal_to(notion)
    assert ItemChange.objects.filter(item=page, kind="restored").exists()


@pytest.mark.parametrize("full", [False, True])
def test_what_is_not_shared_any_more_goes_only_after_it_was_asked_for(
    synced: Connection,
    finish_sync: FinishSync,
    notion: NotionClient,
    sandbox: Any,
    full: bool,
) -> None:
    page = item_named("الفصل 3")
    notion.command("records/unshare", id=page.remote_id)
    calls = len(sandbox.log)

    run = finish_sync(synced, full=full)

    assert run.outcome == "complete", run.reason
    page.refresh_from_db()
    assert page.deleted_kind == "deleted_or_unshared"
    assert any(line.endswith(page.remote_id) for line in sandbox.log[calls:])
    assert_equal_to(notion)

    notion.command("records/share", id=page.remote_id)
    finish_sync(synced, full=True)
    assert_equal_to(notion)


def test_a_table_that_is_not_shared_any_more_takes_its_rows_along(
    synced: Connection, finish_sync: FinishSync, notion: NotionClient
) -> None:
    database = Item.objects.get(name="الكتب", type="database").remote_id
    rows = Collection.objects.get(name="الكتب")
    notion.command("records/unshare", id=database)

    finish_sync(synced, full=True)
    finish_sync(synced, full=True)

    # They are most of what the workspace shares.
    rows.refresh_from_db()
    assert (rows.completeness, rows.stored_count) == ("held", 30)
    held_deletions.approve(rows)
    assert_equal_to(notion)
    notion.command("records/share", id=database)
    finish_sync(synced, full=True)
    finish_sync(synced, full=True)
    assert_equal_to(notion)


def test_a_moved_page_keeps_its_row_and_changes_its_parent(
    synced: Connection, finish_sync: FinishSync, notion: NotionClient
) -> None:
    page, above = item_named("الفصل 3"), item_named("الفصل 1")
    notion.command("records/move", id=page.remote_id, to=above.remote_id)

    finish_sync(synced)

    page.refresh_from_db()
    assert page.parent_remote_id == above.remote_id
    assert_equal_to(notion)


def test_a_page_that_moves_into_a_table_and_out_again_keeps_its_row_and_history(
    synced: Connection, finish_sync: FinishSync, notion: NotionClient
) -> None:
    source = Collection.objects.get(name="الكتب")
    page, place = item_named("الفصل 3"), item_named("الفصل 1")
    first_seen = page.first_seen_at

    notion.command("records/move", id=page.remote_id, to=source.remote_id)
    finish_sync(synced)

    page.refresh_from_db()
    assert (page.collection, page.is_deleted) == (source, False)
    assert page.first_seen_at == first_seen
    moved = ["Pages", "الكتب"]
    assert page.changes.get(kind="changed").fields["collection"] == moved
    assert_equal_to(notion)

    notion.command("records/move", id=page.remote_id, to=place.remote_id)
    finish_sync(synced)

    page.refresh_from_db()
    assert (page.collection.name, page.is_deleted) == ("Pages", False)
    latest = page.changes.first()
    assert latest is not None
    assert latest.fields["collection"] == moved[::-1]
    assert not page.changes.filter(kind="deleted").exists()
    assert_equal_to(notion)
