"""Put each object where it belongs: page or row, database or data source."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from integrations.http.errors import ApiError, InvalidResponse
from integrations.http.responses.shape import expect_object, text
from integrations.providers.listing import reading
from integrations.providers.notion.ids import to_id
from integrations.providers.notion.listing.gathering import (
    OUT_OF_REACH,
    VALUES_IN_PART,
    Gathering,
)
from integrations.providers.notion.mapping.collections import (
    find_collection,
    to_collection,
)
from integrations.providers.notion.mapping.items import (
    BLOCK_KEY,
    BURIED_KEY,
    DATABASES,
    NOT_SHOWN,
    PAGES,
    PARENT_KEY,
    TRASHED,
    bury,
    is_partial,
    is_trashed,
    source_ids,
    to_database_item,
    to_page_item,
    to_source_item,
    with_parent_kind,
)
from integrations.providers.notion.mapping.parents import (
    BLOCK,
    DATA_SOURCE,
    DATABASE,
    PAGE,
    Parent,
    to_parent,
)
from integrations.providers.notion.reading.reader import MAX_HEIGHT, Reader
from integrations.providers.notion.reading.rest import Rest
from integrations.providers.records import IntegrationItem
from integrations.providers.stored import StoredItem

Thing = dict[str, Any]
Fetch = Callable[[str], Thing | None]
Add = Callable[[Thing, str | None], None]


class Tree:
    """Sort objects into a gathering, and fetch what is missing to place them."""

    def __init__(
        self, reader: Reader, gathering: Gathering, *, rest: Rest | None = None
    ) -> None:
        """Add what ``reader`` finds to ``gathering``."""
        self.reader = reader
        self.rest = rest or Rest(reader.api, is_lost=reader.is_lost)
        self.gathering = gathering
        self._buried: set[str] = set()

    def add(self, row: object, *, holder: str | None = None) -> None:
        """Add an object of whatever kind; an odd one is counted as unreadable.

        Search also gives partial objects, which are fetched, and one day perhaps
        kinds of objects that nobody has heard of, which are left alone. ``holder``
        is the page in whose blocks the object was found, where that is known.
        """
        with reading(row, self.gathering.count_unreadable):
            thing = expect_object(row, "object")
            remote_id, kind = to_id(thing.get("id")), text(thing, "object")
            way = self._ways().get(kind)
            if way is None:
                return
            fetch, add = way
            whole = fetch(remote_id) if is_partial(thing) else thing
            if whole is not None:
                add(whole, holder)

    def add_page(self, page: Thing, holder: str | None = None) -> None:
        """Add a page; a row is left to the collection of its data source."""
        remote_id, parent = to_id(page.get("id")), to_parent(page.get("parent"))
        home = PAGES
        if parent.kind == DATA_SOURCE and parent.id:
            home = parent.id if self._has_source(parent.id, remote_id) else PAGES
        if is_trashed(page):
            self.gathering.lose(home, remote_id, TRASHED)
        elif home != PAGES:
            if home == self.gathering.own or self._is_moved(remote_id, home):
                self.gathering.add(home, to_page_item(self.complete(page), parent.id))
            self.gathering.move(PAGES, remote_id)
        else:
            above = self._above(remote_id, parent, holder)
            item = to_page_item(self.complete(page), above)
            self._keep(PAGES, with_parent_kind(item, parent))

    def complete(self, page: Thing) -> Thing:
        """Return a page with the rest of its values, as far as the budget goes."""
        whole = self.rest.complete(page)
        if self.rest.is_partial:
            self.gathering.pending = VALUES_IN_PART
        return whole

    def add_database(self, database: Thing, holder: str | None = None) -> None:
        """Add a database, and those of its data sources that are new."""
        remote_id, sources = to_id(database.get("id")), source_ids(database)
        if is_trashed(database):
            for lost in (remote_id, *sources):
                self.gathering.lose(DATABASES, lost, TRASHED)
            return
        parent = to_parent(database.get("parent"))
        item = to_database_item(database, self._above(remote_id, parent, holder))
        self._keep(DATABASES, with_parent_kind(item, parent))
        known = self.reader.look_up(sources)
        for source_id in sources:
            if source_id in known or self.gathering.has(source_id):
                continue
            source = self.reader.fetch_source(source_id)
            if source is not None:
                self._add_source_item(source)

    def add_source(self, source: Thing, holder: str | None = None) -> None:
        """Add a data source, and with it the database around it."""
        self._add_source_item(source)
        parent = to_parent(source.get("parent"))
        if parent.kind != DATABASE or parent.id is None or is_trashed(source):
            return
        is_fresh = self.gathering.own != DATABASES and self.reader.is_known(parent.id)
        if not is_fresh and not self.gathering.has(parent.id):
            database = self.reader.fetch_database(parent.id)
            if database is not None:
                self.add_database(database)

    def see(self, rows: Iterable[object]) -> None:
        """Note names and columns of collections among hits that are left aside.

        The index lags: that it shows one does not prove that it can be read.
        """
        for row in rows:
            with suppress(InvalidResponse):
                found = find_collection(expect_object(row, "hit"))
                if found is not None:
                    self.gathering.see(found)

    def settle(self, orphan: StoredItem) -> bool:
        """Look for the parent that is not stored; tell whether Notion shows it.

        It may have been missed so far. Or it is in the trash: what it holds lives on,
        as far as Notion says.
        """
        usual = DATABASE if orphan.type == DATA_SOURCE else PAGE
        kind = str(orphan.properties.get(PARENT_KEY) or usual)
        try:
            above = self.reader.fetch_parent(Parent(kind=kind, id=orphan.parent_id))
        except ApiError as exc:
            if not self.reader.is_lost(exc):
                raise
            self.gathering.pending = OUT_OF_REACH
            above = None
        if above is None:
            return False
        if is_trashed(above) or self._is_under_trash(to_parent(above.get("parent"))):
            self._buried.add(orphan.id)
        else:
            self.add(above)
        if (BURIED_KEY in orphan.properties) is not (orphan.id in self._buried):
            self.check(orphan)
        return True

    def check(self, item: StoredItem) -> bool:
        """Ask for an item that was not seen; False when Notion does not show it.

        One that it cannot show is counted as unreadable, and kept.
        """
        way = self._ways().get(item.type)
        try:
            thing = way[0](item.id) if way else None
        except ApiError as exc:
            if not self.reader.is_lost(exc):
                raise
            self.gathering.count_unreadable({"id": item.id})
            return True
        if thing is not None:
            self.add(thing)
        return thing is not None

    def probe(self, item: StoredItem) -> None:
        """Ask for an item that should be there; one that is not shown is deleted."""
        if item.type in self._ways() and not self.check(item):
            self.gathering.lose(item.collection_id, item.id, NOT_SHOWN)

    def _ways(self) -> dict[str, tuple[Fetch, Add]]:
        reader = self.reader
        return {
            "page": (reader.fetch_page, self.add_page),
            "database": (reader.fetch_database, self.add_database),
            "data_source": (reader.fetch_source, self.add_source),
        }

    def _add_source_item(self, source: Thing) -> None:
        if is_trashed(source):
            self.gathering.lose(DATABASES, to_id(source.get("id")), TRASHED)
            return
        self.gathering.add(DATABASES, to_source_item(source))
        self.gathering.discover(to_collection(source))

    def _keep(self, collection_id: str, item: IntegrationItem) -> None:
        """Gather an item, marked as buried if it is, or was and has no parent yet."""
        is_buried = item.id in self._buried
        stored = self.reader.look_up([item.id]).get(item.id)
        if stored is not None and BURIED_KEY in stored.properties and item.parent_id:
            is_found = self.gathering.has(item.parent_id)
            is_buried = not is_found and not self.reader.is_known(item.parent_id)
        self.gathering.add(collection_id, bury(item) if is_buried else item)

    def _is_moved(self, remote_id: str, home: str) -> bool:
        """Tell whether an item is stored in another collection than its own."""
        stored = self.reader.look_up([remote_id]).get(remote_id)
        return stored is not None and stored.collection_id != home

    def _has_source(self, source_id: str, row_id: str) -> bool:
        """Tell whether rows of this data source have a collection of their own.

        A row can be shared without its database: then it is a page like others, and
        whether that is still so is asked once, when missing parents are looked for.
        """
        if self.reader.stored is None or self.reader.is_known(source_id):
            return True
        if self.gathering.has(source_id):
            return True
        row = self.reader.look_up([row_id]).get(row_id)
        if row is not None and (row.collection_id, row.parent_id) == (PAGES, source_id):
            return False
        source = self.reader.fetch_source(source_id)
        if source is None:
            return False
        self.add_source(source)
        return True

    def _above(self, remote_id: str, parent: Parent, holder: str | None) -> str | None:
        """Return the item around an object: blocks are walked up once, then known."""
        if parent.kind != BLOCK:
            return parent.id
        stored = self.reader.look_up([remote_id]).get(remote_id)
        if stored is not None and stored.properties.get(BLOCK_KEY) == parent.id:
            return stored.parent_id or holder or self.reader.climb(parent)
        return holder or self.reader.climb(parent)

    def _is_under_trash(self, parent: Parent) -> bool:
        """Walk up until something is stored, unshared, at the top, or trashed."""
        for _ in range(MAX_HEIGHT):
            if parent.id is None or self.reader.is_known(parent.id):
                return False
            above = self.reader.fetch_parent(parent)
            if above is None or is_trashed(above):
                return above is not None
            parent = to_parent(above.get("parent"))
        return False
