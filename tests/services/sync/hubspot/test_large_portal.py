"""A portal may have more changes than a search shows, and stamp them all at once."""

from pathlib import Path
from typing import Any

import pytest

from integrations.models import Connection, Item, ItemChange
from sandbox.hubspot.api import search
from tests.services.fixtures import FinishSync

# The real cap is 10,000; nothing of ours knows it, so a low one proves as much.
CAP, AT_ONCE, CHANGED = 250, 280, 321


@pytest.fixture(scope="session")
def seeded_sandbox(seeded_small: Path) -> Path:
    return seeded_small


def test_rows_beyond_the_searchs_cap_and_on_one_timestamp_are_all_found(
    connection: Connection,
    finish_sync: FinishSync,
    sandbox: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(search, "MAX_RESULTS", CAP)
    finish_sync(connection)
    touch = {"portal": "555111", "type": "contacts", "property": "city"}
    sandbox.client.command("records/touch", count=AT_ONCE, value="Bergen", **touch)
    rest = CHANGED - AT_ONCE
    sandbox.client.command(
        "records/touch", count=rest, offset=AT_ONCE, value="Oslo", **touch
    )

    run = finish_sync(connection)

    assert run.outcome == "complete"
    assert run.changed == CHANGED
    assert ItemChange.objects.filter(kind="changed").count() == CHANGED
    cities = Item.objects.filter(type="contact").values_list("properties", flat=True)
    assert sum(p["city"] in ("Bergen", "Oslo") for p in cities) >= CHANGED
