"""Say what every connector answers about the data of its provider."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from integrations.http.client import ApiClient
from integrations.http.errors import ApiError
from integrations.http.limits import Limit
from integrations.http.transport import Response
from integrations.oauth.client import OAuthClient
from integrations.oauth.tokens import TokenSet
from integrations.providers.records import (
    DisplayField,
    Page,
    RemoteAccount,
    RemoteCollection,
)
from integrations.providers.spec import ProviderSettings, ProviderSpec
from integrations.providers.stored import StoredItems

# Where ``describe`` finds the name of the time zone of whoever looks, if it is known.
VIEWER_ZONE: Final = "viewer_zone"


@dataclass(frozen=True, kw_only=True)
class CollectionContext:
    """Give a connector what it needs to know to read one collection.

    ``schema`` is what ``fetch_schema`` returned, as kept beside the collection;
    ``account`` is ``RemoteAccount.details``; ``version`` is the API version that
    the operator configured, for providers that write it into their paths;
    ``stored`` is there while a sync reads.
    """

    remote_id: str
    name: str
    account_id: str
    account: Mapping[str, Any]
    schema: Mapping[str, Any]
    version: str
    stored: StoredItems | None = None


class Connector(Protocol):
    """Answer questions about the data of one provider, a page at a time.

    Methods raise ``ApiError`` and its children only; a cursor is a string of the
    connector's own making that survives a restart. ``lookback`` is how far
    an incremental sync reaches back behind its watermark; ``late_arrival_window``
    is how late the provider may show a change. ``item_types`` names each type of item
    for people; ``correlation_headers`` and ``classify`` are for the client that calls.
    ``finds_all_collections`` says whether absence from ``list_collections`` means
    anything; ``deleted_reason`` is said of an item that a full refresh did not see.
    """

    spec: ProviderSpec
    item_types: Mapping[str, str]
    lookback: timedelta
    late_arrival_window: timedelta
    correlation_headers: Sequence[str]
    can_uninstall: bool
    finds_all_collections: bool
    deleted_reason: str

    def installation_of(self, account_id: str) -> str:
        """Return the part of an account id that one installed app stands for."""

    def classify(self, response: Response) -> ApiError | None:
        """Return the error an answer stands for in this provider's words."""

    def limits(self, account_id: str, settings: ProviderSettings) -> Sequence[Limit]:
        """Return the limits that every ordinary call of one account obeys."""

    def headers(self, settings: ProviderSettings) -> Mapping[str, str]:
        """Return headers that every call carries."""

    def identify(
        self,
        tokens: TokenSet,
        *,
        oauth: OAuthClient,
        api: ApiClient,
        settings: ProviderSettings,
    ) -> RemoteAccount:
        """Find out whose grant this is and what the account is called."""

    def list_collections(
        self, api: ApiClient, *, account: Mapping[str, Any]
    ) -> Sequence[RemoteCollection]:
        """Return every listable set of the account."""

    def fetch_schema(
        self, api: ApiClient, collection: CollectionContext
    ) -> Mapping[str, Any]:
        """Return labels and look-ups, JSON-safe; key ``fields`` holds FieldSpecs."""

    def fetch_page(
        self, api: ApiClient, collection: CollectionContext, *, cursor: str | None
    ) -> Page:
        """Return one page of the full listing."""

    def fetch_changes(
        self,
        api: ApiClient,
        collection: CollectionContext,
        *,
        since: datetime,
        cursor: str | None,
    ) -> Page:
        """Return one page of what changed at or after ``since`` (aware, UTC)."""

    def fetch_deleted(
        self, api: ApiClient, collection: CollectionContext, *, cursor: str | None
    ) -> Page:
        """Return one page of ids known to be archived or deleted, in ``gone``."""

    def fetch_count(self, api: ApiClient, collection: CollectionContext) -> int | None:
        """Return the provider's own count of the collection, if it gives one."""

    def describe(
        self,
        properties: Mapping[str, Any],
        schema: Mapping[str, Any],
        account: Mapping[str, Any],
    ) -> Sequence[DisplayField]:
        """Turn an item's raw properties into what a person reads, important first.

        Beside the account's details ``account`` has VIEWER_ZONE.
        """

    def uninstall(self, api: ApiClient, settings: ProviderSettings) -> None:
        """Remove the app from the whole account, where the provider can."""
