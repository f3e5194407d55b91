"""Describe properties of which nothing is known but their JSON."""

import json
from collections.abc import Mapping
from typing import Any

from integrations.providers.records import DisplayField, read_fields
from integrations.providers.typed.fields import Boolean, Number, Text, Value
from integrations.providers.typed.values import to_label, to_number


def describe_raw(
    properties: Mapping[str, Any], schema: Mapping[str, Any]
) -> list[DisplayField]:
    """Return what is not empty, labelled by the schema or else by its own name."""
    labels = {spec.name: spec.label for spec in read_fields(schema)}
    return [
        DisplayField(
            name=name,
            label=labels.get(name) or to_label(name),
            value=_to_value(value),
        )
        for name, value in properties.items()
        if value not in (None, "", [], {})
    ]


def _to_value(value: object) -> Value:
    if isinstance(value, bool):
        return Boolean(is_true=value)
    if isinstance(value, int | float) and (number := to_number(value)) is not None:
        return Number(amount=number)
    if isinstance(value, str):
        return Text(text=value)
    return Text(text=json.dumps(value, ensure_ascii=False))
