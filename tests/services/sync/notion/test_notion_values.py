"""What Notion shows in part, or cannot mean, is neither shown as whole nor believed."""

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from integrations.http.sending.transport import Request, Response, Timeouts
from integrations.models import Collection, Connection, Item
from integrations.providers import CONNECTORS
from integrations.providers.notion.listing import rows
from integrations.providers.typed.fields import Relation, User
from tests.services.fixtures import FinishSync

TABLE = "Everything"


@pytest.fixture(scope="session")
def seeded_sandbox(seeded_small: Path) -> Path:
    """Return a seed with rows enough for long relations."""
    return seeded_small


def table() -> Collection:
    return Collection.objects.get(name=TABLE)


def described() -> dict[str, list[Any]]:
    """Return the values of all rows of the table, by label."""
    connector, found = CONNECTORS["notion"], dict[str, list[Any]]()
    for item in Item.objects.live().filter(collection=table()):
        for field in connector.describe(item.properties, table().schema, {}):
            found.setdefault(field.label, []).append(field.value)
    return found


def test_long_relations_are_stored_whole(
    synced_large: Connection,
) -> None:
    relations = [each for each in described()["Relation"] if isinstance(each, Relation)]
    assert max(len(each.linked_ids) for each in relations) == 30
    assert not any(each.has_more for each in relations)
    outcome = synced_large.runs.get().outcome
    assert (outcome, table().pending_reason) == ("complete", "")


def test_what_is_left_in_part_is_said_of_the_collection(
    large: Connection, finish_sync: FinishSync, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "MOST_REST", 0)

    finish_sync(large)

    relations = [each for each in described()["Relation"] if isinstance(each, Relation)]
    assert max(len(each.linked_ids) for each in relations) == 25
    assert any(each.has_more for each in relations)
    assert table().pending_reason == "values_in_part"
    assert "in part" in table().pending_text


def test_whoever_made_a_row_has_a_name(synced_large: Connection) -> None:
    makers = [each for each in described()["Created by"] if isinstance(each, User)]
    assert makers
    assert all(each.name for each in makers)


@pytest.fixture
def hollow(sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Return the data sources that are answered without their columns."""
    found: set[str] = set()
    ordinary = sandbox.send

    def send(request: Request, timeouts: Timeouts, max_bytes: int) -> Response:
        answer: Response = ordinary(request, timeouts, max_bytes)
        if request.url.rpartition("/")[2] not in found:
            return answer
        body = {**json.loads(answer.body), "properties": {}}
        return replace(answer, body=json.dumps(body).encode())

    monkeypatch.setattr(sandbox, "send", send)
    return found


def test_a_table_without_columns_is_not_believed(
    synced_large: Connection, finish_sync: FinishSync, hollow: set[str]
) -> None:
    before, names = table(), set(Item.objects.values_list("name", flat=True))
    hollow.add(before.remote_id)

    run = finish_sync(synced_large, full=True)

    after = table()
    assert run.outcome == "complete"
    assert after.schema["fields"] == before.schema["fields"]
    assert after.pending_reason == "extras_refused"
    assert after.pending_reason_data["extras"] == ["schema"]
    assert set(Item.objects.live().values_list("name", flat=True)) == names
    hollow.clear()
    assert finish_sync(synced_large, full=True).outcome == "complete"
    assert table().reason == ""
