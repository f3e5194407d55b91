"""Items of any collections in a file, as the list of everything shows them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from integrations.models import Collection, Item
from integrations.providers.typed.fields import DateTime, Link, Text, Value
from integrations.services.items.downloads.sources import Head, ListSource, to_text
from integrations.services.items.types import type_name

HEADS: Final = (
    *(Head("Name"), Head("Type"), Head("Connection"), Head("Collection")),
    *(Head("Parent"), Head("Created", "datetime"), Head("Changed", "datetime")),
    *(Head("Address", "url"), Head("Values", "long")),
)


@dataclass(frozen=True, kw_only=True)
class ShownListSource(ListSource):
    """Items by what the list tells of each, and all their values in one cell.

    In the formats for programs they have their own shape, as everywhere.
    """

    _collections: dict[UUID | None, Collection | None] = field(
        default_factory=lambda: {None: None}
    )

    @property
    def heads(self) -> Sequence[Head]:
        """Return what the list tells."""
        return HEADS

    def texts(self) -> Iterator[Sequence[Any]]:
        """Yield the cells in words."""
        for cells in self.values():
            yield [to_text(cell) for cell in cells]

    def values(self) -> Iterator[Sequence[Value | None]]:
        """Yield the cells; times are in the zone of whoever reads them."""
        for item in self._noting():
            yield self._cells(item, self._collection_of(item))

    def _collection_of(self, item: Item) -> Collection | None:
        """Return the collection of an item: with its schema, it is read once."""
        if item.collection_id not in self._collections:
            self._collections[item.collection_id] = item.collection
        return self._collections[item.collection_id]

    def _cells(self, item: Item, collection: Collection | None) -> list[Value | None]:
        values = self.properties(item, collection).items()
        texts = (
            item.name,
            type_name(item.provider, item.type),
            str(collection.connection) if collection else "",
            collection.name if collection else "",
            item.parent_name,
        )
        told = [Text(text=text) if text else None for text in texts]
        created, changed = item.remote_created_at, item.remote_updated_at
        written = "\n".join(f"{label}: {text}" for label, text in values if text)
        return [
            *told,
            DateTime(at=created) if created else None,
            DateTime(at=changed) if changed else None,
            Link(url=item.remote_url) if item.remote_url else None,
            Text(text=written) if written else None,
        ]
