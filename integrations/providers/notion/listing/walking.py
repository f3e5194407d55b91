"""Walk through pages, for the pages and databases inside them that search misses.

The Markdown of a page tells its text and its children in one call. Where it does not
tell all of them, or there is none, the blocks of the page are walked level by level.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from zlib import crc32

from msgspec import Struct
from msgspec.structs import replace

from integrations.http.errors import ApiError, InvalidRequest, NotFound
from integrations.providers.errors import ListingExpiredError
from integrations.providers.notion.api.content import Child, read_page
from integrations.providers.notion.api.paging import PAGE_SIZE, Listing, fetch_list
from integrations.providers.notion.ids import find_id, find_ids
from integrations.providers.notion.listing import cursors
from integrations.providers.notion.listing.cursors import Frame
from integrations.providers.notion.listing.gathering import OUT_OF_REACH
from integrations.providers.notion.listing.probing import probe
from integrations.providers.notion.listing.tree import Tree
from integrations.providers.notion.mapping.items import DATABASE, PAGE, PAGES
from integrations.providers.stored import StoredItem, StoredItems

CHILD_PAGE, CHILD_DATABASE = "child_page", "child_database"
# These have children, but never pages or databases among them.
CLOSED: Final = frozenset(
    {CHILD_PAGE, CHILD_DATABASE, "table", "table_row", "meeting_notes", "unsupported"}
)
MAX_DEPTH: Final = 32
# Parts of a page, and new children, that are gone through one by one, so that the
# cursor stays short.
MOST_PARTS: Final = 100
BATCH: Final = 100
# Whoever adds a page inside another edits that, as far as anyone knows; a seventh of
# the rest is walked in each full refresh, so that a week of days proves all of it.
TURNS: Final = 7
# Rows seldom hold pages, and a large table has too many of them for one refresh.
LARGE_TABLE: Final = 1000
ROWS_PER_REFRESH: Final = 500
# How long an edit may have waited to be read, for long refreshes and their retries.
READ_LATE: Final = timedelta(days=1)


class _Level(Struct, kw_only=True):
    """The children of a page or block, as far as they are fetched."""

    frame: Frame
    listing: Listing | None = None


class Walker:
    """Go through the pages that are stored, one after the other, and what they hold.

    Where it is among the blocks of a page is a path, so that the cursor stays short
    however large the page is; the way back up costs one call for each level.
    """

    def __init__(
        self,
        tree: Tree,
        stored: StoredItems,
        cursor: cursors.Walk,
        *,
        since: datetime | None,
    ) -> None:
        """Go on where ``cursor`` is."""
        self._tree = tree
        self._stored = stored
        self._cursor = cursor
        self._since = since
        self._path = [_Level(frame=frame) for frame in cursor.path]
        self._batch: list[StoredItem] = []
        self._has_left_out = False

    def run(self) -> bool:
        """Walk until the step has made its calls; tell whether that was the end.

        A step that has left something out ends, so that what comes next is not.
        Pages found in this very step are not stored yet. The walk cannot be over
        before it has seen them.
        """
        while not (self._tree.reader.is_spent() or self._has_left_out):
            if self._path:
                self._advance()
            elif self._cursor.pages or self._cursor.databases:
                self._next_child()
            elif self._cursor.parts:
                self._next_part()
            elif not self._enter_next():
                return not self._tree.gathering.is_filled
        return False

    @property
    def cursor(self) -> cursors.Walk:
        """Return where the walk is."""
        return replace(self._cursor, path=tuple(each.frame for each in self._path))

    def _enter_next(self) -> bool:
        """Walk the next page that is due; tell whether there was one."""
        while True:
            if not self._batch:
                after = self._cursor.after
                self._batch = list(
                    self._stored.walk(after=after, limit=BATCH, since=self._since)
                )
            if not self._batch:
                return False
            item = self._batch[0]
            if crowd_of(item) > LARGE_TABLE:
                self._cursor = replace(self._cursor, is_crowded=True)
            if not is_due(item, self._stored, since=self._since):
                self._leave(item)
                continue
            self._enter(item)
            return True

    def _enter(self, item: StoredItem) -> None:
        """Read what a page tells at once, to go through that and what it left out."""
        told = read_page(self._tree.reader.api, item.id)
        if told.text is not None:
            self._tree.gathering.add_text(item.collection_id, item.id, told.text)
        self._leave(item)
        if told.children is None:
            self._step_into(item.id, parts=[item.id])
            return
        self._step_into(item.id, told.children, told.parts)
        if self._since is not None and not told.parts:
            self._probe_missing(item, told.children)

    def _leave(self, item: StoredItem) -> None:
        del self._batch[0]
        self._cursor = replace(self._cursor, after=item.position, reached=item.changed)

    def _step_into(
        self, page_id: str, children: Sequence[Child] = (), parts: Sequence[str] = ()
    ) -> None:
        """Go next through children that are not stored, then through blocks of a page.

        Of too many of either all of it is walked, so that the cursor stays short.
        """
        reader = self._tree.reader
        known = reader.look_up(child.id for child in children)
        new = [child for child in children if child.id not in known]
        if max(len(new), len(parts)) > MOST_PARTS:
            parts = [page_id]
        has_too_many = len(new) > MOST_PARTS
        if has_too_many:
            new = []
        self._cursor = replace(
            self._cursor,
            holder=page_id,
            pages=tuple(child.id for child in new if child.is_page),
            databases=tuple(child.id for child in new if not child.is_page),
            parts=tuple(parts),
            has_too_many=has_too_many,
        )

    def _next_child(self) -> None:
        """Add one of the children that the page told, pages first."""
        pages, databases = self._cursor.pages, self._cursor.databases
        child_id = (pages or databases)[0]
        self._cursor = replace(
            self._cursor,
            pages=pages[1:],
            databases=databases if pages else databases[1:],
        )
        self._add(child_id, is_page=bool(pages), holder=self._cursor.holder)

    def _next_part(self) -> None:
        part, *others = self._cursor.parts
        self._cursor = replace(self._cursor, parts=tuple(others))
        self._path = [_Level(frame=Frame(id=part))]

    def _probe_missing(self, item: StoredItem, children: Sequence[Child]) -> None:
        """Ask for what was stored as a child of a page, and is not told as one."""
        told = {child.id for child in children}
        kept = self._stored.children(item.id, types=(PAGE, DATABASE))
        probe(self._tree, [each for each in kept if each.id not in told])

    def _advance(self) -> None:
        """Look at the next block of the innermost level."""
        level = self._path[-1]
        listing = level.listing or self._load(level)
        if listing is None:
            return
        if level.frame.index < len(listing.rows):
            block = listing.rows[level.frame.index]
            level.frame = replace(level.frame, index=level.frame.index + 1)
            self._look_at(block)
            is_last = level.frame.index == len(listing.rows)
            # Nothing is left here: the next step need not fetch it to see that.
            if is_last and listing.following is None and self._path[-1] is level:
                self._path.pop()
        elif listing.following is not None:
            level.frame = replace(level.frame, start=listing.following, index=0)
            level.listing = None
        else:
            self._path.pop()

    def _load(self, level: _Level) -> Listing | None:
        """Fetch the children at a level; leave it when there are none to be had."""
        frame = level.frame
        params = {"page_size": PAGE_SIZE, "start_cursor": frame.start}
        path = f"/blocks/{frame.id}/children"
        try:
            listing = fetch_list(
                lambda: self._tree.reader.api.get(path, params=params),
                start=frame.start,
            )
        except ListingExpiredError:
            if frame.is_retried:
                self._path.pop()
            else:
                level.frame = Frame(id=frame.id, is_retried=True)
            return None
        except (NotFound, InvalidRequest):
            if self._cursor.has_too_many and frame.id == self._cursor.holder:
                # The page told of children, and nothing else leads to them.
                self._tree.gathering.pending = OUT_OF_REACH
            self._path.pop()
            return None
        except ApiError as exc:
            self._leave_out(exc)
            self._path.pop()
            return None
        level.listing = listing
        self._tree.reader.look_up(_children_in(listing.rows))
        return listing

    def _leave_out(self, exc: ApiError) -> None:
        """Go on without what cannot be read; raise what may still pass."""
        if not self._tree.reader.is_lost(exc):
            raise exc
        self._tree.gathering.pending = OUT_OF_REACH
        self._has_left_out = True

    def _look_at(self, block: object) -> None:
        """Add a child that is not stored, or step into what may hold one."""
        remote_id = find_id(block.get("id")) if isinstance(block, dict) else None
        if remote_id is None or not isinstance(block, dict):
            return
        kind = str(block.get("type"))
        if kind in {CHILD_PAGE, CHILD_DATABASE}:
            holder = self._cursor.holder or self._path[0].frame.id
            self._add(remote_id, is_page=kind == CHILD_PAGE, holder=holder)
            return
        is_open = block.get("has_children") is True and kind not in CLOSED
        if is_open and len(self._path) < MAX_DEPTH:
            self._path.append(_Level(frame=Frame(id=remote_id)))
        elif is_open:
            self._tree.gathering.pending = OUT_OF_REACH

    def _add(self, remote_id: str, *, is_page: bool, holder: str) -> None:
        """Fetch and add a child; a database that is not found is a linked view."""
        tree, reader = self._tree, self._tree.reader
        if reader.is_known(remote_id) or tree.gathering.has(remote_id):
            return
        fetch = reader.fetch_page if is_page else reader.fetch_database
        try:
            child = fetch(remote_id)
        except ApiError as exc:
            self._leave_out(exc)
            return
        if child is not None:
            tree.add(child, holder=holder)


def crowd_of(item: StoredItem) -> int:
    """Return how many rows are in the table that a page is a row of, 0 for others."""
    is_row = item.type == PAGE and item.collection_id != PAGES
    return item.crowd if is_row else 0


def is_due(item: StoredItem, stored: StoredItems, *, since: datetime | None) -> bool:
    """Tell whether a page is walked through now.

    An incremental sync walks what was just edited, a full refresh what changed since
    the one before, and its share of the rest.
    """
    if item.type != PAGE:
        return False
    crowd = crowd_of(item)
    if crowd > LARGE_TABLE:
        return since is None and _has_turn(item, stored, -(-crowd // ROWS_PER_REFRESH))
    last = stored.last_full_refresh
    if since is not None or last is None:
        return True
    is_news = item.changed >= last and not _is_only_computed(item, last)
    return is_news or _has_turn(item, stored, TURNS)


def _is_only_computed(item: StoredItem, last: datetime) -> bool:
    """Tell whether what changed are formulas and rollups, which touch no date."""
    if item.arrived is None or item.updated is None:
        return False
    return item.arrived < last and item.updated < last - READ_LATE


def _has_turn(item: StoredItem, stored: StoredItems, turns: int) -> bool:
    return crc32(item.id.encode()) % turns == stored.turn % turns


def _children_in(rows: Sequence[Any]) -> list[str]:
    blocks = [row for row in rows if isinstance(row, dict)]
    kinds = {CHILD_PAGE, CHILD_DATABASE}
    return find_ids(each.get("id") for each in blocks if str(each.get("type")) in kinds)
