"""What no description names may be refused, and deletions do not depend on it."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from msgspec.structs import replace

from integrations.http.sending.transport import Request, Response, Timeouts
from integrations.models import Collection, Connection, Item
from tests.sandbox.notion_client import NotionClient
from tests.services.fixtures import FinishSync
from tests.services.sync.notion.workspace_rows import assert_equal_to, item_named, live
from tests.support.pages.snapshots import built_once, made_once

ARCHIVED, TRASHED, PAGE = "كتاب رقم 4", "كتاب رقم 5", "الفصل 3"


@pytest.fixture
@made_once
def strict(
    request: pytest.FixtureRequest,
    sandbox: Any,
    synced: Connection,
    finish_sync: FinishSync,
    notion: NotionClient,
) -> Iterator[NotionClient]:
    """Return a Notion that has been read, and refuses from now on what is extra."""

    def build() -> None:
        notion.command("records/archive", id=item_named(ARCHIVED).remote_id)
        finish_sync(synced)
        assert item_named(ARCHIVED).properties["about.archived"] is True
        notion.fault("no_extras", "search")
        notion.fault("no_extras", "query")

    with built_once(request, sandbox, build, goes_back=True):
        synced.refresh_from_db()
        yield notion


def pending() -> set[str]:
    return set(Collection.objects.values_list("pending_reason", flat=True))


def test_a_full_refresh_deletes_what_is_gone_and_keeps_what_is_archived(
    connection: Connection, finish_sync: FinishSync, strict: NotionClient
) -> None:
    for name in (TRASHED, PAGE):
        strict.command("records/trash", id=item_named(name).remote_id)

    run = finish_sync(connection, full=True)

    assert (run.outcome, run.deleted) == ("complete", 2), run.reason
    kinds = {name: item_named(name).deleted_kind for name in (TRASHED, PAGE, ARCHIVED)}
    assert kinds == {TRASHED: "trashed", PAGE: "trashed", ARCHIVED: None}
    assert Collection.objects.get(name="الكتب").pending_reason == "extras_refused"
    assert_equal_to(strict)


def test_a_first_load_is_complete_without_them(
    connection: Connection, finish_sync: FinishSync, notion: NotionClient
) -> None:
    notion.fault("no_extras", "search")
    notion.fault("no_extras", "query")

    run = finish_sync(connection)

    assert run.outcome == "complete", run.reason
    assert pending() == {"", "extras_refused"}
    assert_equal_to(notion)


@pytest.mark.parametrize("is_late", [False, True])
def test_an_incremental_sync_goes_on_and_finds_what_is_gone(
    connection: Connection,
    finish_sync: FinishSync,
    strict: NotionClient,
    is_late: bool,
) -> None:
    if is_late:
        long_ago = timezone.now() - timedelta(hours=2)
        Collection.objects.update(late_arrivals_read_at=long_ago)
    strict.command("records/edit", id=item_named("الفصل 5").remote_id, title="Fünf")
    new = strict.command(
        "records/create", id=item_named("الفصل 1").remote_id, title="New"
    )["id"]
    for name in (TRASHED, PAGE):
        strict.command("records/trash", id=item_named(name).remote_id)
    unshared = item_named("الفصل 7")
    strict.command("records/unshare", id=unshared.remote_id)

    run = finish_sync(connection)

    assert (run.outcome, run.deleted) == ("complete", 3), run.reason
    assert item_named("Fünf")
    assert new in live()
    assert item_named(PAGE).deleted_kind == "trashed"
    assert_equal_to(strict)
    assert ("extras_refused" in pending()) is is_late


def test_what_is_probed_is_bounded(
    synced: Connection, finish_sync: FinishSync, notion: NotionClient, sandbox: Any
) -> None:
    notion.switch("search_leaves_out", 100)
    sources = Item.objects.live().filter(type="data_source").count()
    calls = len(sandbox.log)

    run = finish_sync(synced)

    assert (run.outcome, run.deleted) == ("complete", 0)
    assert len(sandbox.log) - calls <= 2 + sources + 2 * 10


@pytest.mark.parametrize(
    ("status", "body"),
    [(403, b"<html>"), (200, b"<html>"), (200, b'{"status": "ok"}'), (503, b"")],
)
def test_what_comes_in_place_of_archived_rows_costs_them_alone(
    connection: Connection,
    finish_sync: FinishSync,
    notion: NotionClient,
    sandbox: Any,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    body: bytes,
) -> None:
    send, spoiled = sandbox.send, []

    def spoil(request: Request, timeouts: Timeouts, max_bytes: int) -> Response:
        answer: Response = send(request, timeouts, max_bytes)
        line = f"{request.url} {(request.body or b'').decode()}"
        if "is_archived" not in line:
            return answer
        spoiled.append(line)
        return replace(answer, status=status, body=body)

    with monkeypatch.context() as patched:
        patched.setattr(sandbox, "send", spoil)
        assert finish_sync(connection).outcome == "complete"

    assert spoiled
    assert pending() == {"", "extras_refused"}
    assert_equal_to(notion)
    assert finish_sync(connection, full=True).outcome == "complete"
    assert pending() == {""}
