"""Links between items: what a record names of others, by collection and id."""

from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import Struct

from integrations.providers.records import DisplayField
from integrations.providers.typed.fields import Relation, Value, singles_of

# Under this option a relation names the field of the linked collection that shows the
# same links from the other side.
INVERSE_FIELD: Final = "inverse_field"
# Under this one it names the linked collection, where that is told.
TARGET: Final = "target"
# A field for what others name of an item has, under these, the collection of the others
# and the relation of theirs.
SOURCE, RELATION = "source", "relation"


class RemoteLink(Struct, frozen=True, kw_only=True):
    """A link from an item to another of the same connection, which need not be stored.

    ``relation`` is the property that holds it, and ``target_collection`` the remote id
    of a collection, empty where it is not known. Links of a relation are shown by
    ``position``; of several, the primary one is what the item belongs to. Users at the
    provider call this one link by its ``labels``.
    """

    relation: str
    target_id: str
    target_collection: str = ""
    is_primary: bool = False
    position: int = 0
    labels: tuple[str, ...] = ()


def links_among(described: Iterable[DisplayField]) -> list[RemoteLink]:
    """Return the links among the described values of an item, each target once."""
    return [
        RemoteLink(
            relation=field.name,
            target_id=target_id,
            target_collection=collection,
            position=position,
        )
        for field in described
        for position, (target_id, collection) in enumerate(_targets_in(field.value))
    ]


def _targets_in(value: Value) -> Iterable[tuple[str, str]]:
    """Return the ids and collections of what a value links to."""
    return dict.fromkeys(
        (target_id, relation.linked_collection)
        for relation in relations_in(value)
        for target_id in relation.linked_ids
    )


def relations_in(value: Value) -> Iterator[Relation]:
    """Yield the relations that a value is, or has among its parts."""
    parts = singles_of(value)
    return (part for part in parts if isinstance(part, Relation))
