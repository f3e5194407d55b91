"""Name what the fixtures of this folder return, and do what several of them do."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from msgspec.structs import replace

from integrations.models import Connection, SyncRun
from integrations.providers.records import IntegrationItem
from integrations.services.items.storage.rows import Row
from tests.support.pages.snapshots import built_once

FinishSync = Callable[..., SyncRun]
Connect = Callable[..., Connection]


def let_time_pass(run: SyncRun) -> None:
    """Let what a run waits for be over."""
    run.refresh_from_db()
    progress = {
        key: replace(entry, retry_at=None).to_json()
        for key, entry in run.entries.items()
    }
    SyncRun.objects.filter(pk=run.pk).update(
        progress=progress, due_at=timezone.now() - timedelta(seconds=1)
    )


def read_once(
    request: pytest.FixtureRequest, sandbox: Any, connection: Connection
) -> Iterator[Connection]:
    """Yield a connection that is read to its end, for a fixture marked `made_once`."""
    finish: FinishSync = request.getfixturevalue("finish_sync")

    def build() -> None:
        assert finish(connection).outcome == "complete"

    with built_once(request, sandbox, build, goes_back=True):
        connection.refresh_from_db()
        yield connection


def note_rows_made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that the ids of records come into whenever one becomes a row."""
    made: list[str] = []
    make = Row.of

    def of(item: IntegrationItem) -> Row:
        made.append(item.id)
        return make(item)

    monkeypatch.setattr(Row, "of", of)
    return made
