"""OAuth configuration of one provider: endpoints, client and peculiarities, as data."""

import base64
import hashlib
import secrets
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from types import MappingProxyType
from typing import Final, Literal

from msgspec import Struct, field

from integrations.http.responses.error_forms import LOWER_CODE, RFC_FORM, ErrorForm
from integrations.http.secrets import Secret
from integrations.http.sending.urls import check_origin, encode_params

# 48 random bytes make 64 characters, all of them in A-Z a-z 0-9 - _.
VERIFIER_BYTES: Final = 48
CHALLENGE_METHOD: Final = "S256"


class Rejection(Enum):
    """What an error code of a token endpoint condemns."""

    GRANT = "grant"
    CLIENT = "client"
    REQUEST = "request"
    SERVER = "server"
    RATE = "rate"


# RFC 6749 sections 4.1.2.1 and 5.2, RFC 8628 section 3.5.
RFC_REJECTIONS: Final[Mapping[str, Rejection]] = MappingProxyType(
    {
        "invalid_grant": Rejection.GRANT,
        "invalid_client": Rejection.CLIENT,
        "unauthorized_client": Rejection.CLIENT,
        "invalid_request": Rejection.REQUEST,
        "unsupported_grant_type": Rejection.REQUEST,
        "invalid_scope": Rejection.REQUEST,
        "server_error": Rejection.SERVER,
        "temporarily_unavailable": Rejection.SERVER,
        "slow_down": Rejection.RATE,
    }
)


class OAuthConfig(Struct, frozen=True, kw_only=True):
    """One provider's endpoints, our registration there, and how it wants to be asked.

    `introspect_url` and `revoke_url` are empty when the provider has none.
    `client_auth` says where the client secret goes; without a secret the client id
    goes into the body. `rejections` adds the provider's own error codes to those of
    the RFCs; a refusal of none of the `error_forms` came from an intermediary.
    `headers` go with every token call, `authorize_params` into every authorization
    request.
    """

    authorize_url: str
    token_url: str
    client_id: str
    client_secret: Secret
    redirect_uri: str
    introspect_url: str = ""
    revoke_url: str = ""
    client_auth: Literal["body", "basic"] = "body"
    body_format: Literal["form", "json"] = "form"
    pkce: bool = False
    scope_param: str = "scope"
    optional_scope_param: str = ""
    authorize_params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    rejections: Mapping[str, Rejection] = field(default_factory=dict)
    error_forms: Sequence[ErrorForm] = (RFC_FORM, {"code": LOWER_CODE})

    def __post_init__(self) -> None:
        for url in self._urls():
            check_origin(url)

    def _urls(self) -> list[str]:
        urls = [self.authorize_url, self.token_url]
        return urls + [url for url in (self.introspect_url, self.revoke_url) if url]

    def authorization_url(
        self,
        *,
        state: str,
        scopes: Iterable[str] = (),
        optional_scopes: Iterable[str] = (),
        code_challenge: str = "",
        extra: Mapping[str, str] | None = None,
    ) -> str:
        """Return where to send the browser; spaces are written as %20.

        `extra` cannot replace a protocol parameter. ValueError when PKCE is on and
        there is no challenge, or when there is no state.
        """
        if not state or (self.pkce and not code_challenge):
            raise ValueError("an authorization request needs its state and challenge")
        params = {**self.authorize_params, **(extra or {})}
        params |= {
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "response_type": "code",
            "state": state,
        }
        if self.scope_param:
            params[self.scope_param] = " ".join(scopes)
        if self.optional_scope_param:
            params[self.optional_scope_param] = " ".join(optional_scopes)
        if self.pkce:
            params["code_challenge"] = code_challenge
            params["code_challenge_method"] = CHALLENGE_METHOD
        query = encode_params({key: value for key, value in params.items() if value})
        glue = "&" if "?" in self.authorize_url else "?"
        return f"{self.authorize_url}{glue}{query}"

    def rejection(self, code: str) -> Rejection | None:
        """Return what `code` condemns here, None when nobody has described it."""
        return self.rejections.get(code) or RFC_REJECTIONS.get(code)


def new_code_verifier() -> Secret:
    """Return a fresh PKCE verifier of 64 characters."""
    return Secret(secrets.token_urlsafe(VERIFIER_BYTES))


def code_challenge(verifier: Secret) -> str:
    """Return the S256 challenge of `verifier`, unpadded."""
    digest = hashlib.sha256(verifier.reveal().encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
