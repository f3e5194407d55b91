"""What a bulk edit does to each of its rows, looked at some hundreds at a time."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final, TypeVar

from msgspec import Struct

from integrations.models import BulkEdit, Collection, Edit, Item
from integrations.providers.writing import WritableField
from integrations.services.writing import editing

# Rows whose values are looked at together.
CHUNK: Final = 500

T = TypeVar("T")


class Kind(StrEnum):
    """What a bulk edit does to a row."""

    CHANGE = "change"
    SAME = "same"
    REFUSED = "refused"


class Row(Struct, frozen=True, kw_only=True):
    """One row of a bulk edit: its item, if it is still there, and its value now."""

    key: int
    item: Item | None
    old: Any
    kind: Kind
    digest: str


def choosable_fields(collection: Collection) -> Mapping[str, WritableField]:
    """Return the fields that many items may have alike."""
    fields = editing.fields_of(collection)
    return {name: each for name, each in fields.items() if not each.is_identity}


def look(bulk: BulkEdit, field: WritableField, keys: Sequence[int]) -> Iterator[Row]:
    """Yield what the bulk edit does to some of its items, in the order of the keys."""
    for chunk in chunks(keys):
        live = Item.objects.live().filter(collection=bulk.collection_id)
        own = live.only("pk", "uuid", "remote_id", "name", "properties", "collection")
        items = own.in_bulk(chunk)
        values, archived = _pending(chunk, field.name)
        for key in chunk:
            item = items.get(key)
            old = values.get(key, item.properties.get(field.name) if item else None)
            kind = Kind.CHANGE
            if item is None or key in archived:
                kind = Kind.REFUSED
            elif editing.is_same(bulk.collection, field, bulk.value, old):
                kind = Kind.SAME
            digest = _digest(old)
            yield Row(key=key, item=item, old=old, kind=kind, digest=digest)


def _pending(keys: Sequence[int], name: str) -> tuple[dict[int, Any], set[int]]:
    """Return the values that are on their way to items, and which are archived."""
    waiting = Edit.objects.open().filter(item__in=keys).order_by("pk")
    values, archived = {}, set()
    for key, verb, told in waiting.values_list("item_id", "verb", "values"):
        if verb == Edit.Verb.ARCHIVE:
            archived.add(key)
        elif name in told:
            values[key] = told[name]
    return values, archived


def chunks(rows: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield rows in parts that are looked at together."""
    return (rows[start : start + CHUNK] for start in range(0, len(rows), CHUNK))


def _digest(value: Any) -> str:
    told = json.dumps(value, sort_keys=True).encode()
    return hashlib.sha256(told).hexdigest()[:16]
