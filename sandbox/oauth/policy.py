"""Say how one provider does OAuth; the rest of the package does it that way."""

import re
import secrets
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from enum import Enum
from typing import Any

from sandbox.core.html import Safe
from sandbox.core.provider import Account, Person
from sandbox.core.state import Sandbox
from sandbox.core.storage import Row
from sandbox.core.web import Pairs, Request, Response, to_json
from sandbox.oauth import grants
from sandbox.oauth.refusals import REFUSALS, Refusal, answer_error

NOTHING = Safe("")


class Pkce(Enum):
    """What a provider does with a code challenge."""

    IGNORED = "ignored"
    OPTIONAL = "optional"
    REQUIRED = "required"


class SecretIn(Enum):
    """Where the token endpoint reads the client's id and secret."""

    BODY = "body"
    BASIC = "basic"


class Body(Enum):
    """How the body of a token request is written."""

    FORM = "form"
    JSON = "json"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """An authorization request whose way back is known to be good."""

    redirect_uri: str
    fields: Mapping[str, str]

    @property
    def scopes(self) -> list[str]:
        """Return the scopes asked for, as often as each was."""
        return self.fields.get("scope", "").split()

    @property
    def optional_scopes(self) -> list[str]:
        """Return the scopes that are welcome, and not asked for already."""
        optional = self.fields.get("optional_scope", "").split()
        return [s for s in dict.fromkeys(optional) if s not in self.scopes]


@dataclass(frozen=True, kw_only=True)
class Consent:
    """What a person answered on the consent page."""

    asked: Asked
    account: Account
    person: Person
    pairs: Pairs


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What a code stands for: the scopes, and a choice of the provider's own."""

    scopes: Sequence[str] = ()
    choice: str = ""


class ProblemError(Exception):
    """A mistake that is told on the provider's own page; nothing is sent back."""


class SentBackError(Exception):
    """A mistake that the person carries back to the app."""

    def __init__(self, error: str, description: str = "") -> None:
        """Keep the error and its description."""
        super().__init__(error, description)
        self.fields = {"error": error}
        if description:
            self.fields["error_description"] = description


class AskAgainError(Exception):
    """An answer that shows the consent page once more."""


@dataclass(frozen=True)
class Option:
    """One thing that can be ticked on the consent page."""

    name: str
    title: str
    _: KW_ONLY
    note: str = ""
    icon: str = ""
    is_ticked: bool = False


@dataclass(frozen=True, kw_only=True)
class Options:
    """A titled list of things to tick."""

    title: str = ""
    options: Sequence[Option]


def _get_account_note(account: Account, asked: Asked) -> str:
    return account.note


def _get_person_note(person: Person) -> str:
    return ""


@dataclass(frozen=True, kw_only=True)
class ConsentPage:
    """What the consent page says and offers beside accounts and people."""

    title: str = "Connect an app to your account"
    lead: str = "Choose the account, and who you are in it."
    allow: str = "connect"
    allow_label: str = "Connect app"
    denied: str = "the user denied access"
    scope_words: Mapping[str, str] = field(default_factory=dict)
    account_note: Callable[[Account, Asked], str] = _get_account_note
    person_note: Callable[[Person], str] = _get_person_note
    pick_note: str = ""
    pick_in_account: Callable[[Sandbox, Account], Sequence[Options]] | None = None
    pick_as_person: Callable[[Sandbox, Account, Person], Sequence[Options]] | None = (
        None
    )
    more: Safe = NOTHING


@dataclass(frozen=True, kw_only=True)
class Issued:
    """What a token answer tells: both tokens, their lives and their grant."""

    access: str
    refresh: str
    expires_in: int
    refresh_expires_in: int
    grant: Row
    scopes: str


def _admit(sandbox: Sandbox, request: Request) -> Response | None:
    return None


def _decide(sandbox: Sandbox, consent: Consent) -> Decision:
    return Decision(scopes=consent.asked.scopes)


def _check_scopes(sandbox: Sandbox, asked: Asked) -> None:
    """Leave the scopes of a request alone."""


def _get_token(kind: str, account: str) -> str:
    return f"sbx.{kind}.{secrets.token_urlsafe(48)}"


def _start(
    policy: "Policy", sandbox: Sandbox, connection: sqlite3.Connection, code: Row
) -> int:
    return policy.add_grant(sandbox, connection, code)


def _describe(
    sandbox: Sandbox, request: Request, connection: sqlite3.Connection, issued: Issued
) -> dict[str, Any]:
    answer = {
        "access_token": issued.access,
        "refresh_token": issued.refresh,
        "token_type": "Bearer",
        "expires_in": issued.expires_in,
        "scope": issued.scopes,
    }
    return {name: value for name, value in answer.items() if value}


def _describe_token(sandbox: Sandbox, token: grants.Token) -> dict[str, Any]:
    return {"active": True, "scope": " ".join(token.scopes)}


def _answer(request: Request, data: dict[str, Any]) -> Response:
    return to_json(data) if data else Response()


def _end(sandbox: Sandbox, connection: sqlite3.Connection, token: grants.Token) -> None:
    """Do nothing more when the app revokes a token."""


@dataclass(frozen=True, kw_only=True)
class Policy:
    """How one provider does OAuth. The defaults are a plain, strict RFC 6749."""

    slug: str
    name: str
    accounts: Sequence[Account]
    page: ConsentPage = ConsentPage()

    # Addresses; `{account}` in one restricts the page to that account.
    authorize_paths: Sequence[str] = ("/oauth/authorize",)
    token_path: str = "/oauth/token"
    introspect_path: str = ""
    revoke_path: str = ""
    # What must be right before the token endpoints look at anything else.
    admit: Callable[[Sandbox, Request], Response | None] = _admit

    # The authorization request: fields with their only value, and the error otherwise.
    must_be: Mapping[str, tuple[str, str]] = field(
        default_factory=lambda: {"response_type": ("code", "unsupported_response_type")}
    )
    state: re.Pattern[str] | None = None
    pkce: Pkce = Pkce.IGNORED
    pkce_methods: Sequence[str] = ("S256",)
    echoes_challenge: bool = False
    mistakes_on_page: bool = False
    refuses_repeated: bool = False
    # The scopes of the registration; without it `check_scopes` judges alone.
    scopes: Callable[[Sandbox], frozenset[str]] | None = None
    check_scopes: Callable[[Sandbox, Asked], None] = _check_scopes
    decide: Callable[[Sandbox, Consent], Decision] = _decide

    # The token request.
    secret_in: SecretIn = SecretIn.BODY
    body: Body = Body.FORM
    grant_type_first: bool = False
    required: Mapping[str, Sequence[str]] = field(
        default_factory=lambda: {
            "authorization_code": ("code", "redirect_uri"),
            "refresh_token": ("refresh_token",),
        }
    )
    burns_codes: bool = False
    start: Callable[["Policy", Sandbox, sqlite3.Connection, Row], int] = _start
    make_token: Callable[[str, str], str] = _get_token
    describe: Callable[
        [Sandbox, Request, sqlite3.Connection, Issued], dict[str, Any]
    ] = _describe

    # Errors: in whose words, and in which envelope.
    refusals: Mapping[str, Refusal] = field(default_factory=dict)
    answer_error: Callable[[Sandbox, Request, Refusal], Response] = answer_error

    # Describing and revoking tokens: which kinds can be, which end with them.
    describe_token: Callable[[Sandbox, grants.Token], dict[str, Any]] = _describe_token
    answer: Callable[[Request, dict[str, Any]], Response] = _answer
    revocable: tuple[str, ...] = ("access", "refresh")
    end: Callable[[Sandbox, sqlite3.Connection, grants.Token], None] = _end

    # The defaults of switches; a lifetime of zero has no end.
    code_seconds: int = 60
    access_token_seconds: int = 1800
    refresh_token_seconds: int = 0
    rotation: bool = True
    punish_reuse: bool = False
    grace_seconds: float = 0.0
    race_seconds: float = 0.0
    old_access_survives: bool = False

    def get(self, sandbox: Sandbox, name: str, account: str = "") -> Any:
        """Return the value of a switch."""
        return sandbox.switches.get(self.slug, name, account)

    def get_refusal(self, reason: str) -> Refusal:
        """Return a refusal in the provider's words."""
        return self.refusals.get(reason) or REFUSALS[reason]

    def get_scopes(self, sandbox: Sandbox, account: str = "") -> frozenset[str]:
        """Return the scopes of the registration that were not withdrawn."""
        registered = self.scopes(sandbox) if self.scopes else frozenset()
        return registered - set(self.get(sandbox, "withdrawn_scopes", account))

    def add_grant(
        self, sandbox: Sandbox, connection: sqlite3.Connection, code: Row
    ) -> int:
        """Store the grant that a code stands for."""
        columns = {name: code[name] for name in ("account", "user", "scopes")}
        columns |= {"provider": self.slug, "created_at": sandbox.clock()}
        return grants.start_grant(connection, **columns)

    @property
    def oauth_paths(self) -> Sequence[str]:
        """Return the addresses that read a token from the body."""
        paths = (self.token_path, self.introspect_path, self.revoke_path)
        return [path for path in paths if path]
