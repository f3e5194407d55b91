"""Write items the way every export does: the seed's fields, in the seed's order."""

import csv
import io
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from django.utils import timezone

from integrations.http.observability import steering
from integrations.models import Collection, Item
from integrations.providers.raw import describe_raw
from integrations.providers.records import DisplayField
from integrations.providers.typed.plain import plain
from integrations.services.common.errors import ConnectorError
from integrations.services.items.described import complete, describe_all
from integrations.services.items.relations.links import Links, find_each

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
# Items, each with its collection, whose schema is read once.
Held: TypeAlias = Sequence[tuple[Item, Collection | None]]
# How the properties of some items are written.
Values: TypeAlias = Callable[[Held], Sequence[Mapping[str, Any]]]
Row: TypeAlias = Mapping[str, Any]


def raw_values(held: Held) -> Sequence[Mapping[str, Any]]:
    """Return properties by name, as the provider wrote them: for programs.

    A mistake of ours, which leaves some out, is noted at the item.
    """
    return [_complete(item, collection) for item, collection in held]


def _complete(item: Item, collection: Collection | None) -> Mapping[str, Any]:
    try:
        return complete(item, collection)
    except ConnectorError as exc:
        item.mistake = exc.reference
        return item.properties


def shown_values(held: Held) -> Sequence[Mapping[str, Any]]:
    """Return properties by label, as the items' pages write them.

    Linked items are named, by one question for all. After a mistake of ours, which is
    noted at the item, properties are as the provider's.
    """
    described = [_described(item, collection) for item, collection in held]
    told = [(item, each) for (item, _), each in zip(held, described, strict=True)]
    links = find_each(told, most=None)
    return [_in_words(each, links[item.connection_id]) for item, each in told]


def _described(item: Item, collection: Collection | None) -> Sequence[DisplayField]:
    found: Sequence[DisplayField] = ()
    if collection is not None:
        try:
            properties = complete(item, collection)
            found, item.mistake = describe_all(
                collection, properties, item=item.remote_id
            )
        except ConnectorError as exc:
            item.mistake = exc.reference
    return found or list(describe_raw(item.properties, {}))


def _in_words(fields: Iterable[DisplayField], links: Links) -> Mapping[str, Any]:
    texts: defaultdict[str, list[str]] = defaultdict(list)
    zone = timezone.get_current_timezone()
    for field in fields:
        texts[field.label].append(plain(links.in_full(field.value), zone=zone))
    return {label: "; ".join(filter(None, each)) for label, each in texts.items()}


def to_integration_item(item: Item, properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return a stored item in the shape a connector gave it, JSON-safe.

    Its parent is named where ``put_parents`` has named it.
    """
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
