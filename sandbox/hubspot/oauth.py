"""Answer the token endpoint: exchange codes, refresh grants."""

import base64
import hashlib
import secrets
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.core.inflight import InFlight
from sandbox.core.web import Request, Response, to_json, to_text
from sandbox.hubspot.api.auth import SLUG
from sandbox.hubspot.api.errors import NOT_SIMULATED, oauth_error
from sandbox.hubspot.seed.accounts import BY_ID, VERSIONS
from sandbox.oauth import grants

if TYPE_CHECKING:
    from sandbox.core.state import Sandbox

TYPES = {"authorization_code", "refresh_token"}


@dataclass(kw_only=True, eq=False)
class RefusedError(Exception):
    """Carry an OAuth error out of a transaction, which is then kept or undone."""

    error: str
    status: str
    message: str
    is_double: bool = False
    ends_grant: int = 0


IN_FLIGHT = InFlight()


def answer_token(sandbox: "Sandbox", request: Request) -> Response:
    """Exchange a code or refresh a grant, and remember that it was asked."""
    if request.params["v"] not in VERSIONS:
        return to_text(NOT_SIMULATED, 404)
    form = request.form
    secret = form.get("refresh_token") or form.get("code") or ""
    is_overlapping = IN_FLIGHT.enter(secret) and bool(secret)
    is_double, error = False, ""
    try:
        response = to_json(_grant(sandbox, form))
    except RefusedError as exc:
        response = oauth_error(exc.error, exc.status, exc.message)
        is_double, error = exc.is_double, exc.status
        if exc.ends_grant:
            _punish(sandbox, exc.ends_grant)
    finally:
        IN_FLIGHT.leave(secret)
    with sandbox.storage.write() as connection:
        grants.log_request(
            connection,
            at=sandbox.clock(),
            provider=SLUG,
            grant_type=form.get("grant_type", ""),
            account=request.account,
            fingerprint=grants.to_fingerprint(secret) if secret else "",
            status=response.status,
            error=error,
            is_double=is_double,
            is_overlapping=is_overlapping,
        )
    return response


def _grant(sandbox: "Sandbox", form: Mapping[str, str]) -> dict[str, Any]:
    grant_type = form.get("grant_type", "")
    if grant_type not in TYPES:
        raise RefusedError(
            error="unsupported_grant_type",
            status="BAD_GRANT_TYPE",
            message="missing or unknown grant type",
        )
    check_client(sandbox, form)
    with sandbox.storage.write() as connection:
        if grant_type == "authorization_code":
            return _exchange(sandbox, connection, form)
        return _refresh(sandbox, connection, form)


def check_client(sandbox: "Sandbox", form: Mapping[str, str]) -> None:
    """Accept the client's id and secret from the form body and nowhere else."""
    app = sandbox.config.get_registration(SLUG)
    for name, expected, status in (
        ("client_id", app.client_id, "BAD_CLIENT_ID"),
        ("client_secret", app.client_secret, "BAD_CLIENT_SECRET"),
    ):
        if not secrets.compare_digest(form.get(name, "").encode(), expected.encode()):
            message = f"missing or invalid {name.replace('_', ' ')}"
            raise RefusedError(error="invalid_client", status=status, message=message)


def _exchange(
    sandbox: "Sandbox", connection: sqlite3.Connection, form: Mapping[str, str]
) -> dict[str, Any]:
    now = sandbox.clock()
    registered = sandbox.config.get_registration(SLUG).redirect_uri
    bad_code = RefusedError(
        error="invalid_grant",
        status="BAD_AUTH_CODE",
        message="missing, unknown, expired or used auth code",
    )
    if form.get("redirect_uri") != registered:
        message = "redirect_uri does not match the one of the authorization"
        status = "BAD_REDIRECT_URI"
        raise RefusedError(error="invalid_grant", status=status, message=message)
    code = form.get("code", "")
    found = connection.execute(
        "SELECT challenge, method FROM oauth_code WHERE value = ?", (code,)
    ).fetchone()
    if found is None:
        raise bad_code
    verifier = form.get("code_verifier", "")
    if not _is_verified(found["challenge"], found["method"], verifier):
        message = "missing or invalid code verifier"
        status = "BAD_CODE_VERIFIER"
        raise RefusedError(error="invalid_grant", status=status, message=message)
    row = grants.take_code(connection, code, provider=SLUG, now=now)
    if row is None:
        raise bad_code
    columns = {name: row[name] for name in ("account", "user", "scopes")}
    grant_id = grants.start_grant(connection, provider=SLUG, created_at=now, **columns)
    refresh = _make_refresh_token(row["account"])
    grants.issue(
        connection, refresh, grant_id=grant_id, kind="refresh", now=now, lifetime=None
    )
    return _answer(sandbox, connection, grant_id, refresh)


def _is_verified(challenge: str, method: str, verifier: str) -> bool:
    if not challenge:
        return True
    if method == "plain":
        return secrets.compare_digest(challenge.encode(), verifier.encode())
    digest = hashlib.sha256(verifier.encode()).digest()
    made = base64.urlsafe_b64encode(digest).rstrip(b"=")
    return secrets.compare_digest(challenge.encode(), made)


def _refresh(
    sandbox: "Sandbox", connection: sqlite3.Connection, form: Mapping[str, str]
) -> dict[str, Any]:
    value = form.get("refresh_token", "")
    token = grants.find_token(sandbox.storage, value, provider=SLUG)
    if token is None or token.kind != "refresh" or token.is_revoked:
        raise _make_refusal(is_double=bool(token and token.spent_at))
    now, successor = sandbox.clock(), value
    if token.spent_at is not None:
        grace = sandbox.switches.get(SLUG, "grace_seconds", token.account)
        if now - token.spent_at >= grace:
            punish = sandbox.switches.get(SLUG, "punish_reuse", token.account)
            raise _make_refusal(is_double=True, ends=token.grant_id if punish else 0)
        successor = token.successor
        grants.spend(connection, value, successor=None, now=now)
    elif sandbox.switches.get(SLUG, "rotation", token.account):
        successor = _make_refresh_token(token.account)
        grants.spend(connection, value, successor=successor, now=now)
        grants.issue(
            connection,
            successor,
            grant_id=token.grant_id,
            kind="refresh",
            now=now,
            lifetime=None,
        )
    else:
        grants.spend(connection, value, successor=None, now=now)
    return _answer(sandbox, connection, token.grant_id, successor)


def _make_refusal(*, is_double: bool, ends: int = 0) -> RefusedError:
    return RefusedError(
        error="invalid_grant",
        status="BAD_REFRESH_TOKEN",
        message="refresh token is invalid, expired or revoked",
        is_double=is_double,
        ends_grant=ends,
    )


def _punish(sandbox: "Sandbox", grant_id: int) -> None:
    with sandbox.storage.write() as connection:
        grants.end_grant(
            connection, grant_id, reason="refresh token reused", now=sandbox.clock()
        )


def _answer(
    sandbox: "Sandbox", connection: sqlite3.Connection, grant_id: int, refresh: str
) -> dict[str, Any]:
    grant = connection.execute(
        "SELECT * FROM oauth_grant WHERE id = ?", (grant_id,)
    ).fetchone()
    lifetime = sandbox.switches.get(SLUG, "access_token_seconds", grant["account"])
    region = BY_ID[grant["account"]].region
    access = grants.issue(
        connection,
        f"sbx-{region}-{secrets.token_urlsafe(180)}",
        grant_id=grant_id,
        kind="access",
        now=sandbox.clock(),
        lifetime=lifetime,
    )
    answer = {
        "access_token": access,
        "refresh_token": refresh,
        "expires_in": lifetime,
        "token_type": "bearer",
        "token_use": "access_token",
        "hub_id": int(grant["account"]),
        "scopes": grant["scopes"].split(),
    }
    if sandbox.switches.get(SLUG, "user_id_in_token", grant["account"]):
        answer["user_id"] = int(grant["user"])
    return answer


def _make_refresh_token(portal: str) -> str:
    return f"sbx-{BY_ID[portal].region}-{secrets.token_hex(20)}"
