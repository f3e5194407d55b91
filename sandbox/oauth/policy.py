"""Say how one provider does OAuth; the rest of the package does it that way."""

import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sandbox.core.provider import Account, User
from sandbox.core.serving.web import Request, Response, to_json
from sandbox.core.state import Sandbox
from sandbox.core.storage import Row
from sandbox.oauth.consent import (
    Asked,
    Consent,
    ConsentPage,
    Decision,
    Options,
    SentBackError,
)
from sandbox.oauth.grants import BOTH, Grants, Token, insert
from sandbox.oauth.refusals import REFUSALS, Refusal


@dataclass(frozen=True, kw_only=True)
class Issued:
    """What a token answer tells: both tokens, their lives, their grant, its scopes."""

    sandbox: Sandbox
    request: Request
    access: str
    refresh: str
    expires_in: int
    refresh_expires_in: int
    grant: Row
    scopes: str


@dataclass(frozen=True, kw_only=True)
class Policy:
    """How one provider does OAuth: the plainest by default, others by subclasses."""

    slug: str
    name: str
    accounts: Sequence[Account]
    page: ConsentPage = field(default_factory=ConsentPage)

    authorize_path: str = "/oauth/authorize"
    token_path: str = "/oauth/token"
    introspect_path: str = ""
    revoke_path: str = ""

    # The authorization request: fields with their only value, and the error otherwise.
    must_be: Mapping[str, tuple[str, str]] = field(
        default_factory=lambda: {"response_type": ("code", "unsupported_response_type")}
    )
    state: re.Pattern[str] | None = None
    # What becomes of a code challenge.
    pkce: Literal["ignored", "optional", "required"] = "ignored"
    pkce_methods: Sequence[str] = ("S256",)
    echoes_challenge: bool = False
    mistakes_on_page: bool = False
    refuses_repeated: bool = False
    # The scopes of the registration, unless SANDBOX_<SLUG>_SCOPES names others.
    scopes: str = ""

    # What may refuse a token request before anything of it is read.
    admit: Callable[[Request], None] = lambda _: None
    # The token request, and the words in which it is refused.
    secret_in: Literal["body", "basic"] = "body"
    body: Literal["form", "json"] = "form"
    grant_type_first: bool = False
    # What an exchange needs besides; where it needs nothing, a refresh does as well.
    required: Sequence[str] = ("code", "redirect_uri")
    burns_codes: bool = False
    refusals: Mapping[str, Refusal] = field(default_factory=dict)
    # The kinds of token that can be revoked, and those that end when one is.
    revocable: Sequence[str] = BOTH
    ended: Sequence[str] = BOTH

    # The defaults of switches; a lifetime of zero has no end.
    code_seconds: int = 60
    access_token_seconds: int = 1800
    refresh_token_seconds: int = 0
    rotation: bool = True
    punish_reuse: bool = False
    grace_seconds: float = 0.0
    race_seconds: float = 0.0
    old_access_survives: bool = False
    authorize_error: str = ""
    withdrawn_scopes: list[str] = field(default_factory=list)

    def get(self, sandbox: Sandbox, name: str, account: str = "") -> Any:
        return sandbox.switches.get(self.slug, name, account)

    def grants(self, sandbox: Sandbox) -> Grants:
        return Grants(sandbox.storage, self.slug, sandbox.clock())

    def get_refusal(self, reason: str) -> Refusal:
        return self.refusals.get(reason) or REFUSALS[reason]

    def get_scopes(self, sandbox: Sandbox, account: str = "") -> frozenset[str]:
        """Return the scopes of the registration that were not withdrawn."""
        registered = sandbox.config.read(self.slug, "SCOPES", self.scopes).split()
        withdrawn = self.get(sandbox, "withdrawn_scopes", account)
        return frozenset(registered) - set(withdrawn)

    def check_scopes(self, sandbox: Sandbox, asked: Asked) -> None:
        """Insist on registered scopes, each once, where there are any."""
        scopes = asked.scopes
        is_odd = not scopes or len(set(scopes)) < len(scopes)
        if self.scopes and (is_odd or not self.get_scopes(sandbox).issuperset(scopes)):
            message = "scope must hold registered scopes, each once"
            raise SentBackError("invalid_scope", message)

    def pick_in_account(self, sandbox: Sandbox, account: Account) -> Sequence[Options]:
        """Return what can be picked in an account, whoever picks."""
        return ()

    def pick_as_user(
        self, sandbox: Sandbox, account: Account, user: User
    ) -> Sequence[Options]:
        return ()

    def decide(self, sandbox: Sandbox, consent: Consent) -> Decision:
        """Return what a consent grants, or raise one of the errors above."""
        return Decision(scopes=consent.asked.scopes)

    def start(self, sandbox: Sandbox, code: Row) -> int:
        """Begin the grant that a code stands for, and return its number."""
        columns = {name: code[name] for name in ("account", "user", "scopes")}
        columns |= {"provider": self.slug, "created_at": sandbox.clock()}
        return insert(sandbox.storage, "oauth_grant", **columns)

    def make_token(self, kind: str, account: str) -> str:
        return f"sbx.{kind}.{secrets.token_urlsafe(48)}"

    def describe(self, issued: Issued) -> dict[str, Any]:
        answer = {
            "access_token": issued.access,
            "refresh_token": issued.refresh,
            "token_type": "Bearer",
            "expires_in": issued.expires_in,
            "scope": issued.scopes,
        }
        return {name: value for name, value in answer.items() if value}

    def describe_token(self, sandbox: Sandbox, token: Token) -> dict[str, Any]:
        return {"active": True, "scope": token.granted}

    def answer(self, request: Request, data: dict[str, Any]) -> Response:
        """Answer introspection, or a revocation, which has no data."""
        return to_json(data) if data else Response()

    def answer_error(
        self, sandbox: Sandbox, request: Request, refusal: Refusal
    ) -> Response:
        """Answer an error; one without a name has no body."""
        if not refusal.error:
            return Response(status=refusal.status)
        body = {"error": refusal.error, "error_description": refusal.description}
        return to_json(body, refusal.status)

    def end(self, sandbox: Sandbox, token: Token) -> None:
        """Do what else a revocation by the app does."""
