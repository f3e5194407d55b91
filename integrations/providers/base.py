"""Say what a provider and its connector are, in plain data and one protocol."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol, runtime_checkable
from urllib.parse import urljoin, urlsplit

from integrations.http.client import ApiClient
from integrations.http.errors import ApiError
from integrations.http.limits import Limit
from integrations.http.secrets import Secret
from integrations.http.transport import Response
from integrations.oauth.client import OAuthClient
from integrations.oauth.config import OAuthConfig, Rejection
from integrations.oauth.tokens import TokenSet

ReadEnvironment = Callable[[str], str]


@dataclass(frozen=True, kw_only=True)
class ProviderSettings:
    """Hold what an operator configured for one provider.

    ``rate_limit`` is how many requests per ten seconds the provider grants this
    app for one account, where that is another figure than the usual one.
    """

    client_id: str
    client_secret: Secret
    redirect_uri: str
    authorize_url: str
    token_url: str
    api_url: str
    version: str
    is_sandbox: bool
    rate_limit: int | None = None

    @property
    def is_configured(self) -> bool:
        """Tell whether anybody can connect to this provider."""
        return bool(self.client_id)


@dataclass(frozen=True, kw_only=True)
class Scope:
    """Name one OAuth scope and say in plain words what it allows."""

    name: str
    words: str
    is_optional: bool = False
    writes: bool = False


@dataclass(frozen=True, kw_only=True)
class ProviderSpec:
    """Describe the OAuth side of one provider; no secrets, no settings.

    ``introspect_path`` and ``revoke_path`` are references relative to the token
    endpoint, because every provider hangs them under or beside it.
    ``rejections`` adds the provider's own error codes of the token endpoint to
    those of the RFCs. ``optional_scope_param`` is empty where the provider knows no
    optional scopes. Two fields say how to find out whether a refresh token was spent
    by a request whose answer was lost: ``introspects_refresh_tokens`` where asking
    about one is documented; ``alive_path``, under the API's address, where a refresh
    ends the older access token at once and this path answers 401 from then on.
    ``reconsent_words`` name what a person can change by consenting again, where they
    choose what is shared.
    """

    slug: str
    name: str
    summary: str
    authorize_url: str
    token_url: str
    api_url: str
    scopes: tuple[Scope, ...]
    client_auth: Literal["body", "basic"] = "body"
    body_format: Literal["form", "json"] = "form"
    pkce: bool = False
    introspect_path: str = ""
    revoke_path: str = ""
    authorize_params: Mapping[str, str] = field(default_factory=dict)
    version_env: str = ""
    default_version: str = ""
    version_header: str = ""
    optional_scope_param: str = ""
    rejections: Mapping[str, Rejection] = field(default_factory=dict)
    keep_alive: timedelta | None = None
    introspects_refresh_tokens: bool = False
    alive_path: str = ""
    manage_url: str = ""
    reconsent_words: str = ""

    @property
    def env_prefix(self) -> str:
        """Return the prefix of this provider's environment names."""
        return f"{self.slug.upper()}_"

    @property
    def callback_path(self) -> str:
        """Return the fixed redirect path, the seed's for every provider."""
        return f"/integrations/{self.slug}/oauth2callback"

    def required_scopes(self) -> tuple[str, ...]:
        """Return the scopes without which a connection is of no use."""
        return tuple(s.name for s in self.scopes if not s.is_optional)

    def optional_scopes(self) -> tuple[str, ...]:
        """Return the scopes a provider may drop without harm to the rest."""
        return tuple(s.name for s in self.scopes if s.is_optional)

    def from_environment(
        self, read: ReadEnvironment, *, public_base_url: str, sandbox_url: str
    ) -> ProviderSettings:
        """Resolve this provider's settings: explicit, else sandbox, else real.

        ``read`` returns the value of an environment name, empty when unset.
        """
        prefix = self.env_prefix
        client_id = read(f"{prefix}CLIENT_ID")
        secret = read(f"{prefix}CLIENT_SECRET")
        is_sandbox = not client_id and bool(sandbox_url)
        if is_sandbox:
            client_id = f"sandbox-{self.slug}"
            secret = f"sandbox-secret-{self.slug}"

        def address(name: str, default: str) -> str:
            if is_sandbox:
                return _rebase(default, f"{sandbox_url.rstrip('/')}/{self.slug}")
            return read(f"{prefix}{name}") or default

        redirect_uri = "" if is_sandbox else read(f"{prefix}REDIRECT_URI")
        return ProviderSettings(
            client_id=client_id,
            client_secret=Secret(secret),
            redirect_uri=redirect_uri
            or public_base_url.rstrip("/") + self.callback_path,
            authorize_url=address("AUTHORIZE_URL", self.authorize_url),
            token_url=address("TOKEN_URL", self.token_url),
            api_url=address("API_URL", self.api_url).rstrip("/"),
            version=(read(self.version_env) if self.version_env else "")
            or self.default_version,
            is_sandbox=is_sandbox,
            rate_limit=_whole(read(f"{prefix}RATE_LIMIT")),
        )

    def oauth_config(self, settings: ProviderSettings) -> OAuthConfig:
        """Join what the provider is like with what the operator configured."""
        headers = {self.version_header: settings.version} if self.version_header else {}
        return OAuthConfig(
            authorize_url=settings.authorize_url,
            token_url=settings.token_url,
            introspect_url=self._beside(settings.token_url, self.introspect_path),
            revoke_url=self._beside(settings.token_url, self.revoke_path),
            client_id=settings.client_id,
            client_secret=settings.client_secret,
            redirect_uri=settings.redirect_uri,
            client_auth=self.client_auth,
            body_format=self.body_format,
            pkce=self.pkce,
            optional_scope_param=self.optional_scope_param,
            headers=headers,
            authorize_params=self.authorize_params,
            rejections=self.rejections,
        )

    @staticmethod
    def _beside(token_url: str, path: str) -> str:
        return urljoin(token_url, path) if path else ""


def _whole(text: str) -> int | None:
    """Return a positive whole number; the settings refuse what is none, by name."""
    return (int(text) or None) if text.isascii() and text.isdigit() else None


def _rebase(url: str, base: str) -> str:
    """Move the path of a real address under the sandbox."""
    return base + urlsplit(url).path


class ListingExpiredError(ApiError):
    """Say that a listing cannot be continued and must start again at its first page."""


class IncompleteListingError(ApiError):
    """Say that a part of an account could not be looked into; ``found`` is the rest.

    What is not in it may be there all the same.
    """

    def __init__(self, message: str, *, found: "Sequence[RemoteCollection]") -> None:
        """Keep what was found."""
        super().__init__(message)
        self.found = found


class CollectionGoneError(ApiError):
    """Say that a whole collection is gone; the message is the reason.

    ``is_proven`` tells a deletion the provider admits from a mere 404, which may
    also be a permission that was taken away.
    """

    def __init__(self, message: str, *, is_proven: bool = False) -> None:
        """Keep whether the provider itself says that it was deleted."""
        super().__init__(message)
        self.is_proven = is_proven


@dataclass(frozen=True, kw_only=True)
class RemoteAccount:
    """Name the account at the provider that a grant is for.

    ``remote_id`` is the identity of the grant (section 4 of the design);
    ``details`` are plain facts worth keeping: domain of the pages, time zone.
    """

    remote_id: str
    name: str
    scopes: tuple[str, ...] | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class RemoteCollection:
    """Name one listable set inside an account.

    ``required_scopes`` are those without which the set cannot be read;
    ``item_type`` is the ``type`` of the items that it yields. Two keys of ``details``
    mean the same for every provider: ``gone_words`` stand in for the connector's, and
    ``schema_tag`` changes with the schema, which says the same under ``tag``.
    """

    remote_id: str
    name: str
    item_type: str
    required_scopes: tuple[str, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class FieldSpec:
    """Describe one property of a collection's items as the provider labels it.

    ``kind`` is one of text, number, percent, money, boolean, date, datetime,
    choice, choices, person, email, phone, link, or a word of the connector's own.
    """

    name: str
    label: str
    kind: str = "text"
    options: Mapping[str, str] = field(default_factory=dict)
    is_hidden: bool = False
    is_read_only: bool = False


@dataclass(frozen=True, kw_only=True)
class DisplayField:
    """Carry one property the way a person reads it; ``kind`` as in FieldSpec.

    ``linked_ids`` are items of the collection ``linked_collection`` in the same
    connection; whoever shows the field can put their names in place of ``value``.
    """

    name: str
    label: str
    value: str
    kind: str = "text"
    linked_ids: tuple[str, ...] = ()
    linked_collection: str = ""


@dataclass(frozen=True, kw_only=True)
class StoredItem:
    """Tell a connector what is stored of one live item.

    ``collection_id`` is the remote id of its collection, and ``crowd`` how many live
    items that holds; ``changed`` is when it was stored, revived or last changed
    here; ``position`` is what ``StoredItems.walk`` continues behind.
    """

    id: str
    type: str
    collection_id: str
    changed: datetime
    parent_id: str | None = None
    properties: Mapping[str, Any] = field(default_factory=dict)
    crowd: int = 0
    position: str = ""


class StoredItems(Protocol):
    """Look at what is stored, for providers whose own listings have holes.

    ``turn`` is the number of the collection's current full pass, ``last_pass`` when
    the one before it ended. Hidden items are never among the answers.
    """

    turn: int
    last_pass: datetime | None

    def find(self, ids: Sequence[str]) -> Mapping[str, StoredItem]:
        """Return the items of the whole connection that have these ids."""

    def walk(
        self, *, after: str, limit: int, since: datetime | None = None
    ) -> Sequence[StoredItem]:
        """Return the next items of the whole connection, behind ``after``.

        What is stored or revived during a walk comes later in it, so that a walk
        reaches what it found itself; ordering by ``changed`` does that. ``since``
        keeps those that changed here at or after it.
        """

    def orphans(self, *, after: str, limit: int) -> Sequence[StoredItem]:
        """Return the collection's items, by id, whose parent is not stored."""

    def unseen(self, *, after: str, limit: int) -> Sequence[StoredItem]:
        """Return the collection's items, by id, that this pass has not seen."""


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


@dataclass(frozen=True, kw_only=True)
class IntegrationItem:
    """Carry one record from a connector to the store, and out in every export.

    The fields are the seed's; ``properties`` holds what else the provider said,
    JSON values by the provider's own name.
    """

    id: str
    type: str
    name: str
    directory: bool = False
    parent_path_or_name: str | None = None
    parent_id: str | None = None
    creation_time: datetime | None = None
    last_modified_time: datetime | None = None
    url: str | None = None
    children: tuple[str, ...] | None = None
    mime_type: str | None = None
    delta: str | None = None
    drive_id: str | None = None
    visibility: bool = True
    properties: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Page:
    """Return one page of a listing and where the next one starts.

    ``next_cursor`` is ``None`` only when the provider said that this was the end.
    ``unreadable`` counts rows that could not be mapped and were left out;
    ``total`` is the provider's own count, where it gives one;
    ``gone`` maps ids the page proves to be away to the reason.
    ``gap``, on the last page, says why something may be missing although the listing
    has ended: then nothing that it did not show may be hidden.
    ``note``, on the last page, says what has not been looked into yet, although what
    is stored is proven.
    ``siblings`` holds what the page happened to show of other collections of the
    connection, by their remote id; ``collections`` are those it revealed.
    """

    items: Sequence[IntegrationItem]
    next_cursor: str | None
    total: int | None = None
    unreadable: int = 0
    gone: Mapping[str, str] = field(default_factory=dict)
    gap: str = ""
    note: str = ""
    siblings: Mapping[str, "Page"] = field(default_factory=dict)
    collections: Sequence[RemoteCollection] = ()


@dataclass(frozen=True, kw_only=True)
class Content:
    """Return the text of one item as an outline: blocks in order, JSON-safe.

    A block has ``kind``, ``text`` and ``depth``; ``text`` joins them for searching.
    """

    blocks: Sequence[Mapping[str, Any]]
    text: str
    is_truncated: bool = False


@runtime_checkable
class ReadsContent(Protocol):
    """Be a connector whose items have a text of their own, fetched one by one."""

    content_types: Sequence[str]

    def fetch_content(self, api: ApiClient, remote_id: str) -> Content:
        """Return the text of one item; NotFound when it is not shared any more."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Say which part of an account a collection belongs to, and its name in there."""

    group_id: str
    group: str
    name: str


@runtime_checkable
class GroupsCollections(Protocol):
    """Be a connector whose collections belong to parts of the account."""

    def place_of(self, details: Mapping[str, Any]) -> Place | None:
        """Return where the collection with these details belongs, if to a part."""


@runtime_checkable
class TellsStructure(Protocol):
    """Be a connector whose items of some types tell what an account is made of.

    Their history is that of its schema.
    """

    structure_types: Sequence[str]


@runtime_checkable
class MixesTypes(Protocol):
    """Be a connector whose collections of one type hold items of others as well."""

    mixed_types: Mapping[str, Sequence[str]]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Name a plan of the provider's; ``calls`` a month, None without a limit."""

    slug: str
    name: str
    calls: int | None


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """Say how many calls a month each collection costs, and ``listing`` them all."""

    collections: Mapping[str, int]
    listing: int


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """Say how often to look for changes and to read everything, and what it costs."""

    interval_minutes: int
    full_pass_hours: int
    calls: int


@runtime_checkable
class EstimatesCost(Protocol):
    """Be a connector whose provider limits the calls of a month.

    ``counts`` maps the remote ids of collections to how many items each has;
    ``chosen`` are the ids of those that are read.
    """

    plans: Sequence[Plan]
    quota_words: str

    def estimate(
        self,
        counts: Mapping[str, int],
        *,
        interval_minutes: int,
        full_pass_hours: float,
    ) -> Estimate:
        """Return what each collection costs."""

    def fitting_schedule(
        self, counts: Mapping[str, int], *, chosen: Sequence[str], quota: int
    ) -> Schedule | None:
        """Return the best schedule whose calls fit a quota, None if none does."""


@runtime_checkable
class SharesLate(Protocol):
    """Be a connector whose listings learn late of what was just shared with it.

    The first sync waits for the usual time; a full pass is repeated after the longest.
    """

    usual_share_lag: timedelta
    longest_share_lag: timedelta


@runtime_checkable
class HasIcons(Protocol):
    """Be a connector whose items can have an emoji, kept among their properties."""

    icon_property: str


class Connector(Protocol):
    """Answer questions about the data of one provider, a page at a time.

    Methods raise ``ApiError`` and its children only; a cursor is a string of the
    connector's own making that survives a restart. ``changes_overlap`` is how far
    an increment reaches back behind its watermark; ``settle_after`` is how late
    the provider may show a change. ``item_types`` names each type of item for
    people; ``correlation_headers`` and ``classify`` are for the client that calls.
    ``finds_all_collections`` says whether absence from ``list_collections`` means
    anything; ``gone_words`` is what is said of an item that a full pass did not see.
    """

    spec: ProviderSpec
    item_types: Mapping[str, str]
    changes_overlap: timedelta
    settle_after: timedelta
    correlation_headers: Sequence[str]
    can_uninstall: bool
    finds_all_collections: bool
    gone_words: str

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

    def fetch_gone(
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
        """Turn an item's raw properties into what a person reads, important first."""

    def uninstall(self, api: ApiClient, settings: ProviderSettings) -> None:
        """Remove the app from the whole account, where the provider can."""
