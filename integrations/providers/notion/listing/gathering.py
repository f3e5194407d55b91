"""Gather what one step shows, each thing under the collection it belongs to."""

from contextlib import suppress

from msgspec.structs import replace

from integrations.http.errors import InvalidResponse
from integrations.http.responses.shape import expect_object
from integrations.providers.kinds import Deletion, Incomplete, Pending, PendingKind
from integrations.providers.mistakes import Mistake
from integrations.providers.notion.ids import to_id
from integrations.providers.notion.mapping.items import MOVED
from integrations.providers.records import (
    Content,
    IntegrationItem,
    Page,
    RemoteCollection,
    Same,
)

VALUES_IN_PART = Pending(kind=PendingKind.VALUES_IN_PART)
# There are pages that neither search nor walk could reach.
OUT_OF_REACH = Pending(kind=PendingKind.NOT_EXHAUSTIVE)


class Gathering:
    """Collect items, deletions and discovered collections, and make a page of them."""

    def __init__(self, own: str) -> None:
        """Gather for the collection ``own``, and for others beside it.

        ``pending`` is what a step left open.
        """
        self.own = own
        self.unreadable = 0
        self.pending: Pending | None = None
        self._unreadable_ids: list[str] = []
        self._items: dict[str, dict[str, IntegrationItem]] = {}
        self._mistakes: list[Mistake] = []
        self._deleted: dict[str, dict[str, Deletion]] = {}
        self._moved: dict[str, dict[str, Deletion]] = {}
        self._collections: dict[str, RemoteCollection] = {}
        self._seen_collections: dict[str, RemoteCollection] = {}
        self._texts: dict[str, dict[str, Content]] = {}
        self._same: dict[str, Same] = {}
        self._sources: dict[str, bytes] = {}

    def add(self, collection_id: str, item: IntegrationItem) -> None:
        """Add an item; what is shown twice counts once, the later time."""
        self._items.setdefault(collection_id, {})[item.id] = item
        self._forget_same(collection_id, item.id)

    def _forget_same(self, collection_id: str, remote_id: str) -> None:
        if collection_id == self.own:
            self._same.pop(remote_id, None)

    def add_same(self, remote_id: str, same: Same) -> None:
        """Add an item of the own collection that is told as it was."""
        self._same[remote_id] = same

    def add_source(self, remote_id: str, source: bytes) -> None:
        """Note the digest of all that an item of the own collection is made of."""
        self._sources[remote_id] = source

    def add_text(self, collection_id: str, remote_id: str, text: Content) -> None:
        """Add the text of an item that is stored."""
        self._texts.setdefault(collection_id, {})[remote_id] = text

    def lose(self, collection_id: str, remote_id: str, deletion: Deletion) -> None:
        """Note that an item is deleted, as Notion states."""
        self._items.get(collection_id, {}).pop(remote_id, None)
        self._forget_same(collection_id, remote_id)
        self._deleted.setdefault(collection_id, {})[remote_id] = deletion

    def move(self, collection_id: str, remote_id: str) -> None:
        """Note that an item is in another collection than this one."""
        self._items.get(collection_id, {}).pop(remote_id, None)
        self._forget_same(collection_id, remote_id)
        self._moved.setdefault(collection_id, {})[remote_id] = MOVED

    def count_unreadable(self, row: object, mistake: Mistake | None = None) -> None:
        """Count an object that cannot be read, by its id where that can be."""
        self.unreadable += 1
        if mistake is not None:
            self._mistakes.append(mistake)
        with suppress(InvalidResponse):
            self._unreadable_ids.append(to_id(expect_object(row, "object").get("id")))

    def discover(self, collection: RemoteCollection) -> None:
        """Note that a collection exists."""
        self._collections[collection.remote_id] = collection

    def see(self, collection: RemoteCollection) -> None:
        """Note what is told of a collection that may be one no longer."""
        self._seen_collections[collection.remote_id] = collection

    def has(self, remote_id: str) -> bool:
        """Tell whether an item was gathered, in whichever collection."""
        is_new = any(remote_id in items for items in self._items.values())
        return is_new or remote_id in self._same

    @property
    def is_filled(self) -> bool:
        """Tell whether any item was gathered."""
        return bool(self._same) or any(self._items.values())

    def to_page(
        self,
        next_cursor: str | None,
        *,
        incomplete: Incomplete | None = None,
        pending: Pending | None = None,
    ) -> Page:
        """Return all of it as the page of the own collection."""
        kept = (self._items, self._deleted, self._moved, self._texts)
        others = {name for each in kept for name in each} - {self.own}
        return replace(
            self._page_of(self.own),
            next_cursor=next_cursor,
            unreadable=self.unreadable,
            unreadable_ids=self._unreadable_ids,
            mistakes=self._mistakes,
            incomplete=incomplete,
            pending=pending or self.pending,
            other_collections={each: self._page_of(each) for each in sorted(others)},
            collections=list(self._collections.values()),
            seen_collections=list(self._seen_collections.values()),
            same=self._same,
            sources=self._sources,
        )

    def _page_of(self, collection_id: str) -> Page:
        return Page(
            items=list(self._items.get(collection_id, {}).values()),
            next_cursor=None,
            deleted=self._deleted.get(collection_id, {}),
            moved=self._moved.get(collection_id, {}),
            contents=self._texts.get(collection_id, {}),
        )
