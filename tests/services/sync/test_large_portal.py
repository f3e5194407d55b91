"""A portal may be large and stamp thousands of rows at once."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from integrations.models import Connection, Item, ItemChange
from tests.services.fixtures import FinishSync
from tests.support.seeds import SMALL, make_seed

CHANGED, AT_ONCE = 12_001, 10_500


@pytest.fixture(scope="session")
def large_seed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sandbox") / "large.sqlite3"
    sizes = {**SMALL, "contacts": 12_100, "records": 40, "rows": 10}
    make_seed(path, sizes)
    return path


@pytest.fixture
def seeded_sandbox(large_seed: Path, tmp_path: Path) -> Path:
    """Put the large portal where the small one is in other tests."""
    path = tmp_path / "large.sqlite3"
    shutil.copy(large_seed, path)
    return path


def test_rows_beyond_the_searchs_cap_and_on_one_timestamp_are_all_found(
    connection: Connection, finish_sync: FinishSync, sandbox: Any
) -> None:
    finish_sync(connection)
    touch = {"portal": "555111", "type": "contacts", "property": "city"}
    sandbox.client.order("records/touch", count=AT_ONCE, value="Bergen", **touch)
    rest = CHANGED - AT_ONCE
    sandbox.client.order(
        "records/touch", count=rest, offset=AT_ONCE, value="Oslo", **touch
    )

    run = finish_sync(connection)

    assert run.outcome == "complete"
    assert run.changed == CHANGED
    assert ItemChange.objects.filter(kind="changed").count() == CHANGED
    cities = Item.objects.filter(type="contact").values_list("properties", flat=True)
    assert sum(p["city"] in ("Bergen", "Oslo") for p in cities) >= CHANGED
