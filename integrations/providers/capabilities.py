"""Capabilities that a connector may have; the services ask for each."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from msgspec import Struct

from integrations.http.client import ApiClient
from integrations.providers.connector import CollectionContext
from integrations.providers.records import (
    Content,
    DisplayField,
    FieldSpec,
    IntegrationItem,
    Page,
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


@runtime_checkable
class ReadsContent(Protocol):
    """A connector whose items have a text of their own, fetched one by one."""

    content_types: Sequence[str]

    def fetch_content(self, api: ApiClient, remote_id: str) -> Content:
        """Return the text of one item; NotFound when it is not shared any more."""


@runtime_checkable
class ReadsItems(Protocol):
    """A connector that reads chosen items again, by their ids.

    Where it cannot, ``items_per_call`` is 0; else it is how many of a collection's
    items a call brings, links and the rest of long values included.
    """

    def items_per_call(self, collection: CollectionContext) -> int:
        """Return how many items a call brings, 0 where none can be asked for."""

    def fetch_items(
        self,
        api: ApiClient,
        collection: CollectionContext,
        items: Sequence[StoredItem],
        *,
        unchanged_since: datetime | None = None,
    ) -> Page:
        """Return those of some stored items that the provider shows, as it lists them.

        Those that changed at or after ``unchanged_since`` are left out.
        """

    def undated(self, collection: CollectionContext, names: Iterable[str]) -> set[str]:
        """Return those fields that can change without the item's modified time.

        ``names`` are fields of an IntegrationItem as they are stored; those of its
        properties begin with ``properties.``.
        """


@runtime_checkable
class ReadsLinks(Protocol):
    """A connector whose items' links change without the item's modified time.

    One call of each kind of link brings those of ``links_per_call`` items.
    """

    links_per_call: int

    def link_properties(self, collection: CollectionContext) -> Sequence[str]:
        """Return the properties that hold links, none where there are no links."""

    def fetch_relinked(
        self,
        api: ApiClient,
        collection: CollectionContext,
        items: Sequence[StoredItem],
    ) -> Sequence[str]:
        """Return the ids of those items whose links are not as they are stored.

        Of their properties, the items have those that hold links only.
        """


@runtime_checkable
class HasLinkFields(Protocol):
    """A connector whose items' links are fields that no schema of its names."""

    def link_fields(
        self, collection_id: str, account: Mapping[str, Any]
    ) -> Sequence[FieldSpec]:
        """Return the relations that items of a collection have."""

    def incoming_fields(
        self, collection_id: str, account: Mapping[str, Any]
    ) -> Sequence[FieldSpec]:
        """Return the relations of other collections that lead to a collection."""

    def describe_links(self, properties: Mapping[str, Any]) -> Sequence[DisplayField]:
        """Return the relations that an item has, all of them."""


@runtime_checkable
class TellsColumns(Protocol):
    """A connector that tells by one call which columns many collections have.

    Who reads the collection ``columns_told_by`` is told them with its items.
    """

    columns_told_by: str

    def fetch_columns(self, api: ApiClient) -> Sequence[RemoteCollection]:
        """Return collections under their names and tags of today; they prove nothing.

        That they can be read is not told by it.
        """


@runtime_checkable
class WritesItems(Protocol):
    """A connector that creates, changes and archives items of some collections.

    Values are in the provider's own form, as in ``IntegrationItem.properties``. Refused
    values are ``ValuesRefused``, and an identity that is taken is ``AlreadyExists``.
    A call that writes is sent once: whether it came through where its answer is lost
    is for ``fetch_written`` and ``find_existing`` to say, which see a write at once.
    ``id_headings`` are those of a column of ids in the provider's own exports, in
    small letters without spaces and signs.
    """

    id_headings: frozenset[str]

    def write_scopes(self, collection_id: str) -> Sequence[str]:
        """Return the scopes that writing to a collection needs; none: it cannot be."""

    def writable_fields(self, collection: CollectionContext) -> Sequence[WritableField]:
        """Return the fields that can be written, important ones first."""

    def to_form(self, field: WritableField, value: Any) -> FormValue:
        """Return a value of the provider's as a form shows it."""

    def from_form(self, field: WritableField, value: FormValue) -> Any:
        """Return what a form took, in the provider's own form."""

    def is_same(self, field: WritableField, one: Any, other: Any) -> bool:
        """Tell whether two values mean the same: forms differ, nothing is empty."""

    def is_halfway(self, name: str, value: Any) -> bool:
        """Tell whether a write of several calls that was cut off may leave a value."""

    def identities(self, values: RawValues) -> Sequence[str]:
        """Return by what an item with these values is found, in a form to compare."""

    def create(
        self, api: ApiClient, collection: CollectionContext, values: RawValues
    ) -> Written:
        """Create an item."""

    def update(
        self,
        api: ApiClient,
        collection: CollectionContext,
        remote_id: str,
        values: RawValues,
    ) -> Written:
        """Change some values of an item; NotFound when it is not there any more."""

    def archive(
        self, api: ApiClient, collection: CollectionContext, remote_id: str
    ) -> None:
        """Archive an item; one that is archived already stays so."""

    def find_existing(
        self, api: ApiClient, collection: CollectionContext, values: RawValues
    ) -> str | None:
        """Return the id of the item that has the identity among these values."""

    def fetch_written(
        self, api: ApiClient, collection: CollectionContext, remote_id: str
    ) -> IntegrationItem | None:
        """Return an item as a sync reads it; None when it is not there.

        One that was merged is the item that it became, which has another id.
        """

    def as_written(
        self, collection: CollectionContext, item: IntegrationItem, written: Written
    ) -> IntegrationItem:
        """Return an item with what a write has made of it.

        A reading may lag behind the answer to a write; one that does not is returned
        as it is.
        """

    def fetch_overwritten(
        self,
        api: ApiClient,
        collection: CollectionContext,
        sent: Mapping[str, RawValues],
        before: Mapping[str, RawValues],
    ) -> Mapping[str, RawValues]:
        """Return values of others that a write replaced unseen, by item.

        ``before`` is what was read before ``sent`` was written. Nothing where the
        provider refuses such a write, or where nobody can tell.
        """


@runtime_checkable
class WritesManyItems(WritesItems, Protocol):
    """A connector that writes many items by one call, up to ``items_per_write``."""

    items_per_write: int

    def create_many(
        self,
        api: ApiClient,
        collection: CollectionContext,
        new: Mapping[str, RawValues],
    ) -> WrittenMany:
        """Create items, by keys of the caller's; each is taken or refused."""

    def find_many_existing(
        self,
        api: ApiClient,
        collection: CollectionContext,
        new: Mapping[str, RawValues],
    ) -> Mapping[str, str]:
        """Return the ids of items that have the identity of new ones, by their keys."""

    def archive_many(
        self, api: ApiClient, collection: CollectionContext, remote_ids: Sequence[str]
    ) -> None:
        """Archive items; those that are archived already stay so."""

    def update_many(
        self,
        api: ApiClient,
        collection: CollectionContext,
        changes: Mapping[str, RawValues],
    ) -> WrittenMany:
        """Change some values of items, by their ids; each is taken or refused."""

    def fetch_many(
        self, api: ApiClient, collection: CollectionContext, remote_ids: Sequence[str]
    ) -> Mapping[str, IntegrationItem]:
        """Return items as a sync reads them; those that were merged are left out."""


class CollectionGroup(Struct, frozen=True, kw_only=True):
    """The part of an account that a collection belongs to, and its name in there."""

    group_id: str
    group: str
    name: str


@runtime_checkable
class GroupsCollections(Protocol):
    """A connector whose collections belong to parts of the account."""

    def group_of(self, details: Mapping[str, Any]) -> CollectionGroup | None:
        """Return where the collection with these details belongs, if to a part."""


class Plan(Struct, frozen=True, kw_only=True):
    """A plan of the provider's; ``calls`` a month, None without a limit."""

    slug: str
    name: str
    calls: int | None


class Estimate(Struct, frozen=True, kw_only=True):
    """The calls a month that each collection costs, and ``listing`` them all."""

    collections: Mapping[str, int]
    listing: int

    def total(self, chosen: Iterable[str]) -> int:
        """Return what reading these collections costs, by their remote ids."""
        return self.listing + sum(self.collections.get(key, 0) for key in chosen)


class Schedule(Struct, frozen=True, kw_only=True):
    """How often to look for changes and to read everything, and what that costs."""

    interval_minutes: int
    full_refresh_hours: int
    calls: int


@runtime_checkable
class EstimatesCost(Protocol):
    """A connector whose provider limits the calls of a month.

    ``counts`` maps the remote ids of collections to how many items each has;
    ``chosen`` are the ids of those that are read.
    """

    plans: Sequence[Plan]
    quota_description: str

    def estimate(
        self,
        counts: Mapping[str, int],
        *,
        interval_minutes: int,
        full_refresh_hours: float,
    ) -> Estimate:
        """Return what each collection costs."""

    def fitting_schedule(
        self, counts: Mapping[str, int], *, chosen: Sequence[str], quota: int
    ) -> Schedule | None:
        """Return the best schedule whose calls fit a quota, None if none does."""


@runtime_checkable
class UninstallsApp(Protocol):
    """A connector whose app is installed once for a whole account, and removable.

    ``installation_of`` returns the part of an account id that one installation stands
    for; every grant in it ends with it.
    """

    def installation_of(self, account_id: str) -> str:
        """Return what one installed app stands for."""

    def uninstall(self, api: ApiClient, settings: ProviderSettings) -> None:
        """Remove the app from the whole account."""
