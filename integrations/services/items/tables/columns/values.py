"""Comparison keys of typed values: what a table sorts, filters and groups by."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, time
from hashlib import blake2b
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from integrations.models import Collection, Item
from integrations.models.items.table import TEXT_LENGTH
from integrations.providers.raw import describe_raw
from integrations.providers.records import DisplayField
from integrations.providers.typed.fields import (
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
    singles_of,
)
from integrations.providers.typed.plain import plain
from integrations.services.common.errors import ConnectorError
from integrations.services.items.described import describe, describe_links
from integrations.services.items.own_columns.load import load, typed_values
from integrations.services.items.search.words import fold_text
from integrations.services.items.tables.columns import incoming
from integrations.services.items.tables.columns.columns import (
    CREATED,
    LINKING,
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
# Numbers of rows that no value has: of a text that is compared by its beginning alone,
# and of a row that stands for more values than are compared.
CUT: Final = -1.0
MORE: Final = -2.0
# Whose values may be longer than is compared.
CUT_FAMILIES: Final = frozenset({Family.TEXT, Family.FILES})
# Whose values are single ones, or have numbers of their own.
SINGLE: Final = frozenset({Family.NUMBER, Family.BOOLEAN, Family.DATE})
# Whose texts are folded: numbers have none, and what names an item is found by ids.
FOLDED: Final = frozenset(Family) - SINGLE - {Family.INCOMING}
# What begins the texts of columns that are compared by numbers: it is behind all that
# is told with a number, so that those texts stand together, and in their order.
APART: Final = "\U0010ffff"
# What the values of a column that stand for others are compared by: the places of
# folded options, or the names of linked items by collection and id.
Places = Mapping[str, int]
Names = Mapping[tuple[str, str], str]


def fold(text: str) -> str:
    """Return a text as it is compared: as a search folds it, and its beginning."""
    return _fold_all(text)[:TEXT_LENGTH].rstrip()


def _fold_all(text: str) -> str:
    # Neither NUL nor half a surrogate can be stored.
    storable = text.replace("\x00", "").encode("utf-8", "ignore").decode()
    return " ".join(fold_text(storable).split())


def keys_of(
    value: Value | None,
    family: Family,
    *,
    places: Places = MappingProxyType({}),
    names: Names = MappingProxyType({}),
) -> list[Key]:
    """Return a key for each of the values that a value is made of; never none.

    What is written with blanks alone is no value. Why a provider gives none is told in
    its place, and is compared as the text that it is, behind values that are there.
    """
    singles = () if value is None else singles_of(value)
    told = sorted(singles, key=lambda each: isinstance(each, Unavailable))
    if family in LINKING:
        if keys := _keys_of_links(told, family, names):
            return keys
        told = [each for each in told if not isinstance(each, Relation)]
    found = [key for each in told if (key := _key_of(each, family, places)) != NONE]
    if len(found) > MOST_VALUES and family not in SINGLE:
        return [*found[:MOST_VALUES], Key(MORE, None)]
    return found[:MOST_VALUES] or [NONE]


def _key_of(value: Single, family: Family, places: Places) -> Key:
    found = None
    if family is Family.NUMBER:
        found = _numeric(value)
    elif family is Family.BOOLEAN and isinstance(value, Boolean):
        found = Key(float(value.is_true), "")
    elif family is Family.DATE:
        found = _dated(value)
    elif family is Family.USER and isinstance(value, User):
        found = Key(identity(value.id or value.email or value.name), fold(plain(value)))
    elif family is Family.CHOICE and places:
        text = fold(plain(value))
        # What is no option any more comes after those that are.
        found = Key(float(places.get(text, len(places))), text) if text else NONE
    return found or _textual(value, family)


def _textual(value: Single, family: Family) -> Key:
    whole = _fold_all(plain(value))
    if not whole:
        return NONE
    if family in SINGLE:
        return Key(None, apart(plain(value)))
    is_cut = family in CUT_FAMILIES and len(whole) > TEXT_LENGTH
    return Key(CUT if is_cut else None, whole[:TEXT_LENGTH].rstrip())


def apart(text: str) -> str:
    """Return a text as it is compared where the others are numbers."""
    return APART + _fold_all(text)[: TEXT_LENGTH - len(APART)].rstrip()


def is_apart(value: object) -> bool:
    """Tell whether a key of a value is a text among numbers."""
    return isinstance(value, str) and value.startswith(APART)


def places_of(column: Column) -> Places:
    """Return the places of a choice's options, in the provider's order."""
    if column.family is not Family.CHOICE:
        return {}
    folded = dict.fromkeys(fold(each) for each in column.options)
    return {each: place for place, each in enumerate(folded)}


def _keys_of_links(values: Sequence[Single], family: Family, names: Names) -> list[Key]:
    """Return a key for each linked item, and one more where there are too many.

    A relation is sorted by the name of its first item, and found by ids as numbers;
    what names an item is sorted by how many there are, and found by ids as texts.
    """
    relations = [each for each in values if isinstance(each, Relation)]
    ids = list(dict.fromkeys(i for each in relations for i in each.linked_ids))
    if not ids:
        return []
    number = max(len(ids), sum(each.total for each in relations))
    if family is Family.INCOMING:
        keys = [Key(float(number), each) for each in ids[:MOST_LINKED]]
    else:
        first = next(each for each in relations if each.linked_ids)
        name = names.get((first.linked_collection, ids[0])) or None
        keys = [Key(id_number(each), name) for each in ids[:MOST_LINKED]]
    return [*keys, Key(MORE, None)] if number > MOST_LINKED else keys


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
    return id_number(user_id.casefold())


def id_number(remote_id: str) -> float:
    """Return a number that stands for an id, the size of whose letters counts."""
    digest = blake2b(remote_id.encode(), digest_size=6).digest()
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
    for field in _described(item, collection, told):
        found.setdefault(field.name, field.value)
    if any(column.is_link for column in columns):
        found |= {each.name: each.value for each in _links(item, collection)}
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


def load_beside(
    items: Sequence[Item],
    columns: Sequence[Column],
    *,
    most: int = incoming.MOST_NAMED,
    is_exact: bool = False,
) -> None:
    """Load what is not stored with items, by one query each for all of these.

    That is what users noted in own columns, and what other items name them in, the
    ``most`` latest of these; all are counted where it ``is_exact``, else up to some.
    """
    load(items, [column.yours for column in columns if column.yours])
    named = [column for column in columns if column.source]
    incoming.load(items, named, most=most, is_exact=is_exact)


def _described(
    item: Item, collection: Collection, told: Mapping[str, Any]
) -> Iterator[DisplayField]:
    """Yield described values; after a mistake of ours, which is logged, raw ones."""
    try:
        yield from describe(collection, told, item=item.pk)
    except ConnectorError as exc:
        item.mistake = exc.reference
        yield from describe_raw(told, collection.schema)


def _links(item: Item, collection: Collection) -> Sequence[DisplayField]:
    """Return the relations of an item; none after a mistake of ours, which is noted."""
    try:
        return describe_links(collection, item.properties)
    except ConnectorError as exc:
        item.mistake = exc.reference
        return ()


def _own(item: Item, column_id: str) -> Value | None:
    if column_id == NAME:
        return Text(text=item.name) if item.name else None
    at = {UPDATED: item.remote_updated_at, CREATED: item.remote_created_at}[column_id]
    return None if at is None else DateTime(at=at)
