"""Notion: pages, databases, data sources and rows of one workspace."""

import functools
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal
from urllib.parse import SplitResult, parse_qs

from integrations.http.client import ApiClient
from integrations.http.errors import ApiError
from integrations.http.sending.transport import Response
from integrations.providers.connector import (
    BaseConnector,
    CollectionContext,
    NewGrant,
    PageTarget,
)
from integrations.providers.finding import Parents, but_digits, told_further
from integrations.providers.kinds import DeletionKind
from integrations.providers.links import RemoteLink
from integrations.providers.notion.account import identify
from integrations.providers.notion.api import content
from integrations.providers.notion.api.classify import classify
from integrations.providers.notion.ids import id_in
from integrations.providers.notion.listing import inventory, rows, schema
from integrations.providers.notion.listing.discovery import (
    fetch_columns,
    list_collections,
)
from integrations.providers.notion.mapping import display, links
from integrations.providers.notion.mapping.items import (
    BURIED_KEY,
    DATA_SOURCE,
    DATABASE,
    DATABASES,
    ICON_KEY,
    PAGE,
    PAGES,
)
from integrations.providers.notion.mapping.schema import (
    bookkeeping_in,
    leading_columns,
    to_schema,
)
from integrations.providers.notion.mapping.values import newly_read
from integrations.providers.notion.reading import by_id
from integrations.providers.notion.spec import SPEC
from integrations.providers.records import (
    Content,
    DisplayField,
    Page,
    RemoteAccount,
    RemoteCollection,
)
from integrations.providers.spec import ProviderSettings
from integrations.providers.stored import StoredItem


class Notion(BaseConnector):
    """Answer questions about what one user shared of a workspace."""

    spec = SPEC
    item_types: Mapping[str, str] = {
        PAGE: "Page",
        DATABASE: "Database",
        # Both stand side by side in a filter: the name says which holds which.
        DATA_SOURCE: "Data source in a database",
    }
    # The databases' collection holds the data sources inside them as well.
    mixed_types: Mapping[str, Sequence[str]] = {DATABASE: (DATA_SOURCE,)}
    content_types: Sequence[str] = (PAGE,)
    icon_property = ICON_KEY
    ids_unique_in: Literal["account", "collection"] = "account"
    columns_told_by = DATABASES
    # A data source that a search misses is no lost one.
    finds_all_collections = False

    # Times have the precision of a minute, and the search index lags.
    late_arrival_window = timedelta(hours=1)
    # Search knows nothing of a page in the moment after it was shared.
    usual_share_lag = timedelta(seconds=5)
    longest_share_lag = timedelta(minutes=10)
    correlation_headers: Sequence[str] = ("x-notion-request-id", "cf-ray")
    deleted_kind = DeletionKind.DELETED_OR_UNSHARED

    def classify(self, response: Response) -> ApiError | None:
        """Return the error an answer stands for, and how long to wait."""
        return classify(response)

    def headers(self, settings: ProviderSettings) -> Mapping[str, str]:
        """Return the version, without which every call is refused."""
        return {"Notion-Version": settings.version}

    def identify(self, grant: NewGrant) -> RemoteAccount:
        """Find out which workspace, and which user in it, the grant is for."""
        limits = functools.partial(self.limits, settings=grant.settings)
        return identify(grant, limits=limits)

    def list_collections(
        self, api: ApiClient, *, account: Mapping[str, Any]
    ) -> Sequence[RemoteCollection]:
        """Return databases, the rows of each known data source, and pages."""
        return list_collections(api)

    def fetch_columns(self, api: ApiClient) -> Sequence[RemoteCollection]:
        """Return the data sources that were edited last."""
        return fetch_columns(api)

    def fetch_schema(
        self, api: ApiClient, collection: CollectionContext
    ) -> Mapping[str, Any]:
        """Return the columns of a data source; pages and databases have none."""
        if _is_inventory(collection):
            return to_schema()
        return schema.fetch_schema(api, collection)

    def fetch_page(
        self,
        api: ApiClient,
        collection: CollectionContext,
        *,
        cursor: str | None,
        since: datetime | None = None,
    ) -> Page:
        """Return one step of the inventory, or one page of rows."""
        if _is_inventory(collection):
            return inventory.fetch_page(api, collection, cursor=cursor, since=since)
        return rows.fetch_page(api, collection, cursor=cursor, since=since)

    def fetch_deleted(
        self, api: ApiClient, collection: CollectionContext, *, cursor: str | None
    ) -> Page:
        """Return one page of what is in the trash; for rows, of the archived ones."""
        if _is_inventory(collection):
            return inventory.fetch_deleted(api, collection, cursor=cursor)
        return rows.fetch_archived(api, collection, cursor=cursor)

    def items_per_call(self, collection: CollectionContext) -> int:
        """Return how many objects a call brings."""
        return 1

    def fetch_items(
        self,
        api: ApiClient,
        collection: CollectionContext,
        items: Sequence[StoredItem],
        *,
        unchanged_since: datetime | None = None,
    ) -> Page:
        """Return objects one by one."""
        return by_id.fetch_items(
            api, collection, items, unchanged_since=unchanged_since
        )

    def undated(self, collection: CollectionContext, names: Iterable[str]) -> set[str]:
        """Return the fields that change without the time of the last edit."""
        return by_id.undated(collection, names)

    def fetch_content(self, api: ApiClient, remote_id: str) -> Content:
        """Return the text of a page as an outline."""
        return content.fetch_content(api, remote_id)

    def collection_of(
        self, item_type: str, remote_id: str, *, parent_id: str
    ) -> str | None:
        """Return the collection of a data source's rows, which has its id."""
        return remote_id if item_type == DATA_SOURCE else None

    def item_of(self, collection_id: str) -> tuple[str, str] | None:
        """Return the data source that a collection has the rows of."""
        is_inventory = collection_id in {PAGES, DATABASES}
        return None if is_inventory else (DATA_SOURCE, collection_id)

    def leading_columns(
        self, item_type: str, schema: Mapping[str, Any]
    ) -> Sequence[str]:
        """Return states, people and dates before the other columns."""
        return leading_columns(schema)

    def bookkeeping(self, schema: Mapping[str, Any]) -> Collection[str]:
        """Return the columns of the last edit."""
        return bookkeeping_in(schema)

    def page_target(self, address: SplitResult) -> PageTarget:
        """Return the page that an address is of: the one that a list has open, if any.

        Neither the view of a database nor a block in a page is one.
        """
        opened = parse_qs(address.query).get("p", [""])[0]
        return PageTarget(remote_id=id_in(opened) or id_in(address.path))

    def own_user_ids(
        self, account_id: str, account: Mapping[str, Any], schema: Mapping[str, Any]
    ) -> Sequence[str]:
        """Return id and name of the person; a workspace's own grant is nobody's."""
        if account.get("owner_type") == "workspace":
            return []
        return [account_id.partition(":")[2], str(account.get("member") or "")]

    def found_out(
        self,
        before: Mapping[str, Any],
        after: Mapping[str, Any],
        parents: Parents,
        *,
        is_edited: bool = True,
    ) -> Collection[str]:
        """Return values of which more was told, and what follows from the trash.

        A page inside of one that was put there is as nobody has changed it. So is one
        without a later edit of which a value could only be read before, or now, and a
        number of which an earlier release kept 15 digits.
        """
        buried = (before.get(BURIED_KEY), after.get(BURIED_KEY))
        own = {BURIED_KEY} if buried[0] != buried[1] else set()
        if not is_edited:
            own |= newly_read(before, after)
        return own | told_further(before, after) | but_digits(before, after)

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
        """Return the pages that a row is related to."""
        return list(links.to_links(properties, schema))


def _is_inventory(collection: CollectionContext) -> bool:
    return collection.remote_id in {PAGES, DATABASES}
