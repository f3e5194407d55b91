"""Fields of a kept schema: in its order, each under a label of its own."""

import json
from typing import Any

import pytest

from integrations.providers.records import (
    field_entries,
    fields_of,
    read_fields,
    unknown_names,
)

SCHEMA = {
    "fields": [
        {"name": "b", "label": "Size"},
        {"name": "a", "label": "Size", "hint": "a"},
        {"name": "c", "label": "Colour"},
    ]
}


def test_the_fields_of_some_properties_are_those_of_the_whole_schema():
    whole = read_fields(SCHEMA)

    found = fields_of({"c": "red", "x": "1", "b": "2"}, SCHEMA)

    assert [spec.name for spec in found] == ["b", "c"]
    assert all(spec in whole for spec in found)


def test_another_schema_is_read_anew():
    other = {"fields": [{"name": "x", "label": "Weight"}]}

    names = [unknown_names(["x", "a"], schema) for schema in (SCHEMA, other, SCHEMA)]

    assert names == [["x"], ["a"], ["x"]]


@pytest.mark.parametrize(
    "fields", [True, 7, "name", {"name": "a"}, [None, 7, "a"], None]
)
def test_a_schema_that_holds_no_fields_has_none(fields):
    schema = {"fields": fields}

    assert field_entries(schema) == []
    assert fields_of(["name"], schema) == []


@pytest.mark.parametrize("told", [True, 7, "old", {"old": 1}, None, [None, 7, {}]])
def test_what_is_no_text_is_no_option_that_was_retired(told):
    [spec] = read_fields({"fields": [{"name": "stage", "retired": told}]})

    assert spec.retired == []


def test_options_that_were_retired_keep_their_order():
    [spec] = read_fields({"fields": [{"name": "stage", "retired": ["b", None, "a"]}]})

    assert spec.retired == ["b", "a"]


def stored_schema(**options: str) -> dict[str, Any]:
    """Return a schema as each page has it: read anew, equal and not the same."""
    entry = {"name": "stage", "label": "Stage", "kind": "choice", "options": options}
    return {"fields": json.loads(json.dumps([entry]))}


def test_a_schema_that_is_as_it_was_is_not_read_into_fields_again():
    first = read_fields(stored_schema(a="A", b="B"))

    again = read_fields(stored_schema(a="A", b="B"))

    assert again[0] is first[0]
    assert again is not first


def test_a_schema_whose_options_have_another_order_is_read_again():
    read_fields(stored_schema(a="A", b="B"))

    [field] = read_fields(stored_schema(b="B", a="A"))

    assert list(field.options) == ["b", "a"]


def test_a_label_with_half_a_surrogate_pair_is_read():
    [field] = read_fields(stored_schema(a="\ud83d"))

    assert field.options == {"a": "\ud83d"}
