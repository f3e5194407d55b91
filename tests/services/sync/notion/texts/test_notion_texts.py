"""The texts of Notion's pages are read within a budget, kept, and found."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db.models import F
from django.test import Client
from django.utils import timezone

from integrations.http.client import ApiClient
from integrations.http.errors import (
    ApiError,
    Intermediary,
    Network,
    NotJson,
    Server,
)
from integrations.models import Connection, Item, ItemContent
from integrations.providers import CONNECTORS
from integrations.providers.records import Content
from integrations.services.connections.status import status_of
from tests.sandbox.notion_client import DROMEDARY, NotionClient
from tests.services.fixtures import Connect, FinishSync
from tests.services.sync.failures.test_retries import after_last
from tests.services.sync.notion.workspace_rows import item_named, live
from tests.support.searching import found_by


def test_texts_are_read_kept_and_found_by_their_words(
    alice: User, synced_texts: Connection, finish_sync: FinishSync, notion: NotionClient
) -> None:
    page = item_named("مهام نور الهاشمي")
    assert len(live()) == ItemContent.objects.count()
    assert "راجع الترجمة" in page.content.text
    todo = next(b for b in page.content.blocks if b["kind"] == "todo")
    assert todo["is_done"] is False
    found = found_by(alice, "راجع الترجمة")
    assert list(found) == [page]


def test_a_text_is_read_again_when_its_page_has_changed(
    alice: User, synced_texts: Connection, finish_sync: FinishSync, notion: NotionClient
) -> None:
    page = item_named("الفصل 3")
    notion.command("records/edit", id=page.remote_id, text="Quagga and okapi")

    finish_sync(synced_texts)

    found = found_by(alice, "quagga")
    assert list(found) == [page]


def test_a_text_read_in_the_minute_of_an_edit_is_read_once_more(
    alice: User, connect_notion: Connect, finish_sync: FinishSync, notion: NotionClient
) -> None:
    connection = connect_notion(alice)
    page_id = notion.command("records/create", account=DROMEDARY, title="Fresh")["id"]
    notion.command("records/share", id=page_id)
    finish_sync(connection)
    notion.command("records/edit", id=page_id, text="Quagga")
    ago = timezone.now() - timedelta(minutes=5)
    fresh = item_named("Fresh")
    Item.objects.filter(pk=fresh.pk).update(remote_updated_at=ago)
    ItemContent.objects.filter(pk=fresh.pk).update(read_for=ago, read_at=ago)

    finish_sync(connection)

    fresh.content.refresh_from_db()
    assert fresh.content.text == "Quagga"


def test_a_change_of_the_item_alone_keeps_the_words_of_its_text(
    alice: User, synced_texts: Connection, finish_sync: FinishSync, notion: NotionClient
) -> None:
    page = item_named("مهام نور الهاشمي")
    Item.objects.filter(pk=page.pk).update(digest="an older one")

    run = finish_sync(synced_texts, full=True)

    assert (run.changed, run.texts) == (1, 0)
    found = found_by(alice, "راجع")
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
    finish_sync(connection)
    # Texts that come along with the walk cost nothing beside it.
    assert ItemContent.objects.count() == len(live())
    ItemContent.objects.all().delete()

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
    assert reasons == {"no_permission"}
    assert finish_sync(connection).texts == 0


def test_a_text_that_we_fail_to_read_costs_that_text_and_is_tried_again(
    alice: User,
    synced_texts: Connection,
    finish_sync: FinishSync,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    item_named("الفصل 3").content.delete()
    connector = CONNECTORS["notion"]
    fetch_content = connector.fetch_content

    def fail_once(api: Any, remote_id: str) -> Any:
        monkeypatch.setattr(connector, "fetch_content", fetch_content)
        raise KeyError("Quagga")

    monkeypatch.setattr(connector, "fetch_content", fail_once)
    run = finish_sync(synced_texts)

    assert run.outcome == "complete"
    (content,) = ItemContent.objects.exclude(reason="")
    assert content.reason == "connector_error"
    assert content.reason_data["reference"] in content.reason_text
    assert content.reason_data["origin"].startswith("KeyError at tests/")
    ItemContent.objects.update(read_at=timezone.now() - timedelta(days=2))
    assert finish_sync(synced_texts).texts == 1
    assert not ItemContent.objects.exclude(reason="").exists()


TROUBLES = {
    "provider_down": Server("504", status=504),
    "intermediary": Intermediary("a firewall's page", status=403),
    "odd_answer": NotJson("no JSON", status=200),
    "network": Network("cut short"),
}


@pytest.fixture
def poison(monkeypatch: pytest.MonkeyPatch) -> dict[str, ApiError]:
    """Return what reading a text comes to, by the id of its page."""
    found: dict[str, ApiError] = {}
    read = CONNECTORS["notion"].fetch_content

    def fetch(api: ApiClient, remote_id: str) -> Content:
        if remote_id in found:
            raise found[remote_id]
        return read(api, remote_id)

    monkeypatch.setattr(CONNECTORS["notion"], "fetch_content", fetch)
    return found


def edited_last(count: int) -> list[Item]:
    pages = Item.objects.live().filter(type="page")
    return [*pages.order_by(F("remote_updated_at").desc(nulls_last=True), "-pk")][
        :count
    ]


@pytest.mark.parametrize("code", TROUBLES)
def test_a_text_that_never_comes_costs_itself_alone(
    alice: User,
    client: Client,
    synced_texts: Connection,
    finish_sync: FinishSync,
    poison: dict[str, ApiError],
    code: str,
) -> None:
    kept, lost = edited_last(2)
    words = kept.content.text
    ItemContent.objects.exclude(pk=kept.pk).delete()
    ItemContent.objects.filter(pk=kept.pk).update(reason="connector_error")
    ItemContent.objects.filter(pk=kept.pk).update(
        read_at=timezone.now() - timedelta(days=2)
    )
    poison |= {kept.remote_id: TROUBLES[code], lost.remote_id: TROUBLES[code]}

    assert finish_sync(synced_texts).outcome == "complete"

    synced_texts.refresh_from_db()
    assert (synced_texts.state, synced_texts.failed_syncs) == ("active", 1)
    assert ItemContent.objects.count() == len(live())
    assert ItemContent.objects.filter(reason=code).count() == 2
    assert ItemContent.objects.get(pk=kept.pk).text == words
    assert finish_sync(synced_texts).texts == 0
    client.force_login(alice)
    for item in (kept, lost):
        assert "data-deferred" in client.get(item.get_absolute_url()).content.decode()

    poison.clear()
    # What is odd for good would be read in vain every hour.
    hours = 25 if code == "odd_answer" else 1.2
    with time_machine.travel(timezone.now() + timedelta(hours=hours - 1.1)):
        assert finish_sync(synced_texts).texts == 0
    with time_machine.travel(timezone.now() + timedelta(hours=hours)):
        finish_sync(synced_texts)
    assert not ItemContent.objects.exclude(reason="").exists()


def test_a_text_that_failed_in_passing_comes_with_the_run_that_tries_again(
    synced_texts: Connection, finish_sync: FinishSync, poison: dict[str, ApiError]
) -> None:
    (item,) = edited_last(1)
    item.content.delete()
    poison[item.remote_id] = Server("504", status=504)

    run = finish_sync(synced_texts)

    planned, status = after_last(synced_texts), status_of(synced_texts)
    assert (run.outcome, run.texts_left) == ("complete", "provider_down")
    assert planned == timedelta(minutes=1)
    assert (status.condition, status.code) == ("retrying", "provider_down")
    poison.clear()
    with time_machine.travel(timezone.now() + planned):
        run = finish_sync(synced_texts, trigger="retry")
    assert (run.texts, run.texts_left) == (1, "")
    synced_texts.refresh_from_db()
    assert (synced_texts.retry_at, synced_texts.failed_syncs) == (None, 0)


def test_a_text_that_keeps_failing_is_left_to_the_schedule(
    synced_texts: Connection, finish_sync: FinishSync, poison: dict[str, ApiError]
) -> None:
    (item,) = edited_last(1)
    item.content.delete()
    poison[item.remote_id] = Server("504", status=504)
    now, planned = timezone.now(), []

    for hours in range(10):
        with time_machine.travel(now + timedelta(hours=hours)):
            finish_sync(synced_texts, trigger="schedule")
        synced_texts.refresh_from_db()
        planned.append(synced_texts.retry_at is not None)

    assert planned == [True] * 4 + [False] * 6


def test_many_texts_in_a_row_that_do_not_come_are_left_to_the_next_sync(
    alice: User,
    synced_texts: Connection,
    finish_sync: FinishSync,
    poison: dict[str, ApiError],
) -> None:
    ItemContent.objects.all().delete()
    poison |= {item.remote_id: Server("504") for item in edited_last(5)}

    counts = [finish_sync(synced_texts).texts for _ in range(2)]

    assert counts == [0, len(live()) - 5]
    assert ItemContent.objects.filter(reason="provider_down").count() == 5


def test_texts_that_never_come_keep_no_others_from_their_turn(
    alice: User,
    synced_texts: Connection,
    finish_sync: FinishSync,
    poison: dict[str, ApiError],
) -> None:
    never = edited_last(3)
    poison |= {item.remote_id: Server("504") for item in never}
    ItemContent.objects.filter(pk__in=never).delete()
    finish_sync(synced_texts)
    others = ItemContent.objects.exclude(pk__in=never)
    number = others.count()
    others.delete()

    # By now those are due again, and were edited last.
    with time_machine.travel(timezone.now() + timedelta(minutes=70)):
        finish_sync(synced_texts)
    assert ItemContent.objects.exclude(pk__in=never).count() == number
