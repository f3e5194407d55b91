"""Read the records of one table, a page at a time, in full or what has changed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from integrations.http import urls
from integrations.http.client import ApiClient
from integrations.providers.airtable.api.limits import base_limits
from integrations.providers.airtable.ids import split_key
from integrations.providers.airtable.listing.foreign import leave_out_foreign
from integrations.providers.airtable.mapping.items import to_item
from integrations.providers.connector import CollectionContext
from integrations.providers.listing import next_cursor, read_rows, to_page
from integrations.providers.records import Page

PAGE_SIZE: Final = 100


def fetch_page(
    api: ApiClient,
    collection: CollectionContext,
    *,
    cursor: str | None,
    since: datetime | None,
) -> Page:
    """Return one page of a table's records: all, or those edited or made since then.

    What a formula, a lookup or a rollup comes to can change without that, and what
    was deleted is not there to be told of: the full refresh finds both. Rows that are
    odd or of another table are counted.
    """
    formula = changed_since(since) if since else None
    return fetch_matching(api, collection, formula=formula, cursor=cursor)


def fetch_matching(
    api: ApiClient,
    collection: CollectionContext,
    *,
    formula: str | None,
    cursor: str | None,
) -> Page:
    """Return one page of the records that a formula is true of; of all without one."""
    base_id, table_id = split_key(collection.remote_id)
    answer = api.get(
        f"/{urls.segment(base_id)}/{urls.segment(table_id)}",
        params={
            "pageSize": PAGE_SIZE,
            "returnFieldsByFieldId": True,
            "filterByFormula": formula,
            "offset": cursor,
        },
        limits=base_limits(api, base_id),
    )
    found = read_rows(answer, "records", lambda row: to_item(row, collection))
    items = leave_out_foreign(api, found.mapped, collection)
    unreadable = found.unreadable + len(found.mapped) - len(items)
    found = replace(found, mapped=items, unreadable=unreadable)
    return to_page(found, next_cursor(answer, "offset", cursor))


def changed_since(since: datetime) -> str:
    """Return the formula that is true of a record that changed.

    A record never edited may have no modified time; IS_AFTER leaves out the moment
    itself.
    """
    at = (since - timedelta(milliseconds=1)).astimezone(UTC)
    text = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    parsed = f'DATETIME_PARSE("{text}")'
    return (
        f"OR(IS_AFTER(LAST_MODIFIED_TIME(),{parsed}),IS_AFTER(CREATED_TIME(),{parsed}))"
    )
