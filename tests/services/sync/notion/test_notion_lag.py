"""What Notion's search learns late is waited for and found."""

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from integrations.models import Collection, Connection, SyncRun
from integrations.services.connections.status import status_of
from integrations.services.sync import engine, runs
from tests.sandbox.notion_client import DROMEDARY, NOUR, NotionClient
from tests.services.fixtures import Connect, FinishSync, let_time_pass
from tests.services.sync.notion.workspace_rows import assert_equal_to, inventory, live


def test_a_search_that_knows_nothing_yet_is_asked_again(
    connection: Connection, finish_sync: FinishSync, notion: NotionClient
) -> None:
    notion.switch("grant_lag", 3600)
    run, _ = runs.open_run(connection, trigger="user")
    assert run.due_at > run.queued_at
    SyncRun.objects.update(due_at=timezone.now())

    wait = engine.run_slice(run.pk)

    assert wait is not None
    assert 5 < wait <= 10
    run.refresh_from_db()
    assert run.is_open
    notion.switch("grant_lag", 0)
    let_time_pass(run)
    finish_sync(connection)
    finish_sync(connection, full=True)
    assert_equal_to(notion)


def test_what_a_search_learns_late_is_found_by_a_second_full_refresh(
    alice: User,
    connect_notion: Connect,
    finish_sync: FinishSync,
    notion: NotionClient,
    settings: Any,
) -> None:
    settings.CONTENT_PAGES_PER_RUN = 0
    books, *rest = notion.picker(NOUR)
    finish_sync(connect_notion(alice, picked=[books]))
    notion.switch("grant_lag", 3600)
    connection = connect_notion(alice, picked=[books, *rest])
    finish_sync(connection)
    notion.switch("grant_lag", 0)
    finish_sync(connection)
    assert live() != inventory(notion, "pages", DROMEDARY)
    before = timezone.now() - timedelta(minutes=11)
    Connection.objects.update(reconnected_at=before)
    Collection.objects.update(last_full_refresh_at=before + timedelta(minutes=1))

    finish_sync(connection)

    assert_equal_to(notion)


def test_a_long_wait_that_is_asked_for_is_kept(
    connection: Connection, finish_sync: FinishSync, notion: NotionClient
) -> None:
    notion.fault("space_limit", "query", retry_after=1800, count=1)
    run, _ = runs.open_run(connection, trigger="user")
    SyncRun.objects.update(due_at=timezone.now())

    engine.run_slice(run.pk)

    blocked = connection.collections.filter(blocked_until__isnull=False)
    waits = [each.blocked_until - timezone.now() for each in blocked]
    assert waits
    assert all(1700 < wait.total_seconds() <= 1800 for wait in waits)


def test_a_workspace_in_which_nothing_is_shared_has_nothing_to_read(
    connection: Connection, finish_sync: FinishSync, notion: NotionClient
) -> None:
    notion.switch("grant_lag", 3600)

    run = finish_sync(connection)

    assert run.outcome == "complete"
    assert run.has_read_nothing
    connection.refresh_from_db()
    status = status_of(connection)
    assert (connection.state, status.condition) == ("active", "empty")
    assert "reconsent" in status.actions
    notion.switch("grant_lag", 0)
    finish_sync(connection)
    assert status_of(connection).condition == "connected"
