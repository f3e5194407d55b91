"""Describe the OAuth side of a provider, and what an operator configured for it."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Literal
from urllib.parse import quote, urljoin, urlsplit

from msgspec import Struct, field

from integrations.http.responses.error_forms import ANY_FORM, RFC_FORM, ErrorForm
from integrations.http.secrets import Secret
from integrations.oauth.config import OAuthConfig, Rejection
from integrations.providers.versions import ApiVersion, UsedVersion, used_versions

ReadEnvironment = Callable[[str], str]


class ProviderSettings(Struct, frozen=True, kw_only=True):
    """What an operator configured for one provider.

    ``rate_limit`` is how many requests per ten seconds the provider grants this
    app for one account: the operator's figure, else the usual one.
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
    is_rate_limit_set: bool = False

    @property
    def is_configured(self) -> bool:
        """Tell whether anybody can connect to this provider."""
        return bool(self.client_id)


class Scope(Struct, frozen=True, kw_only=True):
    """One OAuth scope, and what it allows in plain words.

    One that ``writes`` is optional, and asked for only by whoever wants to edit.
    """

    name: str
    description: str
    is_optional: bool = False
    writes: bool = False


class ProviderSpec(Struct, frozen=True, kw_only=True):
    """Describe the OAuth side of one provider; no secrets, no settings.

    ``introspect_path`` and ``revoke_path`` are references relative to the token
    endpoint, because every provider hangs them under or beside it.
    ``revokes`` is the kind of token that the latter is described for.
    ``rejections`` adds the provider's own error codes of the token endpoint to
    those of the RFCs. ``error_forms`` and ``token_error_forms`` are what the API's and
    the token endpoint's error bodies look like: a refusal of another form came from an
    intermediary. ``optional_scope_param`` is empty where the provider knows no
    optional scopes. Two fields say how to find out whether a refresh token was spent
    by a request whose answer was lost: ``introspects_refresh_tokens`` where asking
    about one is documented; ``alive_path``, under the API's address, where a refresh
    ends the older access token at once and this path answers 401 from then on.
    ``rate_limit`` is how many calls in ten seconds the users of one account may make
    together; they are counted in windows of ``limit_seconds``, which is a little more
    than the provider counts in, for calls that arrive late.
    ``revokes_one_pair`` says that revoking a token leaves the tokens of other consents
    for the same account alive; elsewhere it may end the whole authorization.
    ``reconsent_label`` names what a user can change by consenting again, where they
    choose what is shared. ``account_keys`` name the details of an account, as
    ``identify`` gives them, by which users tell two accounts of one name apart.
    ``manage_url`` is the provider's page where users end a grant themselves;
    ``{account}`` in it stands for the part of the account's id that its users share.
    ``reason_texts`` word the codes of reasons, as of ``IncompleteKind``, where only
    this provider does what they stand for; ``{number}`` is the reason's.
    ``extra_texts`` name its optional parts, which may be refused, and ``cut_texts``
    what it may have more of than is read.
    ``home_url`` is where the account is seen, and ``empty_hint`` says there what to
    do about one in which nothing can be read. ``versions`` are those of the API that
    the provider has said something about: when they end, or that no end is planned.
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
    revokes: Literal["access_token", "refresh_token"] = "refresh_token"
    revokes_one_pair: bool = False
    authorize_params: Mapping[str, str] = field(default_factory=dict)
    version_env: str = ""
    default_version: str = ""
    version_header: str = ""
    optional_scope_param: str = ""
    rejections: Mapping[str, Rejection] = field(default_factory=dict)
    error_forms: tuple[ErrorForm, ...] = (ANY_FORM,)
    token_error_forms: tuple[ErrorForm, ...] = (RFC_FORM,)
    keep_alive: timedelta | None = None
    introspects_refresh_tokens: bool = False
    alive_path: str = ""
    manage_url: str = ""
    reconsent_label: str = ""
    home_url: str = ""
    empty_hint: str = "There is nothing in it yet. What comes in is read by itself."
    reason_texts: Mapping[str, str] = field(default_factory=dict)
    extra_texts: Mapping[str, str] = field(default_factory=dict)
    cut_texts: Mapping[str, str] = field(default_factory=dict)
    rate_limit: int | None = None
    limit_seconds: float = 10.25
    account_keys: tuple[str, ...] = ()
    versions: tuple[ApiVersion, ...] = ()

    @property
    def env_prefix(self) -> str:
        """Return the prefix of this provider's environment names."""
        return f"{self.slug.upper()}_"

    @property
    def callback_path(self) -> str:
        """Return the fixed redirect path, the seed's for every provider."""
        return f"/integrations/{self.slug}/oauth2callback"

    def manage_url_of(self, account_id: str) -> str:
        """Return the provider's page where the grant for an account can be ended."""
        shared = account_id.partition(":")[0]
        if not shared:
            return self.home_url
        return self.manage_url.format(account=quote(shared, safe=""))

    def required_scopes(self) -> tuple[str, ...]:
        """Return the scopes without which a connection is of no use."""
        return tuple(s.name for s in self.scopes if not s.is_optional)

    def optional_scopes(self, *, with_writing: bool = False) -> tuple[str, ...]:
        """Return the scopes a provider may drop without harm to the rest."""
        return tuple(
            s.name
            for s in self.scopes
            if s.is_optional and (with_writing or not s.writes)
        )

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
        own_limit = _whole(read(f"{prefix}RATE_LIMIT"))
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
            rate_limit=own_limit or self.rate_limit,
            is_rate_limit_set=own_limit is not None,
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
            error_forms=self.token_error_forms,
        )

    def used_versions(self, settings: ProviderSettings) -> tuple[UsedVersion, ...]:
        """Return the versions that the provider is called by, with what is known."""
        return tuple(
            used_versions(
                self.versions,
                env_prefix=self.env_prefix,
                version_env=self.version_env,
                version=settings.version,
                token_url=settings.token_url,
                api_url=settings.api_url,
            )
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
