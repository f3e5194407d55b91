"""Query the rows of a data source, beyond the 10,000 that one query gives.

A query stops after 10,000 results and says that it is incomplete. Rows come in the
order of their creation, which never changes, so that the next query starts at the
last time seen. Rows at that time come twice, and are stored once.
https://developers.notion.com/reference/query-a-data-source
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from integrations.http.client import ApiClient
from integrations.http.errors import InvalidResponse, NotFound, Server
from integrations.http.shape import expect_object
from integrations.providers.connector import CollectionContext
from integrations.providers.errors import CollectionDeletedError
from integrations.providers.kinds import DeletionKind, Incomplete, IncompleteKind
from integrations.providers.listing import reading
from integrations.providers.notion.api.paging import (
    PAGE_SIZE,
    Listing,
    fetch_list,
    from_cursor,
    to_cursor,
)
from integrations.providers.notion.ids import to_id
from integrations.providers.notion.listing.gathering import Gathering
from integrations.providers.notion.listing.reader import Reader
from integrations.providers.notion.listing.rest import Rest
from integrations.providers.notion.listing.tree import Tree
from integrations.providers.notion.mapping.items import (
    TRASHED,
    is_partial,
    is_trashed,
    to_page_item,
)
from integrations.providers.notion.mapping.parents import DATA_SOURCE, to_parent
from integrations.providers.records import Page
from integrations.providers.values import to_time

# Slow schemas are answered with 503 and the advice to ask for less.
SMALL_PAGE: Final = 25
SLOW: Final = frozenset({503, 504})
# Times of creation have the precision of a minute, in practice.
STRIDE: Final = timedelta(minutes=1)
MOST_RESULTS: Final = 10_000
# Calls for the rest of long values in one refresh of a table: ten minutes' worth.
MOST_REST: Final = 2000
CAPPED: Final = Incomplete(kind=IncompleteKind.CAPPED, number=MOST_RESULTS)

Place = dict[str, Any]


def fetch_page(
    api: ApiClient,
    context: CollectionContext,
    *,
    cursor: str | None,
    since: datetime | None,
) -> Page:
    """Return one page of the rows, of all or of those edited since a time.

    An incremental sync goes in the order of creation as well: a row that is edited once
    more meanwhile changes its place among the edits, but none here. Archived rows
    are a listing of their own, which follows.
    """
    place = from_cursor(cursor)
    page = _read(api, context, place, since=since)
    if page.next_cursor is not None or place.get("is_archived"):
        return page
    return replace(page, next_cursor=_archived(page.incomplete), incomplete=None)


def fetch_archived(
    api: ApiClient, context: CollectionContext, *, cursor: str | None
) -> Page:
    """Return one page of the archived rows: archiving may not count as an edit."""
    return _read(api, context, from_cursor(cursor or _archived(None)), since=None)


def _archived(incomplete: Incomplete | None) -> str:
    kind = incomplete.kind.value if incomplete else ""
    return to_cursor({"is_archived": True, "incomplete_reason": kind})


def _read(
    api: ApiClient, context: CollectionContext, place: Place, *, since: datetime | None
) -> Page:
    """Read one page of rows, or as much of it as a step may cost.

    Then the same page is taken up again behind the last row that was read.
    """
    listing = _query(api, context, place, since=since)
    spent, skip = int(place.get("spent") or 0), int(place.get("skip") or 0)
    rows = Rows(api, context, most=MOST_REST - spent)
    for number, row in enumerate(listing.rows[skip:], skip):
        if number > skip and rows.tree.reader.is_spent():
            return _stop(rows, place, number)
        rows.add(row)
    place = {**place, "skip": 0, "spent": spent + rows.tree.rest.calls}
    return _to_page(rows, listing, place)


def _stop(rows: "Rows", place: Place, number: int) -> Page:
    newest = _latest(rows.newest, to_time(place.get("newest")))
    here = {
        **place,
        "skip": number,
        "spent": int(place.get("spent") or 0) + rows.tree.rest.calls,
        "newest": _text(newest),
    }
    return rows.gathering.to_page(to_cursor(here))


class Rows:
    """Gather the rows of one page and note the newest time of creation in it."""

    def __init__(
        self, api: ApiClient, context: CollectionContext, *, most: int
    ) -> None:
        """Start with no rows, and ``most`` calls for the rest of their values."""
        self.gathering = Gathering(context.remote_id)
        reader = Reader(api, context.stored)
        self.tree = Tree(reader, self.gathering, rest=Rest(api, most=most))
        self.newest: datetime | None = None

    def add(self, row: object) -> None:
        """Take in one result; the rows of a wiki can be data sources themselves."""
        with reading(row, self.gathering.count_unreadable):
            thing = expect_object(row, "row")
            remote_id = to_id(thing.get("id"))
            self._note_time(thing)
            if thing.get("object") == "page":
                self._add_page(remote_id, thing)
            else:
                self.tree.add(thing)

    def _add_page(self, remote_id: str, thing: dict[str, Any]) -> None:
        page = self.tree.reader.fetch_page(remote_id) if is_partial(thing) else thing
        if page is None:
            return
        own, parent = self.gathering.own, to_parent(page.get("parent"))
        if is_trashed(page):
            self.gathering.lose(own, remote_id, TRASHED)
        elif parent.kind == DATA_SOURCE and parent.id != own:
            self.gathering.move(own, remote_id)
        else:
            self.gathering.add(own, to_page_item(self.tree.complete(page), parent.id))

    def _note_time(self, thing: dict[str, Any]) -> None:
        created = to_time(thing.get("created_time"))
        if created is not None:
            self.newest = max(created, self.newest or created)


def _query(
    api: ApiClient,
    context: CollectionContext,
    place: Place,
    *,
    since: datetime | None,
) -> Listing:
    start = place.get("start")
    body: dict[str, Any] = {
        "page_size": PAGE_SIZE,
        "sorts": [{"timestamp": "created_time", "direction": "ascending"}],
    }
    conditions = [
        _on_or_after(name, time)
        for name, time in (("last_edited_time", since), ("created_time", _from(place)))
        if time is not None
    ]
    if conditions:
        body["filter"] = conditions[0] if len(conditions) == 1 else {"and": conditions}
    if place.get("is_archived"):
        body["is_archived"] = True
    if start is not None:
        body["start_cursor"] = start
    try:
        return fetch_list(lambda: _ask(api, context, body), start=start)
    except NotFound as exc:
        raise CollectionDeletedError(DeletionKind.DELETED_OR_UNSHARED) from exc


def _ask(api: ApiClient, context: CollectionContext, body: dict[str, Any]) -> Any:
    """Ask for a page of rows, and for a smaller one when that is too much."""
    path = f"/data_sources/{to_id(context.remote_id)}/query"
    try:
        return api.post(path, json=body, idempotent=True)
    except Server as exc:
        if exc.status not in SLOW:
            raise
    return api.post(path, json={**body, "page_size": SMALL_PAGE}, idempotent=True)


def _to_page(rows: Rows, listing: Listing, place: Place) -> Page:
    """Make the page, and find out where the rows behind it start."""
    # Cursors of earlier versions hold a sentence here, which meant the same.
    is_capped = bool(place.get("incomplete_reason"))
    newest = _latest(rows.newest, to_time(place.get("newest")))
    if listing.following is not None:
        following = {**place, "start": listing.following, "newest": _text(newest)}
        return rows.gathering.to_page(to_cursor(following))
    if not listing.is_incomplete:
        return rows.gathering.to_page(None, incomplete=CAPPED if is_capped else None)
    if newest is None:
        raise InvalidResponse("the query is cut short and gives no times")
    began = _from(place)
    window = {
        "is_archived": place.get("is_archived"),
        "incomplete_reason": place.get("incomplete_reason"),
        "spent": place.get("spent"),
    }
    if began is None or newest > began:
        window["from"] = _text(newest)
    else:
        # The time does not move: what else was created then cannot be asked for.
        window["from"] = _text(began + STRIDE)
        window["incomplete_reason"] = CAPPED.kind.value
    return rows.gathering.to_page(to_cursor(window))


def _from(place: Place) -> datetime | None:
    return to_time(place.get("from"))


def _latest(one: datetime | None, other: datetime | None) -> datetime | None:
    times = [each for each in (one, other) if each is not None]
    return max(times) if times else None


def _on_or_after(name: str, time: datetime) -> dict[str, Any]:
    return {"timestamp": name, name: {"on_or_after": _text(time)}}


def _text(time: datetime | None) -> str | None:
    if time is None:
        return None
    text = time.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
