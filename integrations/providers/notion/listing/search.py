"""Search for what was edited last: a hint, never an inventory."""

import functools
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final, TypeVar

from msgspec.structs import replace

from integrations.http.once import forget_post, post_once
from integrations.providers.errors import ListingExpiredError
from integrations.providers.notion.api.paging import (
    PAGE_SIZE,
    Listing,
    fetch_list,
    to_listing,
)
from integrations.providers.notion.ids import find_id, find_ids
from integrations.providers.notion.listing.cursors import Hits, Search, Trash
from integrations.providers.notion.listing.gathering import OUT_OF_REACH
from integrations.providers.notion.listing.probing import probe_missing
from integrations.providers.notion.listing.tree import Tree
from integrations.providers.notion.mapping.items import (
    DATABASES,
    TRASHED,
    is_partial,
    is_trashed,
)
from integrations.providers.notion.mapping.parents import to_parent
from integrations.providers.notion.reading.reader import Reader
from integrations.providers.typed.values import to_time

H = TypeVar("H", bound=Hits)
PATH: Final = "/search"
# Which data sources there are is asked to find collections, and to list databases, of
# which a run does one after the other. An incremental sync looks back further.
FRESH_SECONDS: Final = 240.0


def search(
    reader: Reader, own: str, start: str | None, *, in_trash: bool = False
) -> Listing:
    """Return one page of hits, the last edited first.

    A database is never a hit itself: its data sources are.
    https://developers.notion.com/reference/post-search
    """
    wanted: dict[str, Any] = {
        "property": "object",
        "value": "data_source" if own == DATABASES else "page",
    }
    first: dict[str, Any] = {
        "page_size": PAGE_SIZE,
        "filter": {**wanted, "in_trash": True} if in_trash else wanted,
        "sort": {"timestamp": "last_edited_time", "direction": "descending"},
    }
    body = first if start is None else {**first, "start_cursor": start}

    def ask() -> Any:
        if own != DATABASES or in_trash:
            return reader.api.post(PATH, json=body, is_read=True)
        return post_once(
            reader.api,
            PATH,
            functools.partial(to_listing, start=start),
            json=body,
            fresh_for=FRESH_SECONDS,
        )

    try:
        return fetch_list(ask, start=start)
    except ListingExpiredError:
        # A kept first page leads to the forgotten cursor again.
        forget_post(reader.api, PATH, json=first)
        raise


def read_hits(tree: Tree, cursor: Search, *, since: datetime | None) -> Search | None:
    """Add one page of hits to the tree; return where to go on, None at the end.

    A step that has made its calls stops between two hits and takes the same page up
    again. ``since`` ends the search at the first hit that is older.
    """
    listing = search(tree.reader, tree.gathering.own, cursor.start)
    if listing.is_incomplete and since is None:
        tree.gathering.pending = OUT_OF_REACH
    tree.reader.look_up(_ids_in(listing.rows))
    for number, row in enumerate(listing.rows[cursor.skip :], cursor.skip):
        if number > cursor.skip and tree.reader.is_spent():
            return replace(cursor, skip=number)
        if since is not None and _is_older(row, since):
            _probe(tree, cursor, listing)
            # Whether other columns are an edit of a data source is not documented.
            tree.see(listing.rows[number:])
            return None
        tree.add(row)
    if since is not None and listing.following is None:
        _probe(tree, cursor, listing)
    return _next(cursor, listing)


def _probe(tree: Tree, cursor: Search, listing: Listing) -> None:
    """Ask for what the first page of hits should have shown, and did not."""
    if cursor.start is not None:
        return
    rows = [row for row in listing.rows if isinstance(row, dict)]
    edited = [to_time(row.get("last_edited_time")) for row in rows]
    times = [time for time in edited if time is not None]
    oldest = min(times, default=None) if listing.following is not None else None
    probe_missing(tree, find_ids(row.get("id") for row in rows), edited_after=oldest)


def read_trash(tree: Tree, cursor: Trash) -> Trash | None:
    """Look at what is in the trash; whatever is still stored is asked for itself.

    The index of the trash lags, too: a page that was just restored may be in it.
    """
    reader = tree.reader
    listing = search(reader, tree.gathering.own, cursor.start, in_trash=True)
    known = reader.look_up(_ids_in(listing.rows))
    for number, row in enumerate(listing.rows[cursor.skip :], cursor.skip):
        if number > cursor.skip and reader.is_spent():
            return replace(cursor, skip=number)
        remote_id = find_id(row.get("id")) if isinstance(row, dict) else None
        if remote_id is None:
            continue
        if reader.stored is None and is_trashed(row):
            tree.gathering.lose(tree.gathering.own, remote_id, TRASHED)
        elif remote_id in known:
            tree.check(known[remote_id])
    return _next(cursor, listing)


def _next(cursor: H, listing: Listing) -> H | None:
    if listing.following is None:
        return None
    return replace(cursor, start=listing.following, skip=0)


def _is_older(row: object, since: datetime) -> bool:
    """Tell whether a hit is behind ``since``; times have the precision of a minute."""
    if not isinstance(row, dict) or is_partial(row):
        return False
    edited = to_time(row.get("last_edited_time"))
    return edited is not None and edited < since.replace(second=0, microsecond=0)


def _ids_in(rows: list[Any]) -> Iterator[str]:
    """Yield the ids of hits and of their parents, to look them up together."""
    for row in rows:
        if not isinstance(row, dict):
            continue
        parent = to_parent(row.get("parent"))
        yield from (i for i in (find_id(row.get("id")), parent.id) if i is not None)
