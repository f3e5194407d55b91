"""Lists may come from a replica, and nothing that it has not yet is missed."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import ProgrammingError
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone

from integrations.models import Collection, Connection
from integrations.services.common.database import replica
from integrations.views import live
from integrations.views.replica import from_replica
from tests.support.rows import make_finished_run, make_item


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bool]]:
    """Return what was read from a replica that is near, and is the same database."""
    found: list[bool] = []

    @contextmanager
    def reading() -> Iterator[None]:
        found.append(True)
        yield

    monkeypatch.setattr(replica, "is_configured", lambda: True)
    monkeypatch.setattr(replica, "is_near", lambda: True)
    monkeypatch.setattr(replica, "note_failure", found.clear)
    monkeypatch.setattr(replica, "reading", reading)
    return found


def test_news_of_an_open_list_are_read_where_the_runs_are(
    as_alice: Client, collection: Collection, reads: list[bool]
) -> None:
    make_item(collection)

    assert as_alice.get("/items/").status_code == 200
    assert reads.pop()
    assert as_alice.get("/items/live/").status_code == 200
    assert not reads


@pytest.mark.parametrize(("seconds_ago", "is_soon"), [(1, True), (3600, False)])
def test_a_list_that_may_lack_the_end_of_a_sync_looks_again_soon(
    as_alice: Client,
    connection: Connection,
    collection: Collection,
    reads: list[bool],
    seconds_ago: int,
    is_soon: bool,
) -> None:
    make_item(collection)
    at = timezone.now() - timedelta(seconds=seconds_ago)
    make_finished_run(connection, finished_at=at)
    Connection.objects.update(next_sync_at=timezone.now() + timedelta(hours=2))

    page = as_alice.get("/items/")

    assert (page.context["live_seconds"] == live.BUSY_SECONDS) is is_soon


def test_a_replica_that_has_not_the_newest_columns_yet_is_left_aside(
    rf: RequestFactory, reads: list[bool]
) -> None:
    def view(_request: Any) -> HttpResponse:
        if reads:
            raise ProgrammingError("column does not exist")
        return HttpResponse("read")

    assert from_replica(view)(rf.get("/")).content == b"read"
