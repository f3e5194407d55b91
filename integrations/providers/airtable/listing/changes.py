"""Ask for what changed in a table, and for some records that should still be there.

Airtable tells of no deletion. So the call for what changed also names some records
that are stored, in rotation: one that is not in the answer may be deleted, and is when
a call for such records alone does not show it either. Only that costs a call of its
own. What a formula, a lookup or a rollup comes to can change without an edit: of that,
too, the named records tell, and the full refresh of all of them.
"""

import json
import logging
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final

from msgspec import Struct

from integrations.http.client import ApiClient
from integrations.http.errors import (
    ApiError,
    InvalidRequest,
    InvalidResponse,
    QuotaExhausted,
    is_refusal,
)
from integrations.http.responses.shape import expect_list, expect_object
from integrations.providers.airtable.ids import RECORD, is_id
from integrations.providers.airtable.listing.by_id import one_of
from integrations.providers.airtable.listing.records import (
    ask,
    ask_ahead,
    changed_since,
    read_records,
)
from integrations.providers.connector import CollectionContext
from integrations.providers.errors import ListingExpiredError
from integrations.providers.kinds import Deletion, DeletionKind
from integrations.providers.listing import id_of, next_cursor, to_page
from integrations.providers.records import Page

logger = logging.getLogger(__name__)

# They share the page of 100 with what changed, and an address of 16,000 characters.
MOST_PROBES: Final = 60
DELETED: Final = Deletion(kind=DeletionKind.DELETED)
PROBES: Final = "probes"


class Position(Struct, frozen=True, kw_only=True):
    """Where a listing of changes is: which records it names, and which it missed."""

    offset: str | None = None
    probed: Sequence[str] = ()
    missing: Sequence[str] = ()

    def to_cursor(self) -> str:
        """Write it as the cursor of the next page: Airtable's own without probes."""
        if self.offset and not self.probed:
            return self.offset
        return json.dumps([self.offset, *self.probed, "", *self.missing])

    @classmethod
    def from_cursor(cls, cursor: str) -> "Position":
        """Read what ``to_cursor`` wrote; ListingExpiredError for anything else."""
        if not cursor.startswith("["):
            return cls(offset=cursor)
        try:
            offset, *rest = expect_list(json.loads(cursor), "cursor")
            middle = rest.index("")
        except (ValueError, InvalidResponse) as exc:
            raise ListingExpiredError("the cursor is not one of this version") from exc
        ids = rest[:middle] + rest[middle + 1 :]
        if not isinstance(offset, str) or not all(is_id(each, RECORD) for each in ids):
            raise ListingExpiredError("the cursor is not one of this version")
        return cls(offset=offset, probed=rest[:middle], missing=rest[middle + 1 :])


def fetch_changes(
    api: ApiClient,
    collection: CollectionContext,
    *,
    cursor: str | None,
    since: datetime,
) -> Page:
    """Return one page of what was edited or made since then, and what is deleted."""
    position, formula = _place(collection, cursor, since)
    try:
        answer = ask(api, collection, cursor=position.offset, formula=formula)
    except QuotaExhausted:
        raise
    except InvalidRequest:
        if cursor is not None or not position.probed:
            raise
        # It may be the naming of records that is refused: only that is optional.
        answer = ask(api, collection, cursor=None, formula=changed_since(since))
        return _read(api, collection, answer, Position(), refused=(PROBES,))
    return _read(api, collection, answer, position)


def prefetch_changes(
    api: ApiClient,
    collection: CollectionContext,
    *,
    cursor: str | None,
    since: datetime,
) -> bool:
    """Send for the page that ``fetch_changes`` returns later."""
    try:
        position, formula = _place(collection, cursor, since)
    except ListingExpiredError:
        # Whoever fetches it is told.
        return False
    return ask_ahead(api, collection, cursor=position.offset, formula=formula)


def _place(
    collection: CollectionContext, cursor: str | None, since: datetime
) -> tuple[Position, str]:
    """Return where the listing is, and the formula, the same for all of its pages."""
    if cursor is not None:
        position = Position.from_cursor(cursor)
    else:
        probes = tuple(each for each in collection.probes if is_id(each, RECORD))
        position = Position(probed=probes, missing=probes)
    return position, changed_since(since, position.probed)


def _read(
    api: ApiClient,
    collection: CollectionContext,
    answer: Any,
    position: Position,
    *,
    refused: Sequence[str] = (),
) -> Page:
    found = read_records(api, collection, answer)
    left = _without(answer, position.missing)
    offset = next_cursor(answer, "offset", position.offset)
    if offset is None:
        deleted = dict.fromkeys(_deleted_of(api, collection, left), DELETED)
        return to_page(found, None, deleted=deleted, refused=refused)
    behind = Position(offset=offset, probed=position.probed, missing=left)
    return to_page(found, behind.to_cursor(), refused=refused)


def _without(answer: Any, missing: Collection[str]) -> list[str]:
    """Return which of some records an answer does not show; none if any may be."""
    rows = expect_list(expect_object(answer, "answer").get("records"), "records")
    shown = {id_of(row) for row in rows}
    # One without an id may be any of those that are looked for.
    return [] if None in shown else sorted(set(missing) - shown)


def _deleted_of(
    api: ApiClient, collection: CollectionContext, missing: Sequence[str]
) -> Sequence[str]:
    """Return which of some missing records a call for them alone does not show either.

    Where one part of a formula fails for a record, so does all of it, and the record is
    left out although it is named. What ``LAST_MODIFIED_TIME()`` is of a record that was
    never edited is not documented. A call that is refused proves nothing.
    https://airtable.com/developers/web/api/list-records
    """
    if not missing:
        return ()
    try:
        answer = ask(api, collection, cursor=None, formula=one_of(missing))
        is_all = next_cursor(answer, "offset", None) is None
        return _without(answer, missing) if is_all else ()
    except ApiError as exc:
        if not is_refusal(exc):
            raise
        logger.info("missing records not asked for: %s", type(exc).__name__)
        return ()
