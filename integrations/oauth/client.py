"""Call a provider's token endpoint: exchange, refresh, revoke, introspect."""

import base64
import json
import logging
from typing import Any, Final

from msgspec import Struct, field

from integrations.http.errors import ApiError, InvalidResponse, Network
from integrations.http.resilience.backoff import retry_after
from integrations.http.responses.body import parse_json
from integrations.http.responses.classify import (
    ASKS_TO_WAIT,
    CODE,
    error_body,
    error_detail,
)
from integrations.http.responses.error_forms import is_from_intermediary
from integrations.http.secrets import Secret
from integrations.http.sending.transport import Request, Response, Timeouts, Transport
from integrations.http.sending.urls import encode_params
from integrations.oauth import errors
from integrations.oauth.config import OAuthConfig, Rejection
from integrations.oauth.tokens import (
    Introspection,
    TokenSet,
    read_introspection,
    read_tokens,
)

logger = logging.getLogger(__name__)

MAX_BYTES: Final = 256 * 1024
# The names differ: `error` in RFC 6749, `code` or a word in `status` elsewhere.
_CODE_FIELDS: Final = ("error", "code", "status")
_KINDS: Final[dict[Rejection, type[errors.OAuthError]]] = {
    Rejection.GRANT: errors.GrantRejected,
    Rejection.CLIENT: errors.ClientRejected,
    Rejection.REQUEST: errors.RequestRejected,
    Rejection.SERVER: errors.TokenServerError,
    Rejection.RATE: errors.TokenRateLimited,
}
# The code of a refusal that a proxy, firewall or portal gave in the provider's place.
INTERMEDIARY: Final = "intermediary"
# RFC 7009 asks for 200 here; not everybody has read it.
_ALREADY_GONE: Final = frozenset({"invalid_token", "token_not_found"})


class OAuthClient(Struct, frozen=True, kw_only=True):
    """Client of one provider's token endpoints; never retries anything.

    Every method raises an OAuthError. Each call uses a connection of its own: on one
    kept alive, a request could cross the server's closing of it, and whether a
    single-use token was spent would be unknown. Calls that spend something have
    ``token_timeouts``.
    """

    config: OAuthConfig
    transport: Transport
    timeouts: Timeouts = field(default_factory=Timeouts)
    token_timeouts: Timeouts = field(default_factory=Timeouts)

    def exchange(
        self, *, code: Secret, code_verifier: Secret | None = None
    ) -> TokenSet:
        """Spend an authorization code, once; the same redirect URI goes with it."""
        fields = {
            "grant_type": "authorization_code",
            "code": code.reveal(),
            "redirect_uri": self.config.redirect_uri,
        }
        if code_verifier is not None:
            fields["code_verifier"] = code_verifier.reveal()
        return self._tokens(fields)

    def refresh(self, refresh_token: Secret) -> TokenSet:
        """Spend a refresh token, once."""
        return self._tokens(
            {"grant_type": "refresh_token", "refresh_token": refresh_token.reveal()}
        )

    def revoke(self, token: Secret, hint: str = "") -> bool:
        """Revoke `token`; a token that is already unknown counts as done.

        `hint` is "access_token", "refresh_token" or empty. Returns False when the
        provider has no revocation endpoint.
        """
        if not self.config.revoke_url:
            return False
        try:
            response = self._send(
                self.config.revoke_url, _named(token, hint), "revoke", self.timeouts
            )
            _refuse_page(response)
        except errors.GrantRejected:
            return True
        except errors.RequestRejected as exc:
            if exc.error not in _ALREADY_GONE:
                raise
        return True

    def introspect(self, token: Secret, hint: str = "") -> Introspection:
        """Introspect `token`; ValueError when the provider has no such endpoint."""
        if not self.config.introspect_url:
            raise ValueError("this provider has no introspection endpoint")
        response = self._send(
            self.config.introspect_url,
            _named(token, hint),
            "introspect",
            self.timeouts,
        )
        return read_introspection(_parse(response), token, status=response.status)

    def _tokens(self, fields: dict[str, str]) -> TokenSet:
        response = self._send(
            self.config.token_url, fields, fields["grant_type"], self.token_timeouts
        )
        return read_tokens(_parse(response), status=response.status)

    def _send(
        self, url: str, fields: dict[str, str], what: str, timeouts: Timeouts
    ) -> Response:
        request = self._request(url, fields)
        try:
            response = self.transport.send(request, timeouts, MAX_BYTES)
        except Network as exc:
            logger.debug("token call %s failed cause=%s", what, exc)
            kind = errors.OutcomeUnknown if exc.sent else errors.NotSent
            raise kind(exc.code) from exc
        except ApiError as exc:
            raise self._unreadable(exc) from exc
        logger.debug(
            "token call %s status=%d ms=%d",
            what,
            response.status,
            response.elapsed * 1000,
        )
        if response.is_success:
            return response
        raise self._refusal(response)

    def _request(self, url: str, fields: dict[str, str]) -> Request:
        config = self.config
        headers: dict[str, str | Secret] = {"Accept": "application/json"}
        headers.update(config.headers)
        secret = config.client_secret.reveal()
        if config.client_auth == "basic" and secret:
            headers["Authorization"] = _basic(config.client_id, secret)
        else:
            fields = {**fields, "client_id": config.client_id}
            if secret:
                fields["client_secret"] = secret
        if config.body_format == "json":
            headers["Content-Type"] = "application/json"
            body = json.dumps(fields)
        else:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            body = encode_params(fields)
        return Request(
            method="POST",
            url=url,
            headers=headers,
            body=body.encode("ascii"),
            fresh_connection=True,
        )

    def _refusal(self, response: Response) -> errors.OAuthError:
        """Return the error of a refusal: by status, then by code, never by text."""
        status = response.status
        body = error_body(response)
        code, rejection = self._rejection(body)
        kind: type[errors.OAuthError] = errors.RequestRejected
        if status == 429:
            kind = errors.TokenRateLimited
        elif status >= 500 or status in ASKS_TO_WAIT:
            kind = errors.TokenServerError
        elif status == 409:
            # "Somebody refreshed just now", whatever code the body carries: never
            # a dead grant.
            kind = errors.Conflict
        elif is_from_intermediary(response, self.config.error_forms):
            code, kind = INTERMEDIARY, errors.TokenServerError
        elif rejection is not None:
            kind = _KINDS[rejection]
        elif status == 401:
            kind = errors.ClientRejected
        return kind(
            code,
            description=error_detail(body),
            status=status,
            retry_after=retry_after(response.headers),
        )

    def _rejection(self, body: dict[str, Any]) -> tuple[str, Rejection | None]:
        """Return the first code that means something, else the first one there is."""
        codes = [
            value
            for value in (body.get(name) for name in _CODE_FIELDS)
            if isinstance(value, str) and CODE.match(value)
        ]
        for code in codes:
            rejection = self.config.rejection(code)
            if rejection is not None:
                return code, rejection
        return (codes[0] if codes else ""), None

    def _unreadable(self, exc: ApiError) -> errors.OAuthError:
        """Return the error of an answer whose body could not even be read."""
        if exc.status is None or 200 <= exc.status < 300:
            return errors.MalformedTokenResponse("unreadable", status=exc.status)
        return self._refusal(Response(status=exc.status))


def _parse(response: Response) -> Any:
    try:
        return parse_json(response.body)
    except InvalidResponse as exc:
        raise errors.MalformedTokenResponse("not_json", status=response.status) from exc


def _refuse_page(response: Response) -> None:
    """Refuse a page in the provider's place: it has revoked nothing.

    What else is in the body of a success is ignored, as RFC 7009 section 2.2 asks for.
    An empty one is no page, whatever type a server gives to everything.
    """
    body = response.body.strip()
    is_page = "html" in response.headers.get("content-type", "").lower()
    if body and (is_page or body.startswith(b"<")):
        raise errors.MalformedTokenResponse("not_json", status=response.status)


def _named(token: Secret, hint: str) -> dict[str, str]:
    fields = {"token": token.reveal()}
    return {**fields, "token_type_hint": hint} if hint else fields


def _basic(client_id: str, secret: str) -> Secret:
    pair = f"{client_id}:{secret}".encode()
    return Secret("Basic " + base64.b64encode(pair).decode("ascii"))
