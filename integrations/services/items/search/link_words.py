"""Make the words that stand for linked items in the index."""

from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import Final
from uuid import UUID

from integrations.providers.records import DisplayField
from integrations.providers.typed.fields import Relation, singles_of

# What begins each of them, and no other word.
LINK: Final = "→"


def relations_of(described: Iterable[DisplayField]) -> Iterator[Relation]:
    """Yield the relations among typed values."""
    for field in described:
        value = field.value
        for part in singles_of(value):
            if isinstance(part, Relation):
                yield part


def of_type(item_type: str) -> str:
    """Return what tells the items of a type from those of a collection."""
    return f"type {item_type}"


def link_word(connection: UUID, within: str, remote_id: str) -> str:
    """Return the word that stands for an item of a connection in the index.

    All are of one length, so that none begins another. ``within`` is the collection
    or the type that the link names, because ids need be unique in that only.
    """
    digest = blake2b(f"{within}\0{remote_id}".encode(), digest_size=8)
    digest.update(connection.bytes)
    return f"{LINK}{digest.hexdigest()}"
