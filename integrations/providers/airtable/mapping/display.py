"""Label an item's raw properties and type their values, for whoever shows them."""

from collections.abc import Iterator, Mapping
from typing import Any

from integrations.providers.airtable.ids import FIELD, is_id, table_key
from integrations.providers.airtable.listing.structure import FIELD_PREFIX, VIEW_PREFIX
from integrations.providers.airtable.mapping.cells import to_value
from integrations.providers.airtable.mapping.fields import (
    Format,
    formats_of,
    result_of,
)
from integrations.providers.records import (
    DisplayField,
    FieldSpec,
    read_fields,
    unknown_names,
)
from integrations.providers.typed.fields import Choice, Unavailable, Value


def describe(
    properties: Mapping[str, Any], schema: Mapping[str, Any]
) -> list[DisplayField]:
    """Return the properties that have a value, labelled, the primary field first."""
    described = []
    properties = complete(properties, schema)
    formats = formats_of(schema)
    for spec in _fields(properties, schema):
        told = formats.get(spec.name, {})
        value = _to_value(properties.get(spec.name), told, spec, schema)
        if value is not None:
            described.append(
                DisplayField(name=spec.name, label=spec.label, value=value)
            )
    return described


def complete(
    properties: Mapping[str, Any], schema: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Return the cells with the boxes that have no tick.

    Airtable leaves them out, like everything that is empty.
    """
    unticked = {
        name: False
        for name, told in formats_of(schema).items()
        if told.get("type") == "checkbox" and properties.get(name) is None
    }
    return {**properties, **unticked}


def _fields(
    properties: Mapping[str, Any], schema: Mapping[str, Any]
) -> Iterator[FieldSpec]:
    """Yield what there may be to show, in the schema's order.

    Fields that the schema does not know come last: younger ones, and deleted ones
    in an item's history.
    """
    specs = read_fields(schema)
    yield from (spec for spec in specs if not spec.is_hidden)
    unknown = unknown_names(properties, schema)
    for name in sorted(unknown, key=lambda name: (name[:5], str(properties[name]))):
        yield FieldSpec(name=name, label=_label(name))


def _label(name: str) -> str:
    if name.startswith(FIELD_PREFIX):
        return "Field"
    if name.startswith(VIEW_PREFIX):
        return "View"
    if is_id(name, FIELD):
        return f"Field {name}"
    return name.replace("_", " ").capitalize()


def _to_value(
    cell: object, told: Format, spec: FieldSpec, schema: Mapping[str, Any]
) -> Value | None:
    if cell is None and told.get("is_broken"):
        return Unavailable(reason="The field is not set up correctly in Airtable")
    if not told and spec.options and isinstance(cell, str):
        return Choice(label=spec.options.get(cell, cell))
    base_id, table_id = schema.get("base_id"), result_of(told).get("table")
    is_told = bool(base_id and table_id)
    linked = table_key(str(base_id), str(table_id)) if is_told else ""
    return to_value(cell, told, linked_collection=linked)
