"""What a connector can ask of the stored items, where its listings have holes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, kw_only=True)
class StoredItem:
    """One live item as it is stored.

    ``collection_id`` is the remote id of its collection, and ``crowd`` how many live
    items that holds; ``changed`` is when it was stored, revived or last changed
    here, and ``updated`` when it last changed at the provider; ``position`` is what
    ``StoredItems.walk`` continues behind.
    """

    id: str
    type: str
    collection_id: str
    changed: datetime
    updated: datetime | None = None
    parent_id: str | None = None
    properties: Mapping[str, Any] = field(default_factory=dict)
    crowd: int = 0
    position: str = ""


class StoredItems(Protocol):
    """Look at what is stored, for providers whose own listings have holes.

    ``turn`` is the number of the collection's current full refresh, and
    ``last_full_refresh`` when the one before it ended. Deleted items are never among
    the answers.
    """

    turn: int
    last_full_refresh: datetime | None

    def find(self, ids: Sequence[str]) -> Mapping[str, StoredItem]:
        """Return the items of the whole connection that have these ids."""

    def find_own(self, ids: Sequence[str]) -> Mapping[str, StoredItem]:
        """Return the collection's items that have these ids.

        For providers whose ids are unique in one collection only.
        """

    def walk(
        self, *, after: str, limit: int, since: datetime | None = None
    ) -> Sequence[StoredItem]:
        """Return the next items of the whole connection, behind ``after``.

        What is stored or revived during a walk comes later in it, so that a walk
        reaches what it found itself; ordering by ``changed`` does that. ``since``
        keeps those that changed here at or after it.
        """

    def orphans(self, *, after: str, limit: int) -> Sequence[StoredItem]:
        """Return the collection's items, by id, whose parent is not stored."""

    def unseen(self, *, after: str, limit: int) -> Sequence[StoredItem]:
        """Return the collection's items, by id, that this pass has not seen."""
