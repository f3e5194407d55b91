"""What a file holds: the items of a list, or the rows of a table by its columns."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import Any, Final, NamedTuple, Protocol
from uuid import UUID

from django.utils import timezone
from msgspec import Struct, field

from integrations.models import Collection, Item
from integrations.providers.typed.fields import (
    Boolean,
    DateTime,
    Link,
    Number,
    Relation,
    Text,
    Value,
    singles_of,
)
from integrations.providers.typed.plain import plain
from integrations.services.items.export import (
    FIELDS,
    Held,
    Row,
    Values,
    raw_values,
    to_integration_item,
)
from integrations.services.items.relations.links import Links, find_by_id
from integrations.services.items.relations.parents import put_parents
from integrations.services.items.tables.columns.columns import NAME, Column
from integrations.services.items.tables.columns.values import load_beside, values_of

# So many rows are looked at together: they may have a hundred kilobytes each.
PART: Final = 100
KINDS: Final[Mapping[str, str]] = {
    "creation_time": "datetime",
    "last_modified_time": "datetime",
    "url": "url",
    "properties": "long",
}


class Head(NamedTuple):
    """The head of a column, and the kind of what is below it."""

    label: str
    kind: str = "text"


class Noted(Struct, kw_only=True):
    """What is known of a file's rows once they are written.

    ``mistake`` is the reference of the first mistake of ours that left values raw.
    """

    mistake: str = ""

    def note(self, item: Item) -> None:
        """Note what became of a row."""
        self.mistake = self.mistake or item.mistake


class Source(Protocol):
    """The rows of a file, each of which is asked for in one of three ways, once."""

    @property
    def noted(self) -> Noted:
        """Return what is known of the rows that were written."""

    @property
    def name(self) -> str:
        """Return what the rows are of."""

    @property
    def heads(self) -> Sequence[Head]:
        """Return the heads of its columns."""

    def objects(self) -> Iterator[Row]:
        """Yield rows in the shape of items, for programs."""

    def texts(self) -> Iterator[Sequence[Any]]:
        """Yield the cells of rows as texts, or as what JSON has a form for."""

    def values(self) -> Iterator[Sequence[Value | None]]:
        """Yield the cells of rows as typed values."""


class ListSource(Struct, frozen=True, kw_only=True):
    """Items of any collections, by the fields that every item has."""

    items: Iterable[Item]
    name: str = "Items"
    properties: Values = raw_values
    noted: Noted = field(default_factory=Noted)
    _collections: dict[UUID | None, Collection | None] = field(
        default_factory=lambda: {None: None}
    )

    @property
    def heads(self) -> Sequence[Head]:
        """Return the fields of items."""
        return [Head(name, KINDS.get(name, "text")) for name in FIELDS]

    def objects(self) -> Iterator[Row]:
        """Yield items in their own shape."""
        for item, _, properties in self.rows():
            yield to_integration_item(item, properties)

    def rows(self) -> Iterator[tuple[Item, Collection | None, Mapping[str, Any]]]:
        """Yield each item with its collection and its properties, and note it.

        What is beside them, parents and links above all, is asked for a part at once.
        """
        items = iter(self.items)
        while part := list(islice(items, PART)):
            put_parents(part)
            held: Held = [(item, self._collection_of(item)) for item in part]
            told = self.properties(held)
            for (item, collection), properties in zip(held, told, strict=True):
                self.noted.note(item)
                yield item, collection, properties
            del part, held, told

    def _collection_of(self, item: Item) -> Collection | None:
        """Return the collection of an item: with its schema, it is read once."""
        if item.collection_id not in self._collections:
            self._collections[item.collection_id] = item.collection
        return self._collections[item.collection_id]

    def texts(self) -> Iterator[Sequence[Any]]:
        """Yield the fields of items."""
        for row in self.objects():
            yield list(row.values())

    def values(self) -> Iterator[Sequence[Value | None]]:
        """Yield the fields of items as typed values; the properties are JSON."""
        for row in self.objects():
            yield [_to_value(name, value) for name, value in row.items()]


def _to_value(name: str, value: Any) -> Value | None:
    if value is None:
        return None
    if KINDS.get(name) == "datetime":
        return DateTime(at=datetime.fromisoformat(value))
    if name == "url":
        return Link(url=value)
    if isinstance(value, bool):
        return Boolean(is_true=value)
    if isinstance(value, int | float):
        return Number(amount=Decimal(str(value)), is_grouped=False)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return Text(text=text)


class TableSource(Struct, frozen=True, kw_only=True):
    """Rows of one collection, by some of its columns, as its table shows them."""

    collection: Collection
    columns: Sequence[Column]
    items: Iterable[Item]
    noted: Noted = field(default_factory=Noted)

    @property
    def name(self) -> str:
        """Return the collection's name."""
        return self.collection.name

    @property
    def heads(self) -> Sequence[Head]:
        """Return the columns' labels, of which no two are alike."""
        found: dict[str, Head] = {}
        for each in self.columns:
            label = f"{each.label} ({each.id})" if each.label in found else each.label
            found[label] = Head(label, each.kind)
        return list(found.values())

    def objects(self) -> Iterator[Row]:
        """Yield items in their own shape, with the columns as their properties."""
        labels = [head.label for head in self.heads]
        for item, cells in self._rows():
            texts = zip(labels, map(to_text, cells), strict=True)
            told = {label: text for label, text in texts if text}
            yield to_integration_item(item, told)

    def texts(self) -> Iterator[Sequence[Any]]:
        """Yield the cells in words."""
        for _, cells in self._rows():
            yield [to_text(cell) for cell in cells]

    def values(self) -> Iterator[Sequence[Value | None]]:
        """Yield the cells; a name leads to the item at its provider."""
        names = [number for number, c in enumerate(self.columns) if c.id == NAME]
        for item, cells in self._rows():
            for number in names:
                name = cells[number]
                if name is not None and item.remote_url:
                    cells[number] = Link(url=item.remote_url, label=plain(name))
            yield cells

    def _rows(self) -> Iterator[tuple[Item, list[Value | None]]]:
        """Yield each item with its cells; links are in words, by one question."""
        items = iter(self.items)
        while part := list(islice(items, PART)):
            put_parents(part)
            load_beside(part, self.columns, is_exact=True)
            found = [values_of(i, self.collection, self.columns) for i in part]
            links = _links_of(part[0], found)
            for item, values in zip(part, found, strict=True):
                self.noted.note(item)
                yield item, [_named(values.get(c.id), links) for c in self.columns]
            del part, found, links


def _links_of(item: Item, found: Sequence[Mapping[str, Value]]) -> Links:
    ids = (
        each
        for values in found
        for value in values.values()
        for part in singles_of(value)
        if isinstance(part, Relation)
        for each in part.linked_ids
    )
    return Links(found=find_by_id(item, ids))


def _named(value: Value | None, links: Links) -> Value | None:
    return None if value is None else links.in_full(value)


def to_text(value: Value | None) -> str:
    """Return a cell in words, in the zone of whoever asks for the file."""
    zone = timezone.get_current_timezone()
    return "" if value is None else plain(value, zone=zone)
