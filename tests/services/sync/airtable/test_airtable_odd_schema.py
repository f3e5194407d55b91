"""An answer that cannot be a schema changes nothing and is asked for again."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from integrations.http.sending.transport import Request, Response, Timeouts
from integrations.models import Collection, Connection, Item, ItemChange
from integrations.models.reasons import ReasonCode
from tests.services.fixtures import FinishSync
from tests.services.sync.airtable.account_rows import (
    Airtable,
    assert_equal_to,
    table_of,
)

Spoil = Callable[[list[dict[str, Any]]], None]


def spoil_schemas(
    monkeypatch: pytest.MonkeyPatch, sandbox: Any, spoil: Spoil
) -> Callable[[], None]:
    """Change what is told of tables on its way; return what ends that."""
    send = sandbox.send
    is_on = True

    def spoiled(request: Request, timeouts: Timeouts, max_bytes: int) -> Response:
        answer = send(request, timeouts, max_bytes)
        if not is_on or not request.url.endswith("/tables"):
            return answer
        body = json.loads(answer.body)
        spoil(body["tables"])
        return replace(answer, body=json.dumps(body).encode())

    def heal() -> None:
        nonlocal is_on
        is_on = False

    monkeypatch.setattr(sandbox, "send", spoiled)
    return heal


def without_fields(tables: list[dict[str, Any]]) -> None:
    for table in tables:
        table["fields"] = []


def without_primary_field(tables: list[dict[str, Any]]) -> None:
    for table in tables:
        primary = table["primaryFieldId"]
        table["fields"] = [each for each in table["fields"] if each["id"] != primary]


def without_tables(tables: list[dict[str, Any]]) -> None:
    tables.clear()


def told_schemas() -> dict[str, dict[str, Any]]:
    """Return what was told of each collection, less the notes on what was not."""
    notes = {"refused", "ask_again"}
    return {
        each.remote_id: {k: v for k, v in each.schema.items() if k not in notes}
        for each in Collection.objects.all()
    }


@pytest.mark.parametrize(
    ("spoil", "full"),
    [
        (without_fields, True),
        (without_primary_field, False),
        (without_tables, True),
        (without_tables, False),
    ],
)
def test_tables_that_cannot_be_told_right_keep_what_is_known_of_them(
    synced_few: Connection,
    finish_sync: FinishSync,
    airtable: Airtable,
    sandbox: Any,
    monkeypatch: pytest.MonkeyPatch,
    spoil: Spoil,
    full: bool,
) -> None:
    schemas = told_schemas()
    heal = spoil_schemas(monkeypatch, sandbox, spoil)

    for _ in range(3):
        run = finish_sync(synced_few, full=full)

    assert run.outcome == "partial"
    assert told_schemas() == schemas
    assert not ItemChange.objects.exists()
    assert not Collection.objects.filter(misses__gt=0).exists()
    assert not Item.objects.exclude(deleted_at=None).exists()

    heal()
    tables = Collection.objects.filter(item_type="record")
    finish_sync(synced_few)

    assert set(tables.values_list("completeness", "reason")) == {("complete", "")}
    assert finish_sync(synced_few, full=True).outcome == "complete"
    assert not ItemChange.objects.exists()
    assert_equal_to(airtable)


def test_a_full_refresh_without_a_schema_says_so_and_reads_by_the_kept_one(
    synced_few: Connection,
    finish_sync: FinishSync,
    airtable: Airtable,
    sandbox: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spoil_schemas(monkeypatch, sandbox, without_fields)
    where = {"base": "محتوى · Content", "table": "Channels"}
    airtable.do("records/touch", count=3, value="Renamed Ltd", **where)

    run = finish_sync(synced_few, full=True)

    table = table_of(airtable, where["base"], where["table"])
    changed = ItemChange.objects.filter(run=run, item__collection=table)
    assert changed.count() == 3
    assert table.pending_reason == ReasonCode.EXTRAS_REFUSED
    assert table.pending_reason_data["extras"] == ["schema"]


def test_a_first_load_waits_for_a_schema(
    few: Connection,
    finish_sync: FinishSync,
    airtable: Airtable,
    sandbox: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    heal = spoil_schemas(monkeypatch, sandbox, without_fields)

    assert finish_sync(few).outcome == "partial"
    assert not Item.objects.filter(type="record").exists()

    heal()
    assert finish_sync(few, full=True).outcome == "complete"
    assert_equal_to(airtable)
