"""What somebody opens is read first: its text does not wait for its turn."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from integrations.models import Connection, ItemContent
from integrations.services.sync.texts import opened_text
from tests.sandbox.notion_client import NotionClient
from tests.services.sync.notion.workspace_rows import item_named
from tests.support.searching import found_by

TITLE = "مهام نور الهاشمي"


@pytest.fixture
def listed(
    synced: Connection,
) -> Connection:
    """Return a workspace whose pages are listed, without a text."""
    assert not ItemContent.objects.exists()
    return synced


def test_the_text_of_an_opened_page_is_read_alone(
    listed: Connection, alice: User
) -> None:
    page = item_named(TITLE)

    opened_text.read(page.pk)

    assert ItemContent.objects.get().item_id == page.pk
    found = found_by(alice, "راجع الترجمة")
    assert list(found) == [page]


def test_a_text_that_is_fresh_costs_no_call(listed: Connection, sandbox: Any) -> None:
    page = item_named(TITLE)
    opened_text.read(page.pk)
    before = sandbox.count("/v1/")

    opened_text.read(page.pk)

    assert sandbox.count("/v1/") == before


@pytest.mark.parametrize("state", ["paused", "disconnected", "needs_reconnect"])
def test_nothing_is_read_of_a_connection_that_may_not_be(
    listed: Connection, state: str, sandbox: Any
) -> None:
    Connection.objects.update(state=state)
    before = sandbox.count("/v1/")

    opened_text.read(item_named(TITLE).pk)

    assert sandbox.count("/v1/") == before
    assert not ItemContent.objects.exists()


def test_a_failure_is_left_to_the_runs(
    listed: Connection, notion: NotionClient
) -> None:
    notion.command("faults/add", kind="status", status=503, count=20)

    opened_text.read(item_named(TITLE).pk)

    assert not ItemContent.objects.exists()
