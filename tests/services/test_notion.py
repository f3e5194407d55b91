"""What is stored of Notion is what was shared, although no listing shows all of it."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from integrations.http.secrets import Secret
from integrations.models import (
    Collection,
    Connection,
    Credential,
    Item,
    ItemChange,
    ItemContent,
    RefreshAttempt,
    SyncRun,
)
from integrations.providers import CONNECTORS
from integrations.providers.notion import walking
from integrations.services import (
    clients,
    connections,
    credentials,
    oauth_clients,
    runs,
    schedule,
    search,
    sync,
)
from tests.sandbox.notion_client import DROMEDARY, INES, LANTERN, NOUR, NotionClient

FinishSync = Callable[..., SyncRun]
Connect = Callable[..., Connection]
TYPES = {"pages": "page", "databases": "database", "data_sources": "data_source"}
LARGE, SMALL = f"{LANTERN}:{INES}", f"{DROMEDARY}:{NOUR}"


@pytest.fixture
def notion(sandbox: Any) -> NotionClient:
    """Return somebody in the simulated Notion, whose index learns at once."""
    client = NotionClient(sandbox.client.app, time.time)
    for name, value in (("rate_limits", False), ("index_lag", 0), ("grant_lag", 0)):
        client.switch(name, value)
    return client


@pytest.fixture
def connect_notion(notion: NotionClient, settings: Any) -> Connect:
    """Return what connects a person to the small workspace, or to the other."""

    def do(user: User, identity: str = SMALL, **consent: Any) -> Connection:
        answer = notion.consent(identity, **consent)
        oauth = oauth_clients.oauth_client("notion")
        tokens = oauth.exchange(code=Secret(answer.query["code"]))
        account = CONNECTORS["notion"].identify(
            tokens,
            oauth=oauth,
            api=clients.api_client_for_new_grant("notion", tokens.access_token),
            settings=settings.PROVIDERS["notion"],
        )
        return connections.connect(
            user=user, provider="notion", tokens=tokens, account=account
        ).connection

    return do


@pytest.fixture
def connection(alice: User, connect_notion: Connect, settings: Any) -> Connection:
    """Return a connection to the small workspace, whose texts are left unread."""
    settings.CONTENT_PAGES_PER_RUN = 0
    return connect_notion(alice)


@pytest.fixture
def large(alice: User, connect_notion: Connect, settings: Any) -> Connection:
    """Return a connection to the large workspace, whose texts are left unread."""
    settings.CONTENT_PAGES_PER_RUN = 0
    return connect_notion(alice, LARGE)


def live(kind: str = "page") -> list[str]:
    found = Item.objects.live().filter(provider="notion", type=kind)
    return sorted(found.values_list("remote_id", flat=True))


def inventory(notion: NotionClient, kind: str, account: str) -> list[str]:
    told = notion.ask("inventory", with_ids=1, account=account)["types"][kind]
    return sorted(told["id_list"])


def assert_equal_to(notion: NotionClient, account: str = DROMEDARY) -> None:
    for kind, item_type in TYPES.items():
        assert live(item_type) == inventory(notion, kind, account), kind


def item_named(name: str) -> Item:
    return Item.objects.get(provider="notion", name=name)


def tokens_of(connection: Connection) -> tuple[str, str]:
    credential = Credential.objects.get(connection=connection)
    kept = credentials.open_refresh(credential)
    assert kept is not None
    return credentials.open_access(credential).secret.reveal(), kept.reveal()


# Completeness


def test_everything_shared_is_stored_although_search_leaves_a_tenth_out(
    large: Connection, finish_sync: FinishSync, notion: NotionClient
) -> None:
    run = finish_sync(large)

    assert run.outcome == "complete", run.reason
    assert_equal_to(notion, LANTERN)
    words = set(large.collections.values_list("completeness", flat=True))
    assert words == {"complete"}


def test_a_second_full_pass_over_the_same_writes_nothing(
    large: Connection, finish_sync: FinishSync, notion: NotionClient
) -> None:
    finish_sync(large)
    before = list(Item.objects.order_by("pk").values_list("digest", "changed_at"))
    changes = ItemChange.objects.count()

    run = finish_sync(large, full=True)

    assert (run.outcome, run.created, run.changed, run.hidden) == ("complete", 0, 0, 0)
    after = list(Item.objects.order_by("pk").values_list("digest", "changed_at"))
    assert after == before
    assert ItemChange.objects.count() == changes


def test_slices_of_any_length_come_to_the_same(
    large: Connection, notion: NotionClient
) -> None:
    run, _ = runs.open_run(large, trigger="person")

    for _ in range(600):
        SyncRun.objects.update(due_at=timezone.now())
        if sync.run_slice(run.pk, seconds=0.000001) is None:
            break

    run.refresh_from_db()
    assert run.outcome == "complete", run.reason
    assert run.slices > 30
    assert_equal_to(notion, LANTERN)


def test_a_worker_that_is_killed_at_any_page_loses_nothing(
    large: Connection, notion: NotionClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, _ = runs.open_run(large, trigger="person")
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
            if sync.run_slice(run.pk) is None:
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
    notion.switch("query_cap", 25)

    run = finish_sync(large)

    assert run.outcome == "complete", run.reason
    assert Collection.objects.get(name="Sendungen").stored_count > 50
    assert_equal_to(notion, LANTERN)


def test_more_rows_of_one_minute_than_a_query_shows_are_a_gap_that_hides_nothing(
    connection: Connection, finish_sync: FinishSync, notion: NotionClient
) -> None:
    books = Collection.objects.none()
    finish_sync(connection)
    books = Collection.objects.get(name="الكتب")
    for number in range(12):
        notion.order("records/create", id=books.remote_id, title=f"Neu {number}")
    count = Item.objects.live().count()
    notion.switch("query_cap", 10)

    run = finish_sync(connection, full=True)

    books.refresh_from_db()
    assert (run.outcome, run.hidden) == ("partial", 0)
    assert (books.completeness, books.reason) == (
        "capped",
        "more than 10,000 rows were created in the same minute",
    )
    assert Item.objects.live().count() > count


def test_what_a_pass_has_not_looked_into_is_said_beside_what_is_proven(
    connection: Connection, finish_sync: FinishSync, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walking, "LARGE_TABLE", 10)

    finish_sync(connection)

    notes = dict(connection.collections.values_list("name", "note"))
    assert "looked for in turns, 500 rows at a time" in notes.pop("Pages")
    assert set(notes.values()) == {""}
    pages = connection.collections.get(name="Pages")
    assert (pages.completeness, pages.reason) == ("complete", "")


def test_both_data_sources_of_a_database_are_read(
    large: Connection, finish_sync: FinishSync, notion: NotionClient
) -> None:
    finish_sync(large)

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
        assert rows.count() == collection.stored_count > 20


def test_absence_from_search_hides_nothing(
    connection: Connection, finish_sync: FinishSync, notion: NotionClient
) -> None:
    finish_sync(connection)
    notion.switch("search_leaves_out", 100)

    run = finish_sync(connection, full=True)

    assert (run.outcome, run.hidden) == ("complete", 0)
    assert_equal_to(notion)


def test_kinds_of_objects_and_parents_nobody_has_heard_of_are_tolerated(
    connection: Connection, finish_sync: FinishSync, notion: NotionClient
) -> None:
    finish_sync(connection)
    notion.fault("unknown_object", "search")
    notion.fault("unknown_parent", "search")

    run = finish_sync(connection, full=True)

    assert (run.outcome, run.hidden) == ("complete", 0)
    assert set(live()) == set(inventory(notion, "pages", DROMEDARY))
    notion.order("faults/clear")
    finish_sync(connection, full=True)
    assert_equal_to(notion)
    assert item_named("مسودات").parent_name == "Workspace"


# Changes


def test_an_increment_finds_what_was_edited_and_what_is_new(
    connection: Connection, finish_sync: FinishSync, notion: NotionClient
) -> None:
    finish_sync(connection)
    source = Collection.objects.get(name="الكتب").remote_id
    drafts = item_named("مسودات").remote_id
    notion.switch("search_leaves_out", 100)
    notion.order("records/edit", id=item_named("الفصل 3").remote_id, title="Drei")
    row = notion.order("records/create", id=source, title="A new book")["id"]
    page = notion.order("records/create", id=drafts, title="A new chapter")["id"]

    run = finish_sync(connection)

    assert run.outcome == "complete", run.reason
    assert item_named("A new book").remote_id == row
    assert item_named("A new chapter").parent_remote_id == drafts
    assert item_named("A new chapter").remote_id == page
    notion.switch("search_leaves_out", 0)
    finish_sync(connection)
    assert item_named("Drei")
    assert_equal_to(notion)


def test_what_is_trashed_goes_and_what_is_restored_comes_back(
    connection: Connection, finish_sync: FinishSync, notion: NotionClient
) -> None:
    finish_sync(connection)
    page, row = item_named("الفصل 3"), item_named("كتاب رقم 4")
    for item in (page, row):
        notion.order("records/trash", id=item.remote_id)

    finish_sync(connection, full=True)

    for item in (page, row):
        item.refresh_from_db()
        assert item.is_hidden, item.name
    assert page.hidden_reason == "in the trash"
    assert_equal_to(notion)

    for item in (page, row):
        notion.order("records/restore", id=item.remote_id)
    finish_sync(connection)
    assert_equal_to(notion)
    assert ItemChange.objects.filter(item=page, kind="restored").exists()


def test_what_is_not_shared_any_more_goes_only_after_a_pass_has_asked_for_it(
    connection: Connection, finish_sync: FinishSync, notion: NotionClient, sandbox: Any
) -> None:
    finish_sync(connection)
    page = item_named("الفصل 3")
    notion.order("records/unshare", id=page.remote_id)

    finish_sync(connection)
    page.refresh_from_db()
    assert not page.is_hidden

    calls = len(sandbox.log)
    finish_sync(connection, full=True)
    page.refresh_from_db()
    assert page.hidden_reason == "gone or no longer shared"
    assert any(page.remote_id in line for line in sandbox.log[calls:])
    assert_equal_to(notion)

    notion.order("records/share", id=page.remote_id)
    finish_sync(connection, full=True)
    assert_equal_to(notion)


def test_a_table_that_is_not_shared_any_more_takes_its_rows_along(
    connection: Connection, finish_sync: FinishSync, notion: NotionClient
) -> None:
    finish_sync(connection)
    database = Item.objects.get(name="الكتب", type="database").remote_id
    notion.order("records/unshare", id=database)

    finish_sync(connection, full=True)
    finish_sync(connection, full=True)

    assert_equal_to(notion)
    notion.order("records/share", id=database)
    finish_sync(connection, full=True)
    finish_sync(connection, full=True)
    assert_equal_to(notion)


def test_a_moved_page_keeps_its_row_and_changes_its_parent(
    connection: Connection, finish_sync: FinishSync, notion: NotionClient
) -> None:
    finish_sync(connection)
    page, above = item_named("الفصل 3"), item_named("الفصل 1")
    notion.order("records/move", id=page.remote_id, to=above.remote_id)

    finish_sync(connection)

    page.refresh_from_db()
    assert page.parent_remote_id == above.remote_id
    assert_equal_to(notion)


# Grants


def test_a_grant_that_is_revoked_and_given_again_loses_nothing(
    connection: Connection,
    finish_sync: FinishSync,
    notion: NotionClient,
    alice: User,
    connect_notion: Connect,
) -> None:
    finish_sync(connection)
    rows = set(Item.objects.values_list("pk", "remote_id", "hidden_at"))
    notion.order("grants/revoke", account=DROMEDARY)

    assert finish_sync(connection).outcome == "failed"
    connection.refresh_from_db()
    assert connection.state == "needs_reconnect"
    assert set(Item.objects.values_list("pk", "remote_id", "hidden_at")) == rows

    again = connect_notion(alice)
    run = finish_sync(again)
    assert again.pk == connection.pk
    assert (run.trigger, run.is_full, run.hidden) == ("reconnect", True, 0)
    assert set(Item.objects.values_list("pk", "remote_id", "hidden_at")) == rows
    assert_equal_to(notion)


def test_pages_added_by_consenting_again_show_up_at_once(
    alice: User,
    connect_notion: Connect,
    finish_sync: FinishSync,
    notion: NotionClient,
    settings: Any,
) -> None:
    settings.CONTENT_PAGES_PER_RUN = 0
    books, *rest = notion.picker(NOUR)
    first = connect_notion(alice, pages=[books])
    finish_sync(first)
    assert_equal_to(notion)
    few = len(live())

    again = connect_notion(alice, pages=[books, *rest])
    finish_sync(again)

    assert (again.pk, Connection.objects.count()) == (first.pk, 1)
    assert len(live()) > few
    assert_equal_to(notion)


def test_both_tokens_are_replaced_by_every_exchange_and_refresh(
    connection: Connection,
    finish_sync: FinishSync,
    notion: NotionClient,
    alice: User,
    connect_notion: Connect,
) -> None:
    seen = [tokens_of(connection)]
    connect_notion(alice)
    seen.append(tokens_of(connection))
    notion.order("tokens/expire", account=DROMEDARY)

    finish_sync(connection)

    seen.append(tokens_of(connection))
    assert len({token for pair in seen for token in pair}) == 6
    assert Credential.objects.count() == 1


def test_a_token_is_renewed_after_a_401_only_and_once(
    connection: Connection, finish_sync: FinishSync, notion: NotionClient, sandbox: Any
) -> None:
    credential = Credential.objects.get(connection=connection)
    assert (credential.access_expires_at, credential.refresh_due_at) == (None, None)
    assert schedule.refresh_due(now=timezone.now() + timedelta(days=400)) == 0
    asked = sandbox.count("oauth/token")
    finish_sync(connection)
    assert sandbox.count("oauth/token") == asked

    notion.order("tokens/expire", account=DROMEDARY)
    run = finish_sync(connection, full=True)

    assert run.outcome == "complete"
    assert sandbox.count("oauth/token") == asked + 1
    assert [a.outcome for a in RefreshAttempt.objects.all()] == ["refreshed"]
    assert schedule.refresh_due(now=timezone.now() + timedelta(days=400)) == 0


@pytest.mark.parametrize("owner", ["person", "no_email", "partial", "workspace"])
def test_a_grant_may_be_owned_in_any_way(
    owner: str, alice: User, connect_notion: Connect, notion: NotionClient
) -> None:
    connection = connect_notion(alice, grant_owner=owner)

    workspace, _, member = connection.remote_id.partition(":")
    assert workspace == DROMEDARY
    assert (member == NOUR) is (owner != "workspace")
    assert connection.account_name == "Dromedary Press"


def test_a_search_that_knows_nothing_yet_is_asked_again(
    connection: Connection, finish_sync: FinishSync, notion: NotionClient
) -> None:
    notion.switch("grant_lag", 3600)
    run, _ = runs.open_run(connection, trigger="person")
    assert run.due_at > run.queued_at
    SyncRun.objects.update(due_at=timezone.now())

    wait = sync.run_slice(run.pk)

    assert wait is not None
    assert 5 < wait <= 10
    run.refresh_from_db()
    assert run.is_open
    notion.switch("grant_lag", 0)
    progress = {key: {**each, "retry_at": ""} for key, each in run.progress.items()}
    SyncRun.objects.update(progress=progress)
    finish_sync(connection)
    finish_sync(connection, full=True)
    assert_equal_to(notion)


def test_what_a_search_learns_late_is_found_by_a_second_full_pass(
    alice: User,
    connect_notion: Connect,
    finish_sync: FinishSync,
    notion: NotionClient,
    settings: Any,
) -> None:
    settings.CONTENT_PAGES_PER_RUN = 0
    books, *rest = notion.picker(NOUR)
    finish_sync(connect_notion(alice, pages=[books]))
    notion.switch("grant_lag", 3600)
    connection = connect_notion(alice, pages=[books, *rest])
    finish_sync(connection)
    notion.switch("grant_lag", 0)
    finish_sync(connection)
    assert live() != inventory(notion, "pages", DROMEDARY)
    before = timezone.now() - timedelta(minutes=11)
    Connection.objects.update(reconnected_at=before)
    Collection.objects.update(last_full_pass_at=before + timedelta(minutes=1))

    finish_sync(connection)

    assert_equal_to(notion)


def test_a_long_wait_that_is_asked_for_is_kept(
    connection: Connection, finish_sync: FinishSync, notion: NotionClient
) -> None:
    notion.fault("space_limit", "query", retry_after=1800, count=1)
    run, _ = runs.open_run(connection, trigger="person")
    SyncRun.objects.update(due_at=timezone.now())

    wait = sync.run_slice(run.pk)

    assert wait is not None
    assert 1700 < wait <= 1800


# Texts


def test_texts_are_read_kept_and_found_by_their_words(
    alice: User, connect_notion: Connect, finish_sync: FinishSync, notion: NotionClient
) -> None:
    connection = connect_notion(alice)

    run = finish_sync(connection)

    page = item_named("مهام نور الهاشمي")
    assert run.texts == len(live()) == ItemContent.objects.count()
    assert "راجع الترجمة" in page.content.text
    todo = next(b for b in page.content.blocks if b["kind"] == "todo")
    assert todo["is_done"] is False
    found = search.matching(Item.objects.owned_by(alice), "راجع الترجمة")
    assert list(found) == [page]


def test_a_text_is_read_again_when_its_page_has_changed(
    alice: User, connect_notion: Connect, finish_sync: FinishSync, notion: NotionClient
) -> None:
    connection = connect_notion(alice)
    finish_sync(connection)
    page = item_named("الفصل 3")
    notion.order("records/edit", id=page.remote_id, text="Quagga and okapi")

    run = finish_sync(connection)

    assert run.texts == 1
    found = search.matching(Item.objects.owned_by(alice), "quagga")
    assert list(found) == [page]


def test_a_text_read_in_the_minute_of_an_edit_is_read_once_more(
    alice: User, connect_notion: Connect, finish_sync: FinishSync, notion: NotionClient
) -> None:
    connection = connect_notion(alice)
    page_id = notion.order("records/create", account=DROMEDARY, title="Fresh")["id"]
    notion.order("records/share", id=page_id)
    finish_sync(connection)
    notion.order("records/edit", id=page_id, text="Quagga")
    ago = timezone.now() - timedelta(minutes=5)
    fresh = item_named("Fresh")
    Item.objects.filter(pk=fresh.pk).update(remote_updated_at=ago)
    ItemContent.objects.filter(pk=fresh.pk).update(read_for=ago, read_at=ago)

    finish_sync(connection)

    fresh.content.refresh_from_db()
    assert fresh.content.text == "Quagga"


def test_a_change_of_the_item_alone_keeps_the_words_of_its_text(
    alice: User, connect_notion: Connect, finish_sync: FinishSync, notion: NotionClient
) -> None:
    connection = connect_notion(alice)
    finish_sync(connection)
    page = item_named("مهام نور الهاشمي")
    Item.objects.filter(pk=page.pk).update(digest="an older one")

    run = finish_sync(connection, full=True)

    assert (run.changed, run.texts) == (1, 0)
    found = search.matching(Item.objects.owned_by(alice), "راجع")
    assert list(found) == [page]


def test_texts_are_read_within_a_budget_a_run_at_a_time(
    alice: User,
    connect_notion: Connect,
    finish_sync: FinishSync,
    notion: NotionClient,
    settings: Any,
) -> None:
    settings.CONTENT_PAGES_PER_RUN = 15
    connection = connect_notion(alice)

    counts = [finish_sync(connection).texts for _ in range(4)]

    assert counts == [15, 15, len(live()) - 30, 0]


def test_a_text_that_cannot_be_read_says_why_and_is_not_asked_for_again(
    alice: User, connect_notion: Connect, finish_sync: FinishSync, notion: NotionClient
) -> None:
    connection = connect_notion(alice)
    notion.fault("restricted", "markdown")

    run = finish_sync(connection)

    assert run.outcome == "complete"
    reasons = set(ItemContent.objects.values_list("reason", flat=True))
    assert len(reasons) == 1
    assert reasons != {""}
    assert finish_sync(connection).texts == 0
