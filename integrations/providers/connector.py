"""The interface of connectors: what each answers about its provider's data."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Literal
from urllib.parse import SplitResult

from msgspec import Struct

from integrations.http.client import ApiClient
from integrations.http.errors import ApiError
from integrations.http.resilience.limits import Limit
from integrations.http.responses.classify import default_classify
from integrations.http.sending.transport import Response
from integrations.oauth.client import OAuthClient
from integrations.oauth.tokens import TokenSet
from integrations.providers.finding import Parents, told_further
from integrations.providers.kinds import DeletionKind, Role
from integrations.providers.links import RemoteLink, links_among
from integrations.providers.raw import describe_raw
from integrations.providers.records import (
    DisplayField,
    Page,
    RemoteAccount,
    RemoteCollection,
    read_fields,
)
from integrations.providers.spec import ProviderSettings, ProviderSpec
from integrations.providers.stored import Recognize, StoredItems
from integrations.providers.typed.values import to_label


class CollectionContext(Struct, frozen=True, kw_only=True):
    """One collection, with what a connector needs to know to read it.

    ``schema`` is what ``fetch_schema`` returned, as kept beside the collection;
    ``account`` is ``RemoteAccount.details``; ``version`` is the API version that
    the operator configured, for providers that write it into their paths;
    ``stored`` is there while a sync reads. ``probes`` are ids of items to look for
    beside what changed, at most ``most_probes``: those that are not there any more
    belong into ``deleted``. ``tries`` is how often what comes next has failed, with a
    pause behind each: what fails again and again may be left out by then.
    ``recognize`` is there while everything is listed: what it finds need not be mapped.
    """

    remote_id: str
    name: str
    account_id: str
    account: Mapping[str, Any]
    schema: Mapping[str, Any]
    version: str
    stored: StoredItems | None = None
    probes: Sequence[str] = ()
    tries: int = 0
    recognize: Recognize | None = None


class NewGrant(Struct, frozen=True, kw_only=True):
    """A new grant: its tokens, and whom to ask whose it is.

    ``api`` calls with the grant's access token, and ``oauth`` can introspect it.
    """

    tokens: TokenSet
    api: ApiClient
    oauth: OAuthClient
    settings: ProviderSettings


class PageTarget(Struct, frozen=True, kw_only=True):
    """The item that an address stands for, by id.

    Its type and its account, as that stands in the addresses of all its items, where
    these tell items of one id apart.
    """

    remote_id: str
    item_type: str = ""
    account: str = ""


class BaseConnector(ABC):
    """Answer questions about the data of one provider, a page at a time.

    Two answers are required, ``identify`` and ``fetch_page``, and the ``collections``
    or a ``list_collections`` that finds them; everything else has a default that suits
    most services. Methods raise ``ApiError`` and its children only; a cursor is a
    string of the connector's own making that survives a restart.

    ``item_types`` names each type of item for users; those of the ``collections`` are
    named by themselves. ``lookback`` is how far an
    incremental sync reaches back behind its watermark, ``late_arrival_window`` how
    late the provider may show a change. ``finds_all_collections`` says whether absence
    from ``list_collections`` means anything; ``deleted_kind`` is what became of an item
    that a full refresh did not see. ``correlation_headers`` hold the provider's id of a
    request. ``mixed_types`` names, by the type of a collection, the other types of
    items that it holds as well; ``parent_types`` names, by the type of an item, the
    types of what may be its parent, where ids are unique in a type only; nothing is
    inside of items of ``leaf_types``, nor shown as such where ``links_parents`` tells
    that what an item is inside of is always among its links as well; items of
    ``structure_types`` are what an account is made of, so that their history is
    that of its schema; ``icon_property`` is the property that holds an item's
    emoji. Where ``ids_unique_in`` is the account, an item that turns up in another
    collection is the same item, moved. A listing may learn late of what was just
    shared: the first sync waits for ``usual_share_lag``, and a full refresh is
    repeated after ``longest_share_lag``. A provider that ``leaves_out_empty`` names
    an item's values only. ``most_probes`` is how many stored items an incremental
    sync looks for besides. ``calls_a_day`` is how many calls the smallest
    plan has, where that is less than the rate limit allows.
    """

    spec: ProviderSpec
    collections: Sequence[RemoteCollection] = ()
    mixed_types: Mapping[str, Sequence[str]] = MappingProxyType({})
    parent_types: Mapping[str, Sequence[str]] = MappingProxyType({})
    leaf_types: Sequence[str] = ()
    links_parents: bool = False
    structure_types: Sequence[str] = ()
    icon_property: str = ""
    lookback: timedelta = timedelta(minutes=5)
    late_arrival_window: timedelta = timedelta(minutes=15)
    usual_share_lag: timedelta = timedelta()
    longest_share_lag: timedelta = timedelta()
    correlation_headers: Sequence[str] = ("X-Request-Id",)
    finds_all_collections: bool = True
    leaves_out_empty: bool = False
    most_probes: int = 0
    calls_a_day: int | None = None
    ids_unique_in: Literal["account", "collection"] = "collection"
    deleted_kind: DeletionKind = DeletionKind.DELETED

    @property
    def item_types(self) -> Mapping[str, str]:
        """Return the name that users read for each type of item."""
        return {each.item_type: to_label(each.item_type) for each in self.collections}

    @abstractmethod
    def identify(self, grant: NewGrant) -> RemoteAccount:
        """Find out whose grant this is and what the account is called."""

    @abstractmethod
    def fetch_page(
        self,
        api: ApiClient,
        collection: CollectionContext,
        *,
        cursor: str | None,
        since: datetime | None = None,
    ) -> Page:
        """Return one page of the full listing, or of what changed since a time.

        ``since`` is aware and UTC; what changed at that very time is in. A provider
        that cannot be asked for changes lists everything again.
        """

    def prefetch_page(
        self,
        api: ApiClient,
        collection: CollectionContext,
        *,
        cursor: str | None,
        since: datetime | None = None,
    ) -> bool:
        """Send for the page that ``fetch_page`` returns later; tell whether that is so.

        It is on its way while the page before it is stored, and those of other lanes
        (``lane_of``), each in the lane of ``ApiClient.prefetch`` of that name.
        Raises nothing.
        """
        return False

    def lane_of(self, remote_id: str, details: Mapping[str, Any]) -> str:
        """Return what a collection shares a lane with, "" for what is read alone.

        Those come first. Lanes are asked at once and stored as they come, a page of
        each; the collections of one lane are read one after the other.
        """
        return ""

    def list_collections(
        self, api: ApiClient, *, account: Mapping[str, Any]
    ) -> Sequence[RemoteCollection]:
        """Return every listable set of the account."""
        return self.collections

    def describe(
        self,
        properties: Mapping[str, Any],
        schema: Mapping[str, Any],
        account: Mapping[str, Any],
    ) -> Sequence[DisplayField]:
        """Return an item's properties, labelled and typed, important ones first.

        ``schema`` and ``account`` are as in CollectionContext. A property that is
        empty is left out.
        """
        return describe_raw(properties, schema)

    def links(
        self,
        properties: Mapping[str, Any],
        schema: Mapping[str, Any],
        *,
        parent_id: str | None = None,
    ) -> Sequence[RemoteLink]:
        """Return the links of an item to others, each once.

        Its own, not those that are looked up through another item. What belongs to a
        parent only is no link: that is ``IntegrationItem.parent_id``.
        """
        return links_among(self.describe(properties, schema, {}))

    def leading_columns(
        self, item_type: str, schema: Mapping[str, Any]
    ) -> Sequence[str]:
        """Return the properties that the provider's own lists of a type show first."""
        fields = read_fields(schema)
        return [spec.name for spec in fields if not (spec.is_hidden or spec.group)]

    def naming_property(self, item_type: str, schema: Mapping[str, Any]) -> str | None:
        """Return the property that is the name of items of a type, if one alone is.

        The whole of its text is the name, so that a list shows it once.
        """
        return None

    def naming_parts(self, item_type: str, schema: Mapping[str, Any]) -> Sequence[str]:
        """Return the properties that the name of an item of a type is made of.

        Beside a change of one of them, that of the name is not told once more.
        """
        named = self.naming_property(item_type, schema)
        return [named] if named else []

    def bookkeeping(self, schema: Mapping[str, Any]) -> Collection[str]:
        """Return the properties in which the provider notes when an item was edited.

        They are stored as any other, and told as no change.
        """
        return ()

    def field_roles(self, item_type: str) -> Mapping[Role, str]:
        """Return which properties of a type's items tell what each role means.

        Without any, a field of the right type has the role where it is the only one.
        """
        return {}

    def collection_of(
        self, item_type: str, remote_id: str, *, parent_id: str
    ) -> str | None:
        """Return the remote id of the collection whose rows an item holds, if any."""
        return None

    def item_of(self, collection_id: str) -> tuple[str, str] | None:
        """Return type and remote id of the item that stands for a collection, if any.

        The other way round as ``collection_of``.
        """
        return None

    def page_target(self, address: SplitResult) -> PageTarget:
        """Return what the address of a page at the provider stands for.

        Without anything more telling it is the last part of its path.
        """
        return PageTarget(remote_id=address.path.rstrip("/").rpartition("/")[2])

    def own_user_ids(
        self, account_id: str, account: Mapping[str, Any], schema: Mapping[str, Any]
    ) -> Sequence[str]:
        """Return the ids under which values name the user who gave the grant.

        Behind them come the e-mail and the name, for values that have no id.
        """
        return ()

    def complete(
        self, properties: Mapping[str, Any], schema: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Return the properties, with those that say something by being left out."""
        return properties

    def found_out(
        self,
        before: Mapping[str, Any],
        after: Mapping[str, Any],
        parents: Parents,
        *,
        is_edited: bool = True,
    ) -> Collection[str]:
        """Return which properties of an item differ though nobody changed them there.

        They were worked out from other items, or told in part before. ``PARENT`` in
        it says so of what the item is inside of, which ``parents`` names. It
        ``is_edited`` where the provider dates a later edit than the one before.
        """
        return told_further(before, after)

    def classify(self, response: Response) -> ApiError | None:
        """Return the error an answer stands for in this provider's words."""
        return default_classify(response)

    def limits(self, account_id: str, settings: ProviderSettings) -> Sequence[Limit]:
        """Return the limits that every ordinary call of one account obeys.

        An id of several parts begins with the account that its users share.
        """
        if settings.rate_limit is None:
            return ()
        seconds = self.spec.limit_seconds
        shared = account_id.partition(":")[0]
        return (
            Limit(
                key=f"{self.spec.slug}:{settings.client_id}:{shared}",
                limit=max(1, settings.rate_limit * round(seconds) // 10),
                seconds=seconds,
                may_rise=not settings.is_rate_limit_set,
            ),
        )

    def told_limits(
        self, limits: Sequence[Limit], headers: Mapping[str, str]
    ) -> Sequence[Limit]:
        """Return the limits as an answer's headers tell them, where they do."""
        return limits

    def headers(self, settings: ProviderSettings) -> Mapping[str, str]:
        """Return headers that every call carries."""
        return {}

    def fetch_schema(
        self, api: ApiClient, collection: CollectionContext
    ) -> Mapping[str, Any]:
        """Return labels and look-ups, JSON-safe; key ``fields`` holds FieldSpecs.

        What cannot be a schema is an InvalidResponse: the one that is kept stays. Where
        only a part could not be told, ``ask_again`` is true, and the next sync asks;
        ``refused`` names the optional parts that the provider would not give. Without
        a schema at all, when even that is refused, pages are fetched with an empty one.
        """
        return {}

    def fetch_deleted(
        self, api: ApiClient, collection: CollectionContext, *, cursor: str | None
    ) -> Page:
        """Return one page of ids known to be archived or deleted, in ``deleted``."""
        return Page(items=(), next_cursor=None)

    def fetch_count(self, api: ApiClient, collection: CollectionContext) -> int | None:
        """Return the provider's own count of the collection, if it gives one."""
        return None
