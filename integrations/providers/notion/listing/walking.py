"""Walk through the blocks of pages, for the pages and databases that search misses."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from zlib import crc32

from integrations.http.errors import InvalidRequest, NotFound
from integrations.providers.errors import ListingExpiredError
from integrations.providers.notion.api.paging import PAGE_SIZE, Listing, fetch_list
from integrations.providers.notion.ids import find_id, find_ids
from integrations.providers.notion.listing.gathering import OUT_OF_REACH
from integrations.providers.notion.listing.tree import Tree
from integrations.providers.notion.mapping.items import PAGE, PAGES
from integrations.providers.stored import StoredItem, StoredItems

CHILD_PAGE, CHILD_DATABASE = "child_page", "child_database"
# These have children, but never pages or databases among them.
CLOSED: Final = frozenset(
    {CHILD_PAGE, CHILD_DATABASE, "table", "table_row", "meeting_notes", "unsupported"}
)
MAX_DEPTH: Final = 32
BATCH: Final = 100
# Whoever adds a page inside another edits that, as far as anyone knows; a seventh of
# the rest is walked in each full refresh, so that a week of days proves all of it.
TURNS: Final = 7
# Rows seldom hold pages, and a large table has too many of them for one pass.
LARGE_TABLE: Final = 1000
ROWS_PER_REFRESH: Final = 500


@dataclass(kw_only=True)
class Frame:
    """Stand at one block in the children of a page or block."""

    id: str
    start: str | None = None
    index: int = 0
    is_retried: bool = False
    listing: Listing | None = field(default=None, repr=False)

    def to_json(self) -> list[Any]:
        """Return the place without what was fetched there."""
        return [self.id, self.start, self.index, self.is_retried]


class Walk:
    """Go through the pages that are stored, one after the other, and their blocks.

    Its place in a page is a path of blocks, so that it stays short however large the
    page is; the way back up costs one call for each level.
    """

    def __init__(self, tree: Tree, stored: StoredItems, place: dict[str, Any]) -> None:
        """Go on where ``place`` is."""
        self._tree = tree
        self._stored = stored
        self._after = str(place.get("after", ""))
        self._path = [_to_frame(entry) for entry in place.get("path", ())]
        self._batch: list[StoredItem] = []
        self._kept = {name: place.get(name) for name in ("round", "crowded")}

    def run(self, *, since: datetime | None) -> bool:
        """Walk until the step has made its calls; tell whether that was the end.

        Pages found in this very step are not stored yet. The walk cannot be over
        before it has seen them.
        """
        while not self._tree.reader.is_spent():
            if self._path:
                self._advance()
            elif not self._enter_next(since):
                return not self._tree.gathering.is_filled
        return False

    @property
    def place(self) -> dict[str, Any]:
        """Return where the walk stands, JSON-safe."""
        return {
            **self._kept,
            "after": self._after,
            "path": [frame.to_json() for frame in self._path],
        }

    def _enter_next(self, since: datetime | None) -> bool:
        """Step into the next page that is due; tell whether there was one."""
        while True:
            if not self._batch:
                self._batch = list(
                    self._stored.walk(after=self._after, limit=BATCH, since=since)
                )
            if not self._batch:
                return False
            item = self._batch.pop(0)
            self._after = item.position
            if crowd_of(item) > LARGE_TABLE:
                self._kept["crowded"] = True
            if is_due(item, self._stored, since=since):
                self._path = [Frame(id=item.id)]
                return True

    def _advance(self) -> None:
        """Look at the next block of the innermost frame."""
        frame = self._path[-1]
        listing = frame.listing or self._load(frame)
        if listing is None:
            return
        if frame.index < len(listing.rows):
            block = listing.rows[frame.index]
            frame.index += 1
            self._look_at(block)
        elif listing.following is not None:
            frame.start, frame.index, frame.listing = listing.following, 0, None
        else:
            self._path.pop()

    def _load(self, frame: Frame) -> Listing | None:
        """Fetch the children of a frame; leave it when there are none to be had."""
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
                self._path[-1] = Frame(id=frame.id, is_retried=True)
            return None
        except (NotFound, InvalidRequest):
            self._path.pop()
            return None
        frame.listing = listing
        self._tree.reader.look_up(_children_in(listing.rows))
        return listing

    def _look_at(self, block: object) -> None:
        """Place a child that is not stored, or step into what may hold one."""
        remote_id = find_id(block.get("id")) if isinstance(block, dict) else None
        if remote_id is None or not isinstance(block, dict):
            return
        kind = str(block.get("type"))
        if kind in {CHILD_PAGE, CHILD_DATABASE}:
            self._add(remote_id, is_page=kind == CHILD_PAGE)
            return
        is_open = block.get("has_children") is True and kind not in CLOSED
        if is_open and len(self._path) < MAX_DEPTH:
            self._path.append(Frame(id=remote_id))
        elif is_open:
            self._tree.gathering.pending = OUT_OF_REACH

    def _add(self, remote_id: str, *, is_page: bool) -> None:
        """Fetch and place a child; a database that is not found is a linked view."""
        tree, holder = self._tree, self._path[0].id
        if tree.reader.is_known(remote_id) or tree.gathering.has(remote_id):
            return
        reader = tree.reader
        fetch = reader.fetch_page if is_page else reader.fetch_database
        child = fetch(remote_id)
        if child is not None:
            tree.add(child, holder=holder)


def crowd_of(item: StoredItem) -> int:
    """Return how many rows are in the table that a page is a row of, 0 for others."""
    is_row = item.type == PAGE and item.collection_id != PAGES
    return item.crowd if is_row else 0


def is_due(item: StoredItem, stored: StoredItems, *, since: datetime | None) -> bool:
    """Tell whether a page is walked through now.

    An incremental sync walks what just changed, a full refresh what changed since the
    one before, and its share of the rest.
    """
    if item.type != PAGE:
        return False
    crowd = crowd_of(item)
    if crowd > LARGE_TABLE:
        return since is None and _has_turn(item, stored, -(-crowd // ROWS_PER_REFRESH))
    last = stored.last_full_refresh
    if since is not None or last is None or item.changed >= last:
        return True
    return _has_turn(item, stored, TURNS)


def _has_turn(item: StoredItem, stored: StoredItems, turns: int) -> bool:
    return crc32(item.id.encode()) % turns == stored.turn % turns


def _children_in(rows: Sequence[Any]) -> list[str]:
    blocks = [row for row in rows if isinstance(row, dict)]
    kinds = {CHILD_PAGE, CHILD_DATABASE}
    return find_ids(each.get("id") for each in blocks if str(each.get("type")) in kinds)


def _to_frame(entry: Any) -> Frame:
    try:
        remote_id, start, index, is_retried = entry
        return Frame(
            id=str(remote_id), start=start, index=int(index), is_retried=is_retried
        )
    except (TypeError, ValueError) as exc:
        raise ListingExpiredError("the cursor is not one of ours") from exc
