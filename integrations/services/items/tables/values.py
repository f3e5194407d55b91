"""Comparison keys of typed values: what a table sorts, filters and groups by."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, time
from hashlib import blake2b
from typing import Any, Final, NamedTuple

from integrations.models import Collection, Item
from integrations.models.items.table import TEXT_LENGTH
from integrations.providers.raw import describe_raw
from integrations.providers.records import DisplayField
from integrations.providers.typed.fields import (
    SEVERAL,
    Boolean,
    Date,
    DateTime,
    Duration,
    Money,
    Number,
    Percent,
    Relation,
    Single,
    Text,
    Unavailable,
    User,
    Value,
)
from integrations.providers.typed.plain import plain
from integrations.services.common.errors import ConnectorError
from integrations.services.items.described import describe, describe_links
from integrations.services.items.own_columns.load import load, typed_values
from integrations.services.items.tables import incoming
from integrations.services.items.tables.columns import (
    CREATED,
    NAME,
    UPDATED,
    Column,
    Family,
)

# Values of one property that are compared; the others are shown only.
MOST_VALUES: Final = 100
# Linked items of one item that are compared.
MOST_LINKED: Final = 500
DAY, TIME = "day", "time"


class Key(NamedTuple):
    """A value as it is compared; both are None where there is none."""

    number: float | None
    text: str | None


NONE: Final = Key(None, None)


def fold(text: str) -> str:
    """Return a text as it is compared: without case, spaces as one, its beginning."""
    # Neither NUL nor half a surrogate can be stored.
    storable = text.replace("\x00", "").encode("utf-8", "ignore").decode()
    return " ".join(storable.casefold().split())[:TEXT_LENGTH].rstrip()


def singles_of(value: Value) -> Sequence[Single]:
    """Return the values that a value is made of, itself where it is a single one."""
    return value.values if isinstance(value, SEVERAL) else (value,)


def keys_of(value: Value | None, family: Family) -> list[Key]:
    """Return a key for each of the values that a value is made of; never none."""
    singles = () if value is None else singles_of(value)
    told = [each for each in singles if not isinstance(each, Unavailable)]
    if family is Family.RELATION:
        return _keys_of_links(told) or [NONE]
    return [_key_of(each, family) for each in told[:MOST_VALUES]] or [NONE]


def _key_of(value: Single, family: Family) -> Key:
    found = None
    if family is Family.NUMBER:
        found = _numeric(value)
    elif family is Family.BOOLEAN and isinstance(value, Boolean):
        found = Key(float(value.is_true), "")
    elif family is Family.DATE:
        found = _dated(value)
    elif family is Family.USER and isinstance(value, User):
        found = Key(identity(value.id or value.email or value.name), fold(plain(value)))
    return found or Key(None, fold(plain(value)))


def _keys_of_links(values: Sequence[Single]) -> list[Key]:
    """Return a key for each linked item: how many there are, and its id."""
    relations = [each for each in values if isinstance(each, Relation)]
    ids = list(dict.fromkeys(i for each in relations for i in each.linked_ids))
    return [Key(float(len(ids)), each) for each in ids[:MOST_LINKED]]


def _numeric(value: Single) -> Key | None:
    if isinstance(value, Money):
        return Key(float(value.amount), value.currency or value.symbol)
    if isinstance(value, Number):
        return Key(float(value.amount), "")
    if isinstance(value, Percent):
        return Key(float(value.share), "")
    if isinstance(value, Duration):
        return Key(float(value.seconds), "")
    return None


def _dated(value: Single) -> Key | None:
    """Return seconds since 1970: a day begins in no zone, a time is in all of them."""
    if isinstance(value, Date):
        start = datetime.combine(value.day, time(), UTC)
        return Key(start.timestamp(), DAY)
    return Key(value.at.timestamp(), TIME) if isinstance(value, DateTime) else None


def identity(user_id: str) -> float:
    """Return a number that stands for a user: names may be those of several."""
    digest = blake2b(user_id.casefold().encode(), digest_size=6).digest()
    return float(int.from_bytes(digest, "big"))


def values_of(
    item: Item, collection: Collection, columns: Sequence[Column]
) -> Mapping[str, Value]:
    """Return the typed values of some columns of an item, those that it has.

    Of a property that is described as several fields, the first is the column's.
    """
    found: dict[str, Value] = {}
    needed = {name for column in columns for name in column.needs}
    told = {n: v for n, v in item.properties.items() if n in needed}
    for field in _described(collection, told):
        found.setdefault(field.name, field.value)
    if any(column.is_link for column in columns):
        links = describe_links(collection, item.properties)
        found |= {each.name: each.value for each in links}
    found |= {
        column.id: value
        for column in columns
        if column.is_own and (value := _own(item, column.id)) is not None
    }
    found |= item.incoming or {}
    yours = [column.yours for column in columns if column.yours]
    if yours:
        found |= typed_values(item, collection, yours)
    return {column.id: found[column.id] for column in columns if column.id in found}


def load_beside(items: Sequence[Item], columns: Sequence[Column]) -> None:
    """Load what is not stored with items, by one query each for all of these.

    That is what users noted in own columns, and what other items name them in.
    """
    load(items, [column.yours for column in columns if column.yours])
    incoming.load(items, [column for column in columns if column.source])


def _described(
    collection: Collection, told: Mapping[str, Any]
) -> Iterator[DisplayField]:
    """Yield described values; after a mistake of ours, which is logged, raw ones."""
    try:
        yield from describe(collection, told)
    except ConnectorError:
        yield from describe_raw(told, collection.schema)


def _own(item: Item, column_id: str) -> Value | None:
    if column_id == NAME:
        return Text(text=item.name) if item.name else None
    at = {UPDATED: item.remote_updated_at, CREATED: item.remote_created_at}[column_id]
    return None if at is None else DateTime(at=at)
