"""Held deletions as they are stored: of what, how many, and which of them to show."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from msgspec import Struct, field

from integrations.providers.kinds import Deletion
from integrations.providers.typed import typed_json


class HoldKind(StrEnum):
    """What is held: items that a full refresh did not see, or a whole collection."""

    UNSEEN = "unseen"
    COLLECTION = "collection"


class HeldDeletions(Struct, frozen=True, kw_only=True):
    """Deletions of one collection that wait for a user.

    ``generation`` is the full refresh that they are of, ``sample`` some of the items'
    remote ids. ``deletions`` tell what became of single items, and ``deletion`` of
    all of them, where the whole collection is not there any more.
    """

    count: int
    generation: int
    kind: HoldKind = HoldKind.UNSEEN
    sample: tuple[str, ...] = ()
    deletions: Mapping[str, Deletion] = field(default_factory=dict)
    deletion: Deletion | None = None

    @property
    def is_whole_collection(self) -> bool:
        """Tell whether all of a collection is held."""
        return self.kind is HoldKind.COLLECTION

    def to_json(self) -> dict[str, Any]:
        """Return what is stored in ``Collection.held_deletions``."""
        return typed_json.dump(self)

    @classmethod
    def from_json(cls, value: object) -> "HeldDeletions":
        """Read what ``to_json`` wrote; UnreadableError for anything else."""
        return typed_json.load(cls, value)
