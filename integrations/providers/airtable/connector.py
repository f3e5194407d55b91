"""Airtable: bases, their tables, and the records in them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import SplitResult

from integrations.http.client import ApiClient
from integrations.http.errors import ApiError
from integrations.http.sending.transport import Response
from integrations.providers.airtable import cost
from integrations.providers.airtable.account import identify
from integrations.providers.airtable.api.classify import classify
from integrations.providers.airtable.ids import (
    BASE,
    RECORD,
    STRUCTURE,
    TABLE,
    is_id,
    table_key,
)
from integrations.providers.airtable.listing import (
    by_id,
    changes,
    records,
    structure,
)
from integrations.providers.airtable.listing.schema import fetch_schema
from integrations.providers.airtable.mapping import display, links
from integrations.providers.airtable.mapping.fields import (
    bookkeeping_in,
    formats_of,
)
from integrations.providers.airtable.spec import SPEC
from integrations.providers.capabilities import (
    CollectionGroup,
    Estimate,
    Plan,
    Schedule,
)
from integrations.providers.connector import (
    BaseConnector,
    CollectionContext,
    NewGrant,
    PageTarget,
)
from integrations.providers.links import RemoteLink
from integrations.providers.records import (
    DisplayField,
    Page,
    RemoteAccount,
    RemoteCollection,
)
from integrations.providers.stored import StoredItem

# 5 a second for one base, whatever the plan.
CALLS_A_DAY = 5 * 86_400


class Airtable(BaseConnector):
    """Answer questions about what one account was given of Airtable."""

    spec = SPEC
    item_types: Mapping[str, str] = {
        "base": "Base",
        "table": "Table",
        "record": "Record",
    }
    # Bases and tables are listed together.
    mixed_types: Mapping[str, Sequence[str]] = {"table": ("base",)}
    leaf_types: Sequence[str] = ("record",)
    structure_types: Sequence[str] = ("base", "table")
    plans: Sequence[Plan] = cost.PLANS
    quota_description = cost.QUOTA_DESCRIPTION
    leaves_out_empty = True
    calls_a_day = CALLS_A_DAY
    most_probes = changes.MOST_PROBES
    correlation_headers: Sequence[str] = ("X-Airtable-Request-Id", "X-Request-Id")

    def classify(self, response: Response) -> ApiError | None:
        """Return the error an answer stands for, a month's quota told apart."""
        return classify(response)

    def identify(self, grant: NewGrant) -> RemoteAccount:
        """Find out which user the grant is for."""
        return identify(grant)

    def list_collections(
        self, api: ApiClient, *, account: Mapping[str, Any]
    ) -> Sequence[RemoteCollection]:
        """Return the structure, then each table of each base that is shared."""
        return structure.list_collections(api)

    def fetch_schema(
        self, api: ApiClient, collection: CollectionContext
    ) -> Mapping[str, Any]:
        """Return the fields of a table and how their values are written."""
        return fetch_schema(api, collection)

    def fetch_page(
        self,
        api: ApiClient,
        collection: CollectionContext,
        *,
        cursor: str | None,
        since: datetime | None = None,
    ) -> Page:
        """Return one page of a table's records, or of bases with their tables.

        The structure is simply listed again.
        """
        if collection.remote_id == STRUCTURE:
            return structure.fetch_page(
                api, after=cursor, stored=collection.stored, tries=collection.tries
            )
        if since is not None:
            return changes.fetch_changes(api, collection, cursor=cursor, since=since)
        return records.fetch_page(api, collection, cursor=cursor)

    def prefetch_page(
        self,
        api: ApiClient,
        collection: CollectionContext,
        *,
        cursor: str | None,
        since: datetime | None = None,
    ) -> bool:
        """Send for a page of a table's records: each base has a limit of its own."""
        if collection.remote_id == STRUCTURE:
            return False
        if since is not None:
            return changes.prefetch_changes(api, collection, cursor=cursor, since=since)
        return records.ask_ahead(api, collection, cursor=cursor)

    def lane_of(self, remote_id: str, details: Mapping[str, Any]) -> str:
        """Return the base, which has a limit of its own; the structure is alone."""
        place = structure.group_of(details)
        return place.group_id if place else ""

    def items_per_call(self, collection: CollectionContext) -> int:
        """Return how many records a call brings; the structure is always read whole."""
        return 0 if collection.remote_id == STRUCTURE else records.PAGE_SIZE

    def fetch_items(
        self,
        api: ApiClient,
        collection: CollectionContext,
        items: Sequence[StoredItem],
        *,
        unchanged_since: datetime | None = None,
    ) -> Page:
        """Return records of a table by their ids."""
        return by_id.fetch_items(
            api, collection, items, unchanged_since=unchanged_since
        )

    def undated(self, collection: CollectionContext, names: Iterable[str]) -> set[str]:
        """Return the fields that change without an edit of their record."""
        return by_id.undated(collection, names)

    def describe(
        self,
        properties: Mapping[str, Any],
        schema: Mapping[str, Any],
        account: Mapping[str, Any],
    ) -> Sequence[DisplayField]:
        """Label and type the values of an item."""
        return display.describe(properties, schema)

    def links(
        self,
        properties: Mapping[str, Any],
        schema: Mapping[str, Any],
        *,
        parent_id: str | None = None,
    ) -> Sequence[RemoteLink]:
        """Return the records that a record links to."""
        return list(links.to_links(properties, schema))

    def leading_columns(
        self, item_type: str, schema: Mapping[str, Any]
    ) -> Sequence[str]:
        """Return the fields in their order; the primary one is the record's name."""
        names = super().leading_columns(item_type, schema)
        return [name for name in names if name != schema.get("primary")]

    def naming_property(self, item_type: str, schema: Mapping[str, Any]) -> str | None:
        """Return a table's primary field where that is one line of text.

        Of a longer text, or one with marks, a record's name is a part. What a formula
        comes to may be either.
        """
        primary = schema.get("primary")
        told = formats_of(schema).get(str(primary), {})
        return primary if told.get("type") == "singleLineText" else None

    def naming_parts(self, item_type: str, schema: Mapping[str, Any]) -> Sequence[str]:
        """Return a table's primary field, whatever its type."""
        primary = schema.get("primary")
        return [str(primary)] if primary else []

    def bookkeeping(self, schema: Mapping[str, Any]) -> Collection[str]:
        """Return the fields that note when a record was edited."""
        return bookkeeping_in(schema)

    def collection_of(
        self, item_type: str, remote_id: str, *, parent_id: str
    ) -> str | None:
        """Return the collection of a table's records."""
        return table_key(parent_id, remote_id) if item_type == "table" else None

    def item_of(self, collection_id: str) -> tuple[str, str] | None:
        """Return the table that a collection has the records of."""
        table_id = collection_id.partition("/")[2]
        return ("table", table_id) if table_id else None

    def page_target(self, address: SplitResult) -> PageTarget:
        """Return the record, table or base that an address is of, whatever the view."""
        parts = address.path.split("/")
        kinds = (RECORD, TABLE, BASE)
        found = (part for kind in kinds for part in parts if is_id(part, kind))
        return PageTarget(remote_id=next(found, ""))

    def own_user_ids(
        self, account_id: str, account: Mapping[str, Any], schema: Mapping[str, Any]
    ) -> Sequence[str]:
        """Return the id of the user, by which cells name collaborators, and e-mail."""
        user_id, email = account.get("user_id"), account.get("email")
        return [str(user_id or account_id), str(email or "")]

    def complete(
        self, properties: Mapping[str, Any], schema: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Return the cells with the boxes that have no tick, which are left out."""
        return display.complete(properties, schema)

    def group_of(self, details: Mapping[str, Any]) -> CollectionGroup | None:
        """Return the base that a table is in."""
        return structure.group_of(details)

    def estimate(
        self,
        counts: Mapping[str, int],
        *,
        interval_minutes: int,
        full_refresh_hours: float,
    ) -> Estimate:
        """Return what each collection costs in calls a month."""
        return cost.estimate(
            counts,
            interval_minutes=interval_minutes,
            full_refresh_hours=full_refresh_hours,
        )

    def fitting_schedule(
        self, counts: Mapping[str, int], *, chosen: Sequence[str], quota: int
    ) -> Schedule | None:
        """Return the best schedule whose calls fit a month's quota."""
        return cost.fitting_schedule(counts, chosen=chosen, quota=quota)
