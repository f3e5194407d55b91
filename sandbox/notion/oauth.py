"""Answer the token endpoint: exchange codes, refresh grants."""

import secrets
import sqlite3
from typing import TYPE_CHECKING, Any

from sandbox.core.inflight import InFlight
from sandbox.core.web import Request, Response, to_json
from sandbox.notion.api.auth import check_version, read_basic
from sandbox.notion.api.errors import ApiRefusal, oauth_error
from sandbox.notion.api.paging import read_object
from sandbox.notion.issuing import issue_pair, start_grant
from sandbox.notion.seed.workspaces import SLUG
from sandbox.oauth import grants

if TYPE_CHECKING:
    from sandbox.core.state import Sandbox

REUSED = "Invalid code: this code has been revoked."
BAD_REFRESH = "Invalid refresh token."


class RefusedError(Exception):
    """Carry an OAuth error out of a transaction, which is then undone."""

    def __init__(self, error: str, message: str, *, is_double: bool = False) -> None:
        """Keep the error, and whether a secret was used twice."""
        super().__init__(error)
        self.error = error
        self.message = message
        self.is_double = is_double


IN_FLIGHT = InFlight()


def read_client_body(sandbox: "Sandbox", request: Request) -> dict[str, Any]:
    """Return the JSON body of a client that proved who it is."""
    check_version(request)
    app = sandbox.config.get_registration(SLUG)
    given = read_basic(request)
    expected = (app.client_id, app.client_secret)
    if given is None or not all(
        secrets.compare_digest(a.encode(), b.encode())
        for a, b in zip(given, expected, strict=True)
    ):
        raise RefusedError("invalid_client", "Client authentication failed.")
    return read_object(request)


def answer_token(sandbox: "Sandbox", request: Request) -> Response:
    """Exchange a code or refresh a grant, and remember that it was asked."""
    body: dict[str, Any] = {}
    secret, is_overlapping, is_double, error = "", False, False, ""
    try:
        body = read_client_body(sandbox, request)
        secret = str(body.get("refresh_token") or body.get("code") or "")
        is_overlapping = IN_FLIGHT.enter(secret) and bool(secret)
        try:
            response = to_json(_grant(sandbox, request, body))
        finally:
            IN_FLIGHT.leave(secret)
    except RefusedError as exc:
        response = oauth_error(sandbox, request, exc.error, exc.message)
        is_double, error = exc.is_double, exc.error
    except ApiRefusal as refusal:
        response, error = refusal.response, refusal.response.data["code"]
    with sandbox.storage.write() as connection:
        grants.log_request(
            connection,
            at=sandbox.clock(),
            provider=SLUG,
            grant_type=str(body.get("grant_type", "")),
            account=request.account,
            fingerprint=grants.to_fingerprint(secret) if secret else "",
            status=response.status,
            error=error,
            is_double=is_double,
            is_overlapping=is_overlapping,
        )
    return response


def _grant(
    sandbox: "Sandbox", request: Request, body: dict[str, Any]
) -> dict[str, Any]:
    with sandbox.storage.write() as connection:
        match body.get("grant_type"):
            case "authorization_code":
                return _exchange(sandbox, request, connection, body)
            case "refresh_token":
                return _refresh(sandbox, request, connection, body)
    raise RefusedError("unsupported_grant_type", "The grant type is not known.")


def _exchange(
    sandbox: "Sandbox",
    request: Request,
    connection: sqlite3.Connection,
    body: dict[str, Any],
) -> dict[str, Any]:
    now, code = sandbox.clock(), body.get("code")
    if not isinstance(code, str) or not code:
        raise RefusedError("invalid_request", "body.code should be a string.")
    if not isinstance(body.get("redirect_uri"), str):
        message = "redirect_uri is required: the authorization URL had it."
        raise RefusedError("invalid_request", message)
    found = connection.execute(
        "SELECT * FROM oauth_code WHERE value = ? AND provider = ?", (code, SLUG)
    ).fetchone()
    if found is None:
        raise RefusedError("invalid_grant", "Invalid code.")
    if found["redirect_uri"] != body["redirect_uri"]:
        message = "Mismatched redirect URI."
        raise RefusedError("invalid_grant", message)
    row = grants.take_code(connection, code, provider=SLUG, now=now)
    if row is None:
        is_used = found["used_at"] is not None
        raise RefusedError("invalid_grant", REUSED, is_double=is_used)
    return start_grant(sandbox, request, connection, row)


def _refresh(
    sandbox: "Sandbox",
    request: Request,
    connection: sqlite3.Connection,
    body: dict[str, Any],
) -> dict[str, Any]:
    value, now = str(body.get("refresh_token") or ""), sandbox.clock()
    if not value:
        message = "body.refresh_token should be a string."
        raise RefusedError("invalid_request", message)
    token = grants.find_token(sandbox.storage, value, provider=SLUG)
    if token is None or token.kind != "refresh":
        raise RefusedError("invalid_grant", BAD_REFRESH)
    if token.is_revoked or token.spent_at is not None:
        is_double = token.spent_at is not None
        raise RefusedError("invalid_grant", BAD_REFRESH, is_double=is_double)
    if not sandbox.switches.get(SLUG, "old_access_survives", token.account):
        connection.execute(
            "UPDATE oauth_token SET revoked_at = ? WHERE grant_id = ?"
            " AND kind = 'access' AND revoked_at IS NULL",
            (now, token.grant_id),
        )
    answer = issue_pair(sandbox, request, connection, token.grant_id)
    successor = answer["refresh_token"] or ""
    grants.spend(connection, value, successor=successor, now=now)
    return answer
