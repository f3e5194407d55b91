"""A row is recognized by all that its item is made of, and by nothing else."""

import ast
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import fields, replace

from integrations.http.errors import InvalidResponse
from integrations.providers.connector import CollectionContext
from integrations.providers.listing import map_others, recognize, to_page
from integrations.providers.records import IntegrationItem
from integrations.services.items.storage import recognition

ROOT = Path(__file__).parents[3]
ROW = {"id": "1", "name": "Plan", "cells": {"a": None, "b": 2**70, "c": [1.5, True]}}
# What a connector reads by, and maps nothing by.
NO_INPUTS = {"stored", "probes", "tries", "recognize"}


class Known:
    """Knows some rows, and notes what it was asked."""

    def __init__(self, *ids: str) -> None:
        self.ids = ids
        self.sources: Mapping[str, bytes] = {}

    def __call__(self, sources: Mapping[str, bytes]) -> Mapping[str, str]:
        self.sources = sources
        return {each: "digest" for each in self.ids if each in sources}


def context(**values: Any) -> CollectionContext:
    usual: dict[str, Any] = {
        "remote_id": "contacts",
        "name": "Contacts",
        "account_id": "1",
        "account": {"domain": "one.example"},
        "schema": {"fields": [{"name": "a"}]},
        "version": "v1",
    }
    return CollectionContext(**{**usual, **values})


def source_of(row: object, collection: CollectionContext, **more: Any) -> bytes:
    known = Known()
    recognize([row], replace(collection, recognize=known), **more)
    return known.sources["1"]


def to_item(row: Mapping[str, Any]) -> IntegrationItem:
    if row["name"] is None:
        raise InvalidResponse("name: expected a text")
    return IntegrationItem(id=row["id"], type="record", name=row["name"])


def map_all(rows: list[object], *known: str) -> Any:
    collection = context(recognize=Known(*known))
    return map_others(rows, collection, to_value=to_item, to_item=to_item)


OTHERS = {
    "remote_id": "deals",
    "name": "People",
    "account_id": "2",
    "account": {"domain": "two.example"},
    "schema": {"fields": [{"name": "b"}]},
    "version": "v2",
}


def test_each_field_of_the_context_is_an_input_or_none() -> None:
    assert {each.name for each in fields(CollectionContext)} == {*OTHERS, *NO_INPUTS}


@pytest.mark.parametrize("name", OTHERS)
def test_another_context_makes_another_source(name: str) -> None:
    other = context(**{name: OTHERS[name]})

    assert source_of(ROW, other) != source_of(ROW, context())
    assert source_of(dict(ROW), context()) == source_of(ROW, context())


@pytest.mark.parametrize(
    "change", [{"name": "Plans"}, {"cells": {}}, {"more": None}, {"cells": [1]}]
)
def test_another_row_makes_another_source(change: dict[str, Any]) -> None:
    assert source_of({**ROW, **change}, context()) != source_of(ROW, context())


def test_one_is_not_true_and_no_number_is_its_text() -> None:
    values = [1, 1.0, True, "1", None, [], {}, "", 0]
    sources = {source_of({**ROW, "cells": value}, context()) for value in values}

    assert len(sources) == len(values)


def test_what_is_told_beside_is_an_input() -> None:
    one, other = (source_of(ROW, context(), beside=each) for each in (["a"], ["b"]))

    assert one != other


def test_what_is_recognized_is_not_mapped_but_on_the_page() -> None:
    rows: list[object] = [ROW, {**ROW, "id": "2"}, {**ROW, "id": "3", "name": None}]

    found = map_all(rows, "1")

    assert [item.id for item in found.mapped] == ["2"]
    assert found.same["1"].to_item() == to_item(ROW)
    assert found.sources.keys() == {"1", "2", "3"}
    page = to_page(found, None, deleted={"1": object()})
    assert (page.same.keys(), page.deleted) == ({"1"}, {})


def test_an_id_that_comes_twice_is_mapped_as_often() -> None:
    found = map_all([ROW, {**ROW, "name": "Other"}], "1")

    assert [item.name for item in found.mapped] == ["Plan", "Other"]
    assert not found.sources


def test_an_odd_row_beside_a_recognized_one_costs_nothing() -> None:
    rows: list[object] = [ROW, None, {"id": {}}]

    found = map_all(rows, "1")

    assert (found.unreadable, found.same.keys()) == (2, {"1"})


def test_all_code_that_maps_is_part_of_what_is_recognized_by() -> None:
    """Else a change in it would leave items as they were mapped before."""
    parts = tuple(each.replace("/", ".") for each in recognition.MAPPING)
    strange = {
        f"{path.name}: {name}"
        for path in (ROOT / "integrations/providers").rglob("*.py")
        for name in _imported(path)
        if name.startswith(("integrations.", "config.")) and not name.startswith(parts)
    }
    assert not strange


def _imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
        elif isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
    return found
