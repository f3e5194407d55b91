"""HubSpot: contacts, companies and deals of one portal."""

import functools
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import SplitResult

from integrations.http.client import ApiClient
from integrations.http.errors import ApiError
from integrations.http.resilience.limits import Limit
from integrations.http.responses.shape import expect_nothing
from integrations.http.sending.transport import Response
from integrations.providers.connector import (
    BaseConnector,
    CollectionContext,
    NewGrant,
    PageTarget,
)
from integrations.providers.finding import Parents
from integrations.providers.hubspot import (
    objects,
    overwritten,
    writing,
    writing_many,
)
from integrations.providers.hubspot.account import identify
from integrations.providers.hubspot.api.classify import classify
from integrations.providers.hubspot.api.limits import told_limits
from integrations.providers.hubspot.listing import by_id, changes
from integrations.providers.hubspot.listing.records import BATCH_SIZE, Reader, is_living
from integrations.providers.hubspot.listing.schema import fetch_schema
from integrations.providers.hubspot.mapping import display, links, relations
from integrations.providers.hubspot.mapping.items import (
    ARCHIVED,
    as_written,
    merged_away,
)
from integrations.providers.hubspot.mapping.remote_links import to_remote_links
from integrations.providers.hubspot.objects import OBJECT_TYPES, get_object_type
from integrations.providers.hubspot.pages import record_in
from integrations.providers.hubspot.spec import SPEC
from integrations.providers.kinds import Deletion, DeletionKind, Role
from integrations.providers.links import RemoteLink
from integrations.providers.listing import id_of, to_page
from integrations.providers.records import (
    DisplayField,
    FieldSpec,
    IntegrationItem,
    Page,
    RemoteAccount,
    RemoteCollection,
)
from integrations.providers.spec import ProviderSettings
from integrations.providers.stored import StoredItem
from integrations.providers.writing import (
    FormValue,
    RawValues,
    WritableField,
    Written,
    WrittenMany,
)

# https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines
# 5 in a second for the whole account, all apps together.
SEARCH_CALLS, SEARCH_SECONDS = 5, 1.1
# Of the smallest plan, for a privately distributed app; others have more, or no limit.
CALLS_A_DAY = 250_000


class HubSpot(BaseConnector):
    """Answer questions about one portal, a page at a time."""

    spec = SPEC
    # Whether their scopes were granted or not.
    collections = tuple(
        RemoteCollection(
            remote_id=kind.remote_id,
            name=kind.name,
            item_type=kind.item_type,
            required_scopes=(kind.scope,),
        )
        for kind in OBJECT_TYPES.values()
    )
    # Ids are unique in an object type only, and records belong to companies.
    parent_types: Mapping[str, Sequence[str]] = {
        "contact": ("company",),
        "company": ("company",),
        "deal": ("company",),
    }
    # A company is one of the associated records.
    links_parents = True
    # New data shows in search after "a few moments"; half a minute has been seen.
    late_arrival_window = timedelta(minutes=30)
    correlation_headers: Sequence[str] = ("X-HubSpot-Correlation-Id",)
    deleted_kind = DeletionKind.DELETED_OR_MERGED
    calls_a_day = CALLS_A_DAY
    # Two calls: with three collections every five minutes 0.7 % of a day's calls.
    most_probes = 200
    links_per_call = by_id.LINKS_PER_CALL
    items_per_write = BATCH_SIZE
    id_headings = writing.ID_HEADINGS

    def installation_of(self, account_id: str) -> str:
        """Return the portal: an app is installed once for everybody in it."""
        return _hub_id(account_id)

    def classify(self, response: Response) -> ApiError | None:
        """Return the error an answer stands for, with the scopes that it names."""
        return classify(response)

    def told_limits(
        self, limits: Sequence[Limit], headers: Mapping[str, str]
    ) -> Sequence[Limit]:
        """Return the burst limit of this app and portal, which the answers tell."""
        return told_limits(limits, headers)

    def identify(self, grant: NewGrant) -> RemoteAccount:
        """Find out which portal and which user in it the grant is for."""
        limits = functools.partial(self.limits, settings=grant.settings)
        return identify(grant, limits=limits)

    def fetch_schema(
        self, api: ApiClient, collection: CollectionContext
    ) -> Mapping[str, Any]:
        """Return labels, look-ups and the properties to ask for."""
        return fetch_schema(api, collection)

    def fetch_page(
        self,
        api: ApiClient,
        collection: CollectionContext,
        *,
        cursor: str | None,
        since: datetime | None = None,
    ) -> Page:
        """Return one page of the whole list, or of the search for what changed."""
        reader = Reader(api, collection)
        if since is not None:
            limits = _search_limits(collection)
            return changes.fetch_changes(reader, limits, since=since, cursor=cursor)
        rows, following = reader.fetch_rows(cursor)
        found = reader.map_listed(rows)
        merged: dict[str, Deletion] = {}
        telling: set[str] = set()
        for item in found.mapped:
            if away := merged_away(item):
                merged |= away
                telling.add(item.id)
        found = found.following_from_more(telling)
        return to_page(found, following, deleted=merged, cut=reader.cut)

    def prefetch_page(
        self,
        api: ApiClient,
        collection: CollectionContext,
        *,
        cursor: str | None,
        since: datetime | None = None,
    ) -> bool:
        """Send for a page of the whole list; a search is not sent for ahead."""
        return since is None and Reader(api, collection).prefetch_rows(cursor)

    def lane_of(self, remote_id: str, details: Mapping[str, Any]) -> str:
        """Return the type of records: one waits for no other's answers."""
        return remote_id

    def fetch_deleted(
        self, api: ApiClient, collection: CollectionContext, *, cursor: str | None
    ) -> Page:
        """Return one page of archived ids; HubSpot keeps them for 90 days."""
        rows, following = Reader(api, collection).fetch_rows(cursor, archived=True)
        ids = [id_of(row) for row in rows if not is_living(row)]
        return Page(
            items=(),
            next_cursor=following,
            unreadable=ids.count(None),
            deleted={each: ARCHIVED for each in ids if each is not None},
        )

    def fetch_count(self, api: ApiClient, collection: CollectionContext) -> int | None:
        """Return the search's own count of the records that are not archived."""
        return changes.fetch_count(Reader(api, collection), _search_limits(collection))

    def items_per_call(self, collection: CollectionContext) -> int:
        """Return how many records a call brings."""
        return by_id.ITEMS_PER_CALL

    def fetch_items(
        self,
        api: ApiClient,
        collection: CollectionContext,
        items: Sequence[StoredItem],
        *,
        unchanged_since: datetime | None = None,
    ) -> Page:
        """Return records by batch, with their associations."""
        reader = Reader(api, collection)
        return by_id.fetch_items(reader, items, unchanged_since=unchanged_since)

    def undated(self, collection: CollectionContext, names: Iterable[str]) -> set[str]:
        """Return the associations, and what HubSpot calculates."""
        return by_id.undated(collection, names)

    def link_properties(self, collection: CollectionContext) -> Sequence[str]:
        """Return the properties that hold associations."""
        kind = get_object_type(collection.remote_id)
        return by_id.link_properties(kind, collection)

    def fetch_relinked(
        self,
        api: ApiClient,
        collection: CollectionContext,
        items: Sequence[StoredItem],
    ) -> Sequence[str]:
        """Return the records whose associations have changed."""
        return by_id.fetch_relinked(Reader(api, collection), items)

    def leading_columns(
        self, item_type: str, schema: Mapping[str, Any]
    ) -> Sequence[str]:
        """Return the columns of HubSpot's own list of a type of records."""
        return objects.leading_columns(item_type)

    def naming_property(self, item_type: str, schema: Mapping[str, Any]) -> str | None:
        """Return the name of a deal or company; that of a contact has parts."""
        return objects.naming_property(item_type)

    def naming_parts(self, item_type: str, schema: Mapping[str, Any]) -> Sequence[str]:
        """Return what names are made of: of a contact, whichever of them is there."""
        return objects.naming_parts(item_type)

    def bookkeeping(self, schema: Mapping[str, Any]) -> Collection[str]:
        """Return the times that change with every other property."""
        return objects.BOOKKEEPING

    def field_roles(self, item_type: str) -> Mapping[Role, str]:
        """Return the ones that HubSpot itself tells contacts and companies by."""
        return objects.field_roles(item_type)

    def page_target(self, address: SplitResult) -> PageTarget:
        """Return the record that an address of HubSpot's pages stands for."""
        return record_in(address.path)

    def own_user_ids(
        self, account_id: str, account: Mapping[str, Any], schema: Mapping[str, Any]
    ) -> Sequence[str]:
        """Return the ids of the owners with the user's e-mail address."""
        return display.owners_of(str(account.get("user_email") or ""), schema)

    def found_out(
        self,
        before: Mapping[str, Any],
        after: Mapping[str, Any],
        parents: Parents,
        *,
        is_edited: bool = True,
    ) -> Collection[str]:
        """Return the associations of which more was told, or less."""
        return links.found_out(before, after, parents)

    def describe(
        self,
        properties: Mapping[str, Any],
        schema: Mapping[str, Any],
        account: Mapping[str, Any],
    ) -> Sequence[DisplayField]:
        """Label and type the values of a record."""
        return display.describe(properties, schema, account)

    def links(
        self,
        properties: Mapping[str, Any],
        schema: Mapping[str, Any],
        *,
        parent_id: str | None = None,
    ) -> Sequence[RemoteLink]:
        """Return the records that one is associated with."""
        return list(to_remote_links(properties, parent_id))

    def link_fields(
        self, collection_id: str, account: Mapping[str, Any]
    ) -> Sequence[FieldSpec]:
        """Return the associations of an object type."""
        return relations.link_fields(collection_id, account)

    def incoming_fields(
        self, collection_id: str, account: Mapping[str, Any]
    ) -> Sequence[FieldSpec]:
        """Return the associations of other object types with one."""
        return relations.incoming_fields(collection_id, account)

    def describe_links(self, properties: Mapping[str, Any]) -> Sequence[DisplayField]:
        """Return the records that one is associated with."""
        return relations.describe_links(properties)

    def write_scopes(self, collection_id: str) -> Sequence[str]:
        """Return what writing needs; only contacts can be written."""
        return writing.WRITE_SCOPES.get(collection_id, ())

    def writable_fields(self, collection: CollectionContext) -> Sequence[WritableField]:
        """Return the properties that people may write."""
        return writing.writable_fields(collection)

    def to_form(self, field: WritableField, value: Any) -> FormValue:
        """Return a property's text as a form shows it."""
        return writing.to_form(field, value)

    def from_form(self, field: WritableField, value: FormValue) -> Any:
        """Return the text of a property."""
        return writing.from_form(field, value)

    def is_same(self, field: WritableField, one: Any, other: Any) -> bool:
        """Tell whether two texts of a property mean the same."""
        return writing.is_same(field, one, other)

    def is_halfway(self, name: str, value: Any) -> bool:
        """Tell whether it is the stage, cleared to go back."""
        return writing.is_halfway(name, value)

    def identities(self, values: RawValues) -> Sequence[str]:
        """Return the addresses of a contact."""
        return writing.identities(values)

    def create(
        self, api: ApiClient, collection: CollectionContext, values: RawValues
    ) -> Written:
        """Create a record."""
        return writing.create(api, collection, values)

    def update(
        self,
        api: ApiClient,
        collection: CollectionContext,
        remote_id: str,
        values: RawValues,
    ) -> Written:
        """Change some properties of a record."""
        return writing.update(api, collection, remote_id, values)

    def archive(
        self, api: ApiClient, collection: CollectionContext, remote_id: str
    ) -> None:
        """Archive a record."""
        writing.archive(api, collection, remote_id)

    def find_existing(
        self, api: ApiClient, collection: CollectionContext, values: RawValues
    ) -> str | None:
        """Return the contact with the e-mail address among these values."""
        return writing.find_existing(api, collection, values)

    def update_many(
        self,
        api: ApiClient,
        collection: CollectionContext,
        changes: Mapping[str, RawValues],
    ) -> WrittenMany:
        """Change some properties of up to a hundred records."""
        return writing_many.update_many(api, collection, changes)

    def create_many(
        self,
        api: ApiClient,
        collection: CollectionContext,
        new: Mapping[str, RawValues],
    ) -> WrittenMany:
        """Create up to a hundred records."""
        return writing_many.create_many(api, collection, new)

    def find_many_existing(
        self,
        api: ApiClient,
        collection: CollectionContext,
        new: Mapping[str, RawValues],
    ) -> Mapping[str, str]:
        """Return the contacts with the e-mail addresses among these values."""
        return writing_many.find_many_existing(api, collection, new)

    def archive_many(
        self, api: ApiClient, collection: CollectionContext, remote_ids: Sequence[str]
    ) -> None:
        """Archive up to a hundred records."""
        writing_many.archive_many(api, collection, remote_ids)

    def fetch_many(
        self, api: ApiClient, collection: CollectionContext, remote_ids: Sequence[str]
    ) -> Mapping[str, IntegrationItem]:
        """Return records by batch, with their associations."""
        return writing_many.fetch_many(Reader(api, collection), remote_ids)

    def fetch_written(
        self, api: ApiClient, collection: CollectionContext, remote_id: str
    ) -> IntegrationItem | None:
        """Return a record by batch, with its associations."""
        return writing.fetch_written(Reader(api, collection), remote_id)

    def as_written(
        self, collection: CollectionContext, item: IntegrationItem, written: Written
    ) -> IntegrationItem:
        """Return a record with the values that the answer to a write told."""
        return as_written(collection, item, written)

    def fetch_overwritten(
        self,
        api: ApiClient,
        collection: CollectionContext,
        sent: Mapping[str, RawValues],
        before: Mapping[str, RawValues],
    ) -> Mapping[str, RawValues]:
        """Return what a write replaced unseen, by the histories of properties."""
        return overwritten.fetch_overwritten(Reader(api, collection), sent, before)

    def uninstall(self, api: ApiClient, settings: ProviderSettings) -> None:
        """Remove the app from the whole portal; its admins get an e-mail."""
        path = f"/appinstalls/{settings.version}/external-install"
        expect_nothing(api.delete(path), "uninstall")


def _hub_id(account_id: str) -> str:
    return account_id.partition(":")[0]


def _search_limits(collection: CollectionContext) -> tuple[Limit, ...]:
    key = f"hubspot:search:{_hub_id(collection.account_id)}"
    return (Limit(key=key, limit=SEARCH_CALLS, seconds=SEARCH_SECONDS),)
