"""Read the records of one table, a page at a time, and ask for those that changed."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

from msgspec.structs import replace

from integrations.http.client import ApiClient
from integrations.http.responses.shape import expect_list, expect_object
from integrations.http.sending import urls
from integrations.providers.airtable.api.limits import base_limits
from integrations.providers.airtable.ids import split_key
from integrations.providers.airtable.listing.foreign import (
    leave_out_foreign,
    strangers,
)
from integrations.providers.airtable.mapping.fields import formats_of
from integrations.providers.airtable.mapping.items import to_item
from integrations.providers.connector import CollectionContext
from integrations.providers.listing import Rows, map_others, next_cursor, to_page
from integrations.providers.records import IntegrationItem, Page

PAGE_SIZE: Final = 100


def fetch_page(
    api: ApiClient, collection: CollectionContext, *, cursor: str | None
) -> Page:
    """Return one page of all records of a table.

    Rows that are odd or of another table are counted.
    """
    answer = ask(api, collection, cursor=cursor)
    return to_page(
        read_records(api, collection, answer), next_cursor(answer, "offset", cursor)
    )


def ask(
    api: ApiClient,
    collection: CollectionContext,
    *,
    cursor: str | None,
    formula: str = "",
) -> Any:
    """Return the answer to one page of a table's listing."""
    return api.get(**_request(api, collection, cursor, formula))


def ask_ahead(
    api: ApiClient,
    collection: CollectionContext,
    *,
    cursor: str | None,
    formula: str = "",
) -> bool:
    """Send for what ``ask`` returns later; one page of each base may be under way."""
    base_id, _ = split_key(collection.remote_id)
    return api.prefetch(**_request(api, collection, cursor, formula), lane=base_id)


def _request(
    api: ApiClient, collection: CollectionContext, cursor: str | None, formula: str
) -> dict[str, Any]:
    """Return the path, the parameters and the limits of one page."""
    base_id, table_id = split_key(collection.remote_id)
    return {
        "path": f"/{urls.segment(base_id)}/{urls.segment(table_id)}",
        "params": {
            "pageSize": PAGE_SIZE,
            "returnFieldsByFieldId": True,
            "filterByFormula": formula or None,
            "offset": cursor,
        },
        "limits": base_limits(api, base_id),
    }


def read_records(
    api: ApiClient, collection: CollectionContext, answer: Any
) -> Rows[IntegrationItem]:
    """Map the records of an answer, without those of another table."""
    rows = expect_list(expect_object(answer, "answer").get("records"), "records")
    to_value = partial(to_item, collection=collection)
    found = map_others(rows, collection, to_value=to_value, to_item=to_value)
    strange = strangers(found.mapped, set(formats_of(collection.schema)))
    items = leave_out_foreign(api, found.mapped, collection)
    unreadable = found.unreadable + len(found.mapped) - len(items)
    # Whether those are of this table, Airtable was asked.
    found = found.following_from_more(strange)
    return replace(found, mapped=items, unreadable=unreadable)


def changed_since(since: datetime, named: Sequence[str] = ()) -> str:
    """Return the formula that is true of a record that changed, or is named by its id.

    A record never edited may have no modified time; IS_AFTER leaves out the moment
    itself.
    """
    at = (since - timedelta(milliseconds=1)).astimezone(UTC)
    text = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    parsed = f'DATETIME_PARSE("{text}")'
    terms = [
        f"IS_AFTER(LAST_MODIFIED_TIME(),{parsed})",
        f"IS_AFTER(CREATED_TIME(),{parsed})",
        *(f'RECORD_ID()="{each}"' for each in named),
    ]
    return f"OR({','.join(terms)})"
