"""The order of options survives a database that sorts the keys of JSON."""

import json
from typing import Any

import pytest
from django.db import connection

from integrations.models import Collection
from integrations.models.ordered_json import ORDER_KEY, OrderedJSONField

STAGES = {"won": "Won", "a": "Began", "qualified": "Qualified"}
SCHEMA = {
    "fields": [
        {"name": "city", "options": {}},
        {"name": "stage", "options": STAGES, "retired": []},
    ],
    "lookups": {"pipeline": {"10": "Ten", "9": "Nine"}},
}


def sorted_as_jsonb(value: Any) -> Any:
    """Return a value as PostgreSQL gives it back."""
    if isinstance(value, list):
        return [sorted_as_jsonb(each) for each in value]
    if not isinstance(value, dict):
        return value
    keys = sorted(value, key=lambda key: (len(key.encode()), key.encode()))
    return {key: sorted_as_jsonb(value[key]) for key in keys}


def stored(value: dict[str, Any]) -> dict[str, Any]:
    """Return what a database that sorts keys holds of a value."""
    prepared = OrderedJSONField().get_db_prep_value(value, connection)
    return dict(sorted_as_jsonb(json.loads(prepared)))


def read(held: dict[str, Any]) -> dict[str, Any]:
    field: Any = OrderedJSONField()
    return dict(field.from_db_value(json.dumps(held), None, connection))


@pytest.mark.django_db
def test_names_come_back_in_the_order_in_which_they_were_told() -> None:
    found = read(stored(SCHEMA))

    assert found == SCHEMA
    assert list(found["fields"][1]["options"]) == list(STAGES)
    assert list(found["lookups"]["pipeline"]) == ["10", "9"]


@pytest.mark.django_db
def test_an_old_release_reads_what_a_new_one_stores_and_the_reverse() -> None:
    held = stored(SCHEMA)

    assert {name: held[name] for name in SCHEMA} == SCHEMA
    assert read(sorted_as_jsonb(SCHEMA)) == SCHEMA
    assert read({**held, "fields": [{"name": "stage"}]})["fields"] == [
        {"name": "stage"}
    ]
    assert set(held) - set(SCHEMA) == {ORDER_KEY}


@pytest.mark.django_db
def test_the_column_is_as_old_releases_made_it() -> None:
    column: Any = Collection._meta.get_field("schema")

    assert column.get_internal_type() == "JSONField"
    assert stored({"tag": "", "requested": ["b", "a"]}) == {
        "tag": "",
        "requested": ["b", "a"],
    }
