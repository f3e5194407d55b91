"""Query the rows of a data source, beyond the 10,000 that one query gives.

A query stops after 10,000 results and says that it is incomplete. Rows come in the
order of their creation, which never changes, so that the next query starts at the
last time seen. Rows at that time come twice, and are stored once.
https://developers.notion.com/reference/query-a-data-source
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from msgspec.structs import replace

from integrations.http.client import ApiClient
from integrations.http.errors import ApiError, InvalidResponse, is_refusal, may_pass
from integrations.http.responses.shape import expect_object
from integrations.providers.connector import CollectionContext
from integrations.providers.errors import ListingExpiredError
from integrations.providers.kinds import Incomplete, IncompleteKind
from integrations.providers.listing import (
    UNRECOGNIZED,
    Recognized,
    reading,
    recognize,
)
from integrations.providers.notion.api.paging import PAGE_SIZE, Listing
from integrations.providers.notion.ids import find_id, find_ids, to_id
from integrations.providers.notion.listing import cursors, reading_cursors
from integrations.providers.notion.listing.cursors import Query, UnseenRows
from integrations.providers.notion.listing.gathering import Gathering
from integrations.providers.notion.listing.probing import probe_missing
from integrations.providers.notion.listing.querying import query
from integrations.providers.notion.listing.tree import Tree
from integrations.providers.notion.mapping.items import (
    TRASHED,
    is_partial,
    is_trashed,
    to_page_item,
)
from integrations.providers.notion.mapping.parents import DATA_SOURCE, to_parent
from integrations.providers.notion.reading.reader import MOST_CALLS, MOST_TRIES, Reader
from integrations.providers.notion.reading.rest import Rest
from integrations.providers.records import IntegrationItem, Page, Same
from integrations.providers.stored import StoredItem
from integrations.providers.typed.values import to_time

# Times have the precision of a minute, in practice.
MINUTE: Final = timedelta(minutes=1)
MOST_RESULTS: Final = 10_000
# Calls for the rest of long values in one refresh of a table: ten minutes' worth.
MOST_REST: Final = 2000
# Rows that are asked for one by one in a full refresh, where archived rows are not
# listed: an hour's worth has to be the end of it.
MOST_CHECKED: Final = 2000
CAPPED: Final = Incomplete(kind=IncompleteKind.CAPPED, number=MOST_RESULTS)
# The list of archived rows is what else is asked for to find deletions.
ARCHIVED: Final = "deletions"
NOT_EXHAUSTIVE: Final = Incomplete(kind=IncompleteKind.NOT_EXHAUSTIVE)


def fetch_page(
    api: ApiClient,
    context: CollectionContext,
    *,
    cursor: str | None,
    since: datetime | None,
) -> Page:
    """Return one page of the rows, of all or of those edited since a time.

    An incremental sync goes in the order of creation as well: a row that is edited once
    more meanwhile changes its place among the edits, but none here. A table that one
    page can hold costs no more when it is read whole, and shows what is missing.
    Archived rows are a listing of their own, which comes last in a full refresh.
    """
    found = reading_cursors.read_rows(cursor) or Query(is_whole=_fits_one_page(context))
    if isinstance(found, UnseenRows):
        return _check_unseen(api, context, found)
    if found.is_archived:
        return _read_archived(api, context, found, since=since)
    page = _read(api, context, found, since=since)
    if page.next_cursor is not None or since is not None:
        return page
    archived = Query(is_archived=True, is_capped=page.incomplete is not None)
    return replace(page, next_cursor=cursors.to_json(archived), incomplete=None)


def fetch_archived(
    api: ApiClient, context: CollectionContext, *, cursor: str | None
) -> Page:
    """Return one page of the archived rows: archiving may not count as an edit.

    A full refresh has read them in its listing.
    """
    if context.stored is not None and context.stored.is_full_refresh:
        return Page(items=(), next_cursor=None)
    found = reading_cursors.read_rows(cursor) or Query(is_archived=True)
    if isinstance(found, UnseenRows):
        raise ListingExpiredError("the cursor is not of this listing")
    return _read(api, context, found, since=None)


def _fits_one_page(context: CollectionContext) -> bool:
    return context.stored is not None and context.stored.count <= PAGE_SIZE


def _read_archived(
    api: ApiClient, context: CollectionContext, found: Query, *, since: datetime | None
) -> Page:
    """Read archived rows; where that is refused, each row not shown is asked for."""
    try:
        return _read(api, context, found, since=since)
    except ApiError as exc:
        is_early = may_pass(exc) and context.tries < MOST_TRIES
        if found.start is not None or is_early or not is_refusal(exc):
            raise
    unseen = cursors.to_json(UnseenRows(is_capped=found.is_capped))
    return Page(
        items=(),
        next_cursor=unseen if context.stored is not None else None,
        refused=(ARCHIVED,),
        incomplete=NOT_EXHAUSTIVE if context.stored is None else None,
    )


def _check_unseen(
    api: ApiClient, context: CollectionContext, found: UnseenRows
) -> Page:
    """Ask for each stored row that the query has not shown: it may be archived."""
    rows = Rows(api, context, most=MOST_CALLS)
    stored = context.stored
    batch = stored.unseen(after=found.after, limit=MOST_CALLS) if stored else ()
    for item in batch:
        page = rows.fetch(item.id)
        if page is not None:
            rows.add(page)
    if len(batch) < MOST_CALLS:
        return rows.gathering.to_page(
            None, incomplete=CAPPED if found.is_capped else None
        )
    checked = found.checked + len(batch)
    if checked >= MOST_CHECKED:
        return rows.gathering.to_page(None, incomplete=NOT_EXHAUSTIVE)
    following = replace(found, after=batch[-1].position, checked=checked)
    return rows.gathering.to_page(cursors.to_json(following))


def _read(
    api: ApiClient, context: CollectionContext, found: Query, *, since: datetime | None
) -> Page:
    """Read one page of rows, or as much of it as a step may cost.

    Then the same page is taken up again behind the last row that was read.
    """
    edited = None if found.is_whole else since
    listing = query(api, context, found, edited=edited)
    told = recognize(listing.rows[found.skip :], context, find_id=_find_id)
    rows = Rows(api, context, most=MOST_REST - found.spent, told=told)
    ids = find_ids(row.get("id") for row in listing.rows if isinstance(row, dict))
    known = rows.tree.reader.look_up(ids) if since is not None else {}
    for number, row in enumerate(listing.rows[found.skip :], found.skip):
        if number > found.skip and rows.tree.reader.is_spent():
            return _stop(rows, found, number)
        if since is None or not found.is_whole or _is_news(rows, row, known, since):
            rows.add(row)
    is_first = found.start is None and found.created_from is None
    is_all = is_first and listing.following is None and not listing.is_incomplete
    if since is not None and is_all and not found.is_archived:
        after = None if edited is None else edited - MINUTE
        probe_missing(rows.tree, ids, edited_after=after)
    spent = found.spent + rows.tree.rest.calls
    return _to_page(rows, listing, replace(found, skip=0, spent=spent))


def _find_id(row: object) -> str | None:
    return find_id(row.get("id")) if isinstance(row, dict) else None


def _is_news(
    rows: "Rows", row: object, known: Mapping[str, StoredItem], since: datetime
) -> bool:
    """Tell whether a row of a whole table was edited, or is not stored as it is."""
    if not isinstance(row, dict) or is_partial(row):
        return True
    item = known.get(find_id(row.get("id")) or "")
    edited = to_time(row.get("last_edited_time"))
    if item is None or edited is None or item.collection_id != rows.gathering.own:
        return True
    return edited != item.updated or edited >= since - MINUTE


def _stop(rows: "Rows", found: Query, number: int) -> Page:
    here = replace(
        found,
        skip=number,
        spent=found.spent + rows.tree.rest.calls,
        newest=_latest(rows.newest, found.newest),
    )
    return rows.gathering.to_page(cursors.to_json(here))


class Rows:
    """Gather the rows of one page and note the newest time of creation in it."""

    def __init__(
        self,
        api: ApiClient,
        context: CollectionContext,
        *,
        most: int,
        told: Recognized = UNRECOGNIZED,
    ) -> None:
        """Start with no rows, and ``most`` calls for the rest of their values.

        Of those to come some are ``told`` as they were.
        """
        self._told = told
        self.gathering = Gathering(context.remote_id)
        reader = Reader(api, context.stored, tries=context.tries)
        rest = Rest(api, is_lost=reader.is_lost, most=most)
        self.tree = Tree(reader, self.gathering, rest=rest)
        self.newest: datetime | None = None

    def add(self, row: object) -> None:
        """Take in one result; the rows of a wiki can be data sources themselves."""
        with reading(row, self.gathering.count_unreadable):
            thing = expect_object(row, "row")
            remote_id = to_id(thing.get("id"))
            self._note_time(thing)
            if remote_id in self._told.same:
                digest, _ = self._told.same[remote_id]
                to_item = partial(_to_item, thing)
                self.gathering.add_same(remote_id, Same(digest=digest, to_item=to_item))
            elif thing.get("object") == "page":
                self._add_page(remote_id, thing)
            else:
                self.tree.add(thing)

    def _add_page(self, remote_id: str, thing: dict[str, Any]) -> None:
        page = self.fetch(remote_id) if is_partial(thing) else thing
        if page is None:
            return
        own, parent = self.gathering.own, to_parent(page.get("parent"))
        if is_trashed(page):
            self.gathering.lose(own, remote_id, TRASHED)
        elif parent.kind == DATA_SOURCE and parent.id != own:
            self.gathering.move(own, remote_id)
        else:
            whole = self.tree.complete(page)
            self.gathering.add(own, _to_item(whole))
            source = self._told.sources.get(remote_id)
            if source is not None and whole is thing:
                # Nothing had to be asked for.
                self.gathering.add_source(remote_id, source)

    def fetch(self, remote_id: str) -> dict[str, Any] | None:
        """Return a row by its id, None where it is not shown.

        One that Notion can never show is counted as unreadable, and kept.
        """
        try:
            return self.tree.reader.fetch_page(remote_id)
        except ApiError as exc:
            if not self.tree.reader.is_lost(exc):
                raise
            self.gathering.count_unreadable({"id": remote_id})
            return None

    def _note_time(self, thing: dict[str, Any]) -> None:
        created = to_time(thing.get("created_time"))
        if created is not None:
            self.newest = max(created, self.newest or created)


def _to_item(page: Mapping[str, Any]) -> IntegrationItem:
    return to_page_item(page, to_parent(page.get("parent")).id)


def _to_page(rows: Rows, listing: Listing, found: Query) -> Page:
    """Make the page, and find out where the rows behind it start."""
    newest = _latest(rows.newest, found.newest)
    if listing.following is not None:
        following = replace(found, start=listing.following, newest=newest)
        return rows.gathering.to_page(cursors.to_json(following))
    if not listing.is_incomplete:
        return rows.gathering.to_page(
            None, incomplete=CAPPED if found.is_capped else None
        )
    if newest is None:
        raise InvalidResponse("the query is cut short and gives no times")
    began = found.created_from
    window = replace(found, start=None, newest=None, created_from=newest)
    if began is not None and newest <= began:
        # The time does not move: what else was created then cannot be asked for.
        window = replace(window, created_from=began + MINUTE, is_capped=True)
    return rows.gathering.to_page(cursors.to_json(window))


def _latest(one: datetime | None, other: datetime | None) -> datetime | None:
    times = [each for each in (one, other) if each is not None]
    return max(times) if times else None
