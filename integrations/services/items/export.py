"""Write items the way every export does: the seed's fields, in the seed's order."""

import csv
import io
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

from django.utils import timezone

from integrations.http.observability import steering
from integrations.models import Collection, Item
from integrations.providers.raw import describe_raw
from integrations.providers.records import DisplayField
from integrations.providers.typed.plain import plain
from integrations.services.common.errors import ConnectorError
from integrations.services.items.described import complete, describe

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
# What a spreadsheet takes for the beginning of a formula:
# https://owasp.org/www-community/attacks/CSV_Injection
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
# How the properties of an item of a collection are written.
Values: TypeAlias = Callable[[Item, Collection | None], Mapping[str, Any]]
Row: TypeAlias = Mapping[str, Any]


def raw_values(item: Item, collection: Collection | None) -> Mapping[str, Any]:
    """Return properties by name, as the provider wrote them: for programs.

    A mistake of ours, which leaves some out, is noted at the item.
    """
    try:
        return complete(item, collection)
    except ConnectorError as exc:
        item.mistake = exc.reference
        return item.properties


def shown_values(item: Item, collection: Collection | None) -> Mapping[str, Any]:
    """Return properties by label, as the item's page writes them.

    After a mistake of ours, which is noted at the item, they are as the provider's.
    """
    described: Iterable[DisplayField] = ()
    if collection is not None:
        try:
            properties = complete(item, collection)
            described = describe(collection, properties, item=item.remote_id)
        except ConnectorError as exc:
            item.mistake = exc.reference
    described = described or describe_raw(item.properties, {})
    texts: defaultdict[str, list[str]] = defaultdict(list)
    zone = timezone.get_current_timezone()
    for field in described:
        texts[field.label].append(plain(field.value, zone=zone))
    return {label: "; ".join(filter(None, each)) for label, each in texts.items()}


def to_integration_item(
    item: Item, collection: Collection | None, values: Values = raw_values
) -> dict[str, Any]:
    """Return a stored item in the shape a connector gave it, JSON-safe."""
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
        "properties": values(item, collection),
    }


def _told(item: Item) -> datetime | None:
    """Return the modified time that the provider told; what was noticed is not it."""
    return None if item.is_update_noticed else item.remote_updated_at


def to_integration_items(
    items: Iterable[Item], values: Values = raw_values
) -> Iterator[Row]:
    """Yield items as exports show them; a schema can be long, and is read once."""
    collections: dict[UUID | None, Collection | None] = {None: None}
    for item in items:
        if item.collection_id not in collections:
            collections[item.collection_id] = item.collection
        yield to_integration_item(item, collections[item.collection_id], values)


def _isoformat(value: datetime | None) -> str | None:
    zone = timezone.get_current_timezone()
    return value.astimezone(zone).isoformat() if value else None


def to_json(rows: Iterable[Row]) -> Iterator[str]:
    """Yield the pieces of one JSON array, a line per item."""
    start = "[\n"
    for each in rows:
        yield start + _to_line(each)
        start = ",\n"
    yield "[]\n" if start == "[\n" else "\n]\n"


def to_ndjson(rows: Iterable[Row]) -> Iterator[str]:
    """Yield a JSON object per line, so that a reader need not hold them all."""
    for each in rows:
        yield _to_line(each) + "\n"


def _to_line(item: Mapping[str, Any]) -> str:
    text = json.dumps(item, ensure_ascii=False)
    return steering.STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def to_csv(heads: Sequence[str], rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """Yield the lines of a CSV file that no spreadsheet mistakes for formulas."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL)
    writer.writerow(map(to_cell, heads))
    for each in rows:
        writer.writerow(map(to_cell, each))
        yield _drain(buffer)
    yield _drain(buffer)


def _drain(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text


def to_cell(value: Any) -> str:
    """Return a value as the text of one cell, formulas and controls made harmless."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    clean = steering.plain(text)
    # What is left out before it must not uncover a formula.
    is_formula = text.startswith(FORMULA_STARTS) or clean.startswith(FORMULA_STARTS)
    return f"'{clean}" if is_formula else clean
