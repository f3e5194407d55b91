"""Tell whether a token is active, and revoke tokens."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sandbox.core.web import Handler, Request, Response
from sandbox.notion.api.auth import answer
from sandbox.notion.api.errors import ApiRefusal, oauth_error
from sandbox.notion.api.shares import end_shares, make_holder
from sandbox.notion.oauth import RefusedError, read_client_body
from sandbox.notion.seed.workspaces import SLUG
from sandbox.oauth import grants
from sandbox.oauth.grants import Token

if TYPE_CHECKING:
    from sandbox.core.state import Sandbox

Inner = Callable[["Sandbox", Token | None], dict[str, Any]]


def _client_call(inner: Inner) -> Handler:
    """Wrap what a client asks about one token."""

    def handle(sandbox: "Sandbox", request: Request) -> Response:
        try:
            value = _read_token(read_client_body(sandbox, request))
        except RefusedError as exc:
            return oauth_error(sandbox, request, exc.error, exc.message)
        except ApiRefusal as refusal:
            return refusal.response
        token = grants.find_token(sandbox.storage, value, provider=SLUG)
        return answer(request, inner(sandbox, token))

    return handle


def _read_token(body: dict[str, Any]) -> str:
    value = body.get("token")
    if not isinstance(value, str) or not value:
        raise RefusedError("invalid_request", "body.token should be a string.")
    return value


@_client_call
def introspect(sandbox: "Sandbox", token: Token | None) -> dict[str, Any]:
    """Say whether a token is active, and since when; never until when."""
    if (
        token is None
        or token.is_revoked
        or token.spent_at is not None
        or token.is_expired(sandbox.clock())
    ):
        return {"active": False}
    return {"active": True, "scope": "", "iat": int(token.issued_at)}


@_client_call
def revoke(sandbox: "Sandbox", token: Token | None) -> dict[str, Any]:
    """End the whole grant of a token, and with it what was shared."""
    if token is None or token.is_revoked:
        return {}
    with sandbox.storage.write() as connection:
        grants.end_grant(
            connection,
            token.grant_id,
            reason="revoked by the app",
            now=sandbox.clock(),
        )
        others = connection.execute(
            "SELECT 1 FROM oauth_grant WHERE provider = ? AND account = ?"
            " AND user = ? AND ended_at IS NULL",
            (SLUG, token.account, token.user),
        ).fetchone()
        if others is None:
            end_shares(connection, make_holder(token.account, token.user))
    return {}
