"""What a connector can ask of the stored items, where its listings have holes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from msgspec import Struct, field


class StoredItem(Struct, frozen=True, kw_only=True):
    """One live item as it is stored.

    ``collection_id`` is the remote id of its collection, and ``crowd`` how many live
    items that holds; ``changed`` is when it was stored, revived or last changed
    here, ``arrived`` when it was first stored or last came back, where that is known,
    and ``updated`` when it last changed at the provider; ``position`` is what the
    query that gave it continues behind.
    """

    id: str
    type: str
    collection_id: str
    changed: datetime
    updated: datetime | None = None
    arrived: datetime | None = None
    parent_id: str | None = None
    properties: Mapping[str, Any] = field(default_factory=dict)
    crowd: int = 0
    position: str = ""


class Recognize(Protocol):
    """Find out which records are told as they were when their items were stored."""

    def __call__(self, sources: Mapping[str, bytes]) -> Mapping[str, str]:
        """Return the digests of those items, by id.

        ``sources`` are digests by id of all that an item is made of: of its record,
        and of what else the connector was given.
        """


class StoredItems(Protocol):
    """Look at what is stored, for providers whose own listings have holes.

    ``turn`` is the number of the collection's current full refresh, and
    ``last_full_refresh`` when the one before it ended. ``began`` is when the current
    refresh began, and ``is_full_refresh`` tells what it is. ``count`` is how many
    live items the collection holds. Deleted items are never among the answers.
    """

    turn: int
    last_full_refresh: datetime | None
    began: datetime | None
    is_full_refresh: bool
    count: int

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
        keeps those that changed at the provider at or after it, and what the current
        run has stored: what was stored here before is no news.
        """

    def children(self, parent_id: str, *, types: Sequence[str]) -> Sequence[StoredItem]:
        """Return the items of the whole connection inside another."""

    def latest(
        self, *, edited_after: datetime | None, limit: int
    ) -> Sequence[StoredItem]:
        """Return the collection's items that changed last at the provider.

        All of them, or those that changed after a time.
        """

    def orphans(self, *, after: str, limit: int) -> Sequence[StoredItem]:
        """Return the collection's items whose parent is not stored, by that parent.

        The bare id of a parent continues behind the last item inside it.
        """

    def unseen(self, *, after: str, limit: int) -> Sequence[StoredItem]:
        """Return the collection's items, by id, that this full refresh has not seen."""
