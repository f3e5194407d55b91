"""Query one page of the rows of a data source.

https://developers.notion.com/reference/query-a-data-source
"""

from datetime import UTC, datetime
from typing import Any, Final

from integrations.http.client import ApiClient
from integrations.http.errors import NotFound, Server
from integrations.providers.connector import CollectionContext
from integrations.providers.errors import CollectionDeletedError
from integrations.providers.kinds import DeletionKind
from integrations.providers.notion.api.paging import PAGE_SIZE, Listing, fetch_list
from integrations.providers.notion.ids import to_id
from integrations.providers.notion.listing.cursors import Query

# Slow schemas are answered with 503 and the advice to ask for less.
SMALL_PAGE: Final = 25
SLOW: Final = frozenset({503, 504})


def query(
    api: ApiClient,
    context: CollectionContext,
    found: Query,
    *,
    edited: datetime | None,
) -> Listing:
    """Return the page at a cursor, of all rows or of those edited since a time."""
    body: dict[str, Any] = {
        "page_size": PAGE_SIZE,
        "sorts": [{"timestamp": "created_time", "direction": "ascending"}],
    }
    conditions = [
        _on_or_after(name, time)
        for name, time in (
            ("last_edited_time", edited),
            ("created_time", found.created_from),
        )
        if time is not None
    ]
    if conditions:
        body["filter"] = conditions[0] if len(conditions) == 1 else {"and": conditions}
    if found.is_archived:
        body["is_archived"] = True
    if found.start is not None:
        body["start_cursor"] = found.start
    try:
        return fetch_list(lambda: _ask(api, context, body), start=found.start)
    except NotFound as exc:
        raise CollectionDeletedError(DeletionKind.DELETED_OR_UNSHARED) from exc


def _ask(api: ApiClient, context: CollectionContext, body: dict[str, Any]) -> Any:
    """Ask for a page of rows, and for a smaller one when that is too much."""
    path = f"/data_sources/{to_id(context.remote_id)}/query"
    try:
        return api.post(path, json=body, is_read=True)
    except Server as exc:
        if exc.status not in SLOW:
            raise
    return api.post(path, json={**body, "page_size": SMALL_PAGE}, is_read=True)


def _on_or_after(name: str, time: datetime) -> dict[str, Any]:
    return {"timestamp": name, name: {"on_or_after": _text(time)}}


def _text(time: datetime) -> str:
    text = time.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
