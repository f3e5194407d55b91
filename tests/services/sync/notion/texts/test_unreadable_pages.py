"""One page that Notion can never show costs what is in it, and nothing else."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from msgspec.structs import replace

from integrations.http.sending.transport import Request, Response, Timeouts
from integrations.models import Collection, Connection, Item
from integrations.services.sync.refresh import start
from tests.sandbox.notion_client import NotionClient
from tests.services.fixtures import FinishSync
from tests.services.sync.notion.workspace_rows import live

ERROR = b"""{
  "object": "error",
  "status": 500,
  "code": "internal_server_error",
  "message": "Unexpected error occurred."
}"""
NO_HITS = b'{"object": "list", "results": [], "has_more": false, "next_cursor": null}'
PAGE = b"<html>Blocked</html>"


class Poison:
    """Spoil what matches a form, while there is one."""

    def __init__(self, sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.form, self.status, self.body = "", 500, ERROR
        self.hides_all = False
        self._send = sandbox.send
        monkeypatch.setattr(sandbox, "send", self.send)

    def send(self, request: Request, timeouts: Timeouts, max_bytes: int) -> Response:
        """Answer as the sandbox does, but for these."""
        answer: Response = self._send(request, timeouts, max_bytes)
        if self.hides_all and request.url.endswith("/search"):
            return replace(answer, body=NO_HITS)
        if not self.form or not re.search(self.form, request.url):
            return answer
        return replace(answer, status=self.status, body=self.body)


@pytest.fixture
def poison(sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Poison]:
    return Poison(sandbox, monkeypatch)


def parent() -> Item:
    """Return a page with pages in it."""
    pages = Item.objects.live().filter(type="page").order_by("pk")
    held = set(pages.values_list("parent_remote_id", flat=True))
    return next(page for page in pages if page.remote_id in held)


def begin_anew(connection: Connection) -> None:
    Item.objects.all().delete()
    Collection.objects.all().delete()
    Connection.objects.filter(pk=connection.pk).update(discovered_at=None)
    connection.refresh_from_db()


def forms(page: Item) -> dict[str, str]:
    own = page.remote_id
    return {
        "inside": f"/pages/{own}/markdown|/blocks/{own}/children",
        "markdown": f"/pages/{own}/markdown",
        "all": f"/{own}(/|$)",
    }


@pytest.mark.parametrize(
    ("part", "status", "body", "pending"),
    [
        ("inside", 500, ERROR, "not_exhaustive"),
        ("inside", 403, PAGE, "not_exhaustive"),
        ("inside", 200, b'{"status": "ok"}', "not_exhaustive"),
        ("all", 500, ERROR, "not_exhaustive"),
        ("markdown", 500, ERROR, ""),
        ("markdown", 403, PAGE, ""),
        ("markdown", 200, PAGE, ""),
    ],
)
def test_a_first_load_ends_beside_a_page_that_cannot_be_shown(
    synced_texts: Connection,
    finish_sync: FinishSync,
    notion: NotionClient,
    poison: Poison,
    part: str,
    status: int,
    body: bytes,
    pending: str,
) -> None:
    page, before = parent(), live()
    begin_anew(synced_texts)
    poison.form, poison.status, poison.body = forms(page)[part], status, body

    run = finish_sync(synced_texts)

    pages = Collection.objects.get(remote_id="pages")
    assert run.outcome == "complete"
    assert pages.pending_reason == pending
    assert pages.watermark is not None
    assert page.remote_id in live()
    if not pending:
        assert live() == before
    other = next(each for each in live() if each != page.remote_id)
    notion.command("records/edit", id=other, title="Renamed quagga")
    assert finish_sync(synced_texts).outcome == "complete"
    assert Item.objects.filter(name="Renamed quagga").exists()

    if status != 500:
        # What comes later does not depend on what it was.
        return
    poison.form = ""
    assert finish_sync(synced_texts, full=True).outcome == "complete"
    start.read_anew(Collection.objects.all())
    Collection.objects.update(last_full_refresh_at=None)
    assert finish_sync(synced_texts, full=True).outcome == "complete"
    assert live() == before


@pytest.mark.parametrize("part", ["inside", "all"])
def test_nothing_below_a_page_that_cannot_be_shown_is_deleted(
    synced_texts: Connection,
    finish_sync: FinishSync,
    poison: Poison,
    part: str,
) -> None:
    page, before = parent(), live()
    Collection.objects.update(last_full_refresh_at=None)
    poison.form, poison.hides_all = forms(page)[part], True

    run = finish_sync(synced_texts, full=True)

    assert live() == before
    assert run.outcome == ("partial" if part == "all" else "complete")


def test_a_provider_that_is_down_loses_no_page_by_it(
    synced_texts: Connection, finish_sync: FinishSync, poison: Poison
) -> None:
    begin_anew(synced_texts)
    poison.form = "/pages/|/blocks/|/users/"

    assert finish_sync(synced_texts).outcome == "partial"
    assert Collection.objects.get(remote_id="pages").watermark is None

    poison.form = ""
    with time_machine.travel(timezone.now() + timedelta(minutes=20)):
        assert finish_sync(synced_texts).outcome == "complete"
    assert not Collection.objects.exclude(pending_reason="").exists()
