"""What fields that are gone were is kept within bounds, the youngest first."""

import json
from typing import Any

from integrations.providers.typed.former_fields import (
    MOST,
    MOST_LENGTH,
    former_fields,
    with_former,
)


def schema_of(*fields: dict[str, Any]) -> dict[str, Any]:
    return {"fields": list(fields)}


def field(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "label": name.upper(), "kind": "text", **more}


def test_no_more_and_no_longer_fields_are_kept_than_there_is_room_for() -> None:
    options = {str(number): "x" * 90 for number in range(1000)}
    long = [field(f"long{number}", options=options) for number in range(4)]
    short = [field(f"short{number:03}") for number in range(MOST + 20)]

    kept = former_fields({}, schema_of(*short, *long), schema_of())

    assert "long3" in kept
    assert "long0" not in kept
    assert "short219" in kept
    assert len(kept) <= MOST
    assert len(json.dumps(kept)) < MOST_LENGTH * 1.2


def test_what_is_no_field_is_none() -> None:
    assert former_fields(
        {}, schema_of({"label": "A"}, field("a")), schema_of()
    ).keys() == {"a"}


def test_a_schema_is_as_it_was_where_no_value_is_of_a_former_field() -> None:
    schema = schema_of(field("a"))
    kept = former_fields({}, schema_of(field("b")), schema)

    assert with_former(schema, kept, ["a", "x"]) is schema
    names = [each["name"] for each in with_former(schema, kept, ["b"])["fields"]]
    assert names == ["a", "b"]
