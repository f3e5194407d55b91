"""Items of any collections in a file, as the list of everything shows them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from integrations.models import Collection, Item
from integrations.providers.typed.fields import DateTime, Link, Text, Value
from integrations.services.items.downloads.sources import Head, ListSource, to_text
from integrations.services.items.types import type_name

HEADS: Final = (
    *(Head("Name"), Head("Type"), Head("Connection"), Head("Collection")),
    *(Head("Parent"), Head("Created", "datetime"), Head("Changed", "datetime")),
    *(Head("Address", "url"), Head("Values", "long")),
)


class ShownListSource(ListSource, frozen=True, kw_only=True):
    """Items by what the list tells of each, and all their values in one cell.

    In the formats for programs they have their own shape, as everywhere.
    """

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
        for item, collection, properties in self.rows():
            yield _cells(item, collection, properties)


def _cells(
    item: Item, collection: Collection | None, properties: Mapping[str, Any]
) -> list[Value | None]:
    texts = (
        item.name,
        type_name(item.provider, item.type),
        str(collection.connection) if collection else "",
        collection.name if collection else "",
        item.parent_name,
    )
    told = [Text(text=text) if text else None for text in texts]
    created, changed = item.remote_created_at, item.remote_updated_at
    written = "\n".join(
        f"{label}: {text}" for label, text in properties.items() if text
    )
    return [
        *told,
        DateTime(at=created) if created else None,
        DateTime(at=changed) if changed else None,
        Link(url=item.remote_url) if item.remote_url else None,
        Text(text=written) if written else None,
    ]
