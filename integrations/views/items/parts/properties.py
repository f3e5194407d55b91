"""Lay out an item's properties: by group, with those that are empty at the end."""

from collections.abc import Sequence
from typing import Any

from integrations.models import Item
from integrations.providers import CONNECTORS
from integrations.providers.records import DisplayField, read_fields
from integrations.services.items.relations.links import Links
from integrations.views.items.parts.values import show


def make_properties(
    item: Item, described: Sequence[DisplayField], links: Links
) -> dict[str, Any]:
    """Return all rows, the same by group, and what is empty.

    Rows without a group are shown at once; the groups are folded.
    """
    groups: dict[str, list[dict[str, Any]]] = {"": []}
    rows = []
    for field in described:
        row = {
            "name": field.name,
            "label": field.label,
            "value": show(field.value, links),
        }
        groups.setdefault(field.group, []).append(row)
        rows.append(row)
    return {
        "properties": rows,
        "property_groups": [
            {"title": title, "rows": rows} for title, rows in groups.items() if rows
        ],
        "empty_properties": _empty_labels(item, {field.name for field in described}),
    }


def _empty_labels(item: Item, shown: set[str]) -> list[str]:
    """Return the labels of the properties that are known to have no value."""
    connector = CONNECTORS.get(item.provider)
    if connector is None:
        return []
    return [
        spec.label
        for spec in read_fields(item.collection.schema)
        if not spec.is_hidden
        and spec.name not in shown
        and (connector.leaves_out_empty or spec.name in item.properties)
    ]
