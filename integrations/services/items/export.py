"""Write items the way every export does: the seed's fields, in the seed's order."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone

from integrations.models import Item
from integrations.providers import CONNECTORS

FIELDS = (
    "id",
    "type",
    "directory",
    "parent_path_or_name",
    "parent_id",
    "name",
    "creation_time",
    "last_modified_time",
    "url",
    "children",
    "mime_type",
    "delta",
    "drive_id",
    "visibility",
    "properties",
)
# What a spreadsheet takes for the beginning of a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def to_integration_item(item: Item, schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a stored item in the shape a connector gave it, JSON-safe."""
    connector = CONNECTORS.get(item.provider)
    properties = item.properties
    if connector is not None:
        properties = dict(connector.complete(properties, schema))
    return {
        "id": item.remote_id,
        "type": item.type,
        "directory": item.is_directory,
        "parent_path_or_name": item.parent_name or None,
        "parent_id": item.parent_remote_id or None,
        "name": item.name,
        "creation_time": _isoformat(item.remote_created_at),
        "last_modified_time": _isoformat(_told(item)),
        "url": item.remote_url or None,
        "children": item.children,
        "mime_type": item.mime_type or None,
        "delta": item.delta or None,
        "drive_id": item.drive_id or None,
        "visibility": item.is_visible,
        "properties": properties,
    }


def _told(item: Item) -> datetime | None:
    """Return the modified time that the provider told; what was noticed is not it."""
    return None if item.is_update_noticed else item.remote_updated_at


def _to_integration_items(items: Iterable[Item]) -> Iterator[dict[str, Any]]:
    """Yield items as exports show them; a schema can be long, and is read once."""
    schemas: dict[Any, Mapping[str, Any]] = {None: {}}
    for item in items:
        if item.collection_id not in schemas:
            schemas[item.collection_id] = item.collection.schema
        yield to_integration_item(item, schemas[item.collection_id])


def _isoformat(value: datetime | None) -> str | None:
    zone = timezone.get_current_timezone()
    return value.astimezone(zone).isoformat() if value else None


def to_json(items: Iterable[Item]) -> Iterator[str]:
    """Yield the pieces of one JSON array, a line per item."""
    start = "[\n"
    for each in _to_integration_items(items):
        yield start + json.dumps(each, ensure_ascii=False)
        start = ",\n"
    yield "[]\n" if start == "[\n" else "\n]\n"


def to_csv(items: Iterable[Item]) -> Iterator[str]:
    """Yield the lines of a CSV file that no spreadsheet mistakes for formulas."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(FIELDS)
    for each in _to_integration_items(items):
        writer.writerow(to_cell(v) for v in each.values())
        yield _drain(buffer)
    yield _drain(buffer)


def _drain(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text


def to_cell(value: Any) -> str:
    """Return a value as the text of one cell, formulas made harmless."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
