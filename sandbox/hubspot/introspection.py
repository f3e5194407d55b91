"""Describe tokens, revoke them, and uninstall the app from a portal."""

from typing import TYPE_CHECKING, Any

from sandbox.core.web import Request, Response, to_json, to_text
from sandbox.hubspot.api.auth import SLUG, Caller, api
from sandbox.hubspot.api.errors import NOT_SIMULATED, oauth_error
from sandbox.hubspot.oauth import RefusedError, check_client
from sandbox.hubspot.seed.accounts import BY_ID, VERSIONS
from sandbox.oauth import grants
from sandbox.oauth.grants import Token

if TYPE_CHECKING:
    from sandbox.core.state import Sandbox

APP_ID = 2222


def introspect(sandbox: "Sandbox", request: Request) -> Response:
    """Describe a token, or say only that it is not active."""
    if request.params["v"] not in VERSIONS:
        return to_text(NOT_SIMULATED, 404)
    try:
        check_client(sandbox, request.form)
    except RefusedError as exc:
        return oauth_error(exc.error, exc.status, exc.message)
    value, now = request.form.get("token", ""), sandbox.clock()
    token = grants.find_token(sandbox.storage, value, provider=SLUG)
    if token is None or token.is_revoked or token.is_expired(now):
        return to_json({"active": False})
    if token.kind == "refresh" and token.spent_at is not None:
        return to_json({"active": False})
    return to_json(_describe(sandbox, token, now))


def _describe(sandbox: "Sandbox", token: Token, now: float) -> dict[str, Any]:
    portal = BY_ID[token.account]
    person = next(p for p in portal.people if p.id == token.user)
    described = {
        "active": True,
        "token": token.value,
        "token_use": f"{token.kind}_token",
        "token_type": "Bearer",
        "hub_id": int(portal.id),
        "user_id": int(token.user),
        "user": person.email,
        "hub_domain": portal.domain,
        "client_id": sandbox.config.get_registration(SLUG).client_id,
        "app_id": APP_ID,
        "scopes": list(token.scopes),
    }
    if token.kind == "access":
        described["expires_in"] = int((token.expires_at or now) - now)
        described["is_private_distribution"] = False
        described["signed_access_token"] = {"scopes": "simulated"}
    return described


def revoke(sandbox: "Sandbox", request: Request) -> Response:
    """Revoke a refresh token; access tokens live on until they expire."""
    if request.params["v"] not in VERSIONS:
        return to_text(NOT_SIMULATED, 404)
    try:
        check_client(sandbox, request.form)
    except RefusedError as exc:
        return oauth_error(exc.error, exc.status, exc.message)
    value = request.form.get("token", "")
    token = grants.find_token(sandbox.storage, value, provider=SLUG)
    if token is not None and token.kind == "refresh":
        with sandbox.storage.write() as connection:
            grants.end_grant(
                connection,
                token.grant_id,
                reason="revoked by the app",
                now=sandbox.clock(),
                kinds=("refresh",),
            )
    return Response()


@api("oauth")
def uninstall(sandbox: "Sandbox", request: Request, caller: Caller) -> Response:
    """Take the app out of the portal, for everybody who connected it."""
    rows = sandbox.storage.all(
        "SELECT id FROM oauth_grant WHERE provider = ? AND account = ?",
        SLUG,
        caller.portal,
    )
    with sandbox.storage.write() as connection:
        for row in rows:
            grants.end_grant(
                connection, row["id"], reason="app uninstalled", now=sandbox.clock()
            )
    return Response(status=204)
