"""Answer the token endpoint: exchange codes, rotate grants, punish reuse."""

import base64
import hashlib
import json
import re
import secrets
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.airtable.api.errors import oauth_error
from sandbox.airtable.api.params import find_repeated, read_form
from sandbox.airtable.clients import check_client
from sandbox.airtable.refusals import RefusedError
from sandbox.airtable.rotation import check_spent, retire
from sandbox.airtable.seed.accounts import SLUG
from sandbox.core.inflight import InFlight
from sandbox.core.storage import Row
from sandbox.core.web import Request, Response, to_json
from sandbox.oauth import grants

if TYPE_CHECKING:
    from sandbox.core.state import Sandbox

VERIFIER = re.compile(r"[A-Za-z0-9._-]{43,128}")
IN_FLIGHT = InFlight()


@dataclass(kw_only=True)
class Notes:
    """Collect what is remembered about one call of the token endpoint."""

    error: str = ""
    is_double: bool = False


def answer_token(sandbox: "Sandbox", request: Request) -> Response:
    """Exchange a code or refresh a grant, and remember that it was asked."""
    form = dict(read_form(request))
    secret = form.get("refresh_token") or form.get("code") or ""
    is_overlapping = IN_FLIGHT.enter(secret) and bool(secret)
    notes = Notes()
    try:
        response = _answer(sandbox, request, form, notes)
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
            error=notes.error,
            is_double=notes.is_double,
            is_overlapping=is_overlapping,
        )
    return response


def _answer(
    sandbox: "Sandbox", request: Request, form: Mapping[str, str], notes: Notes
) -> Response:
    # The first attempt burns a code, whatever becomes of the attempt.
    code = _burn_code(sandbox, form.get("code", ""))
    try:
        _check_repeated(request)
        check_client(sandbox, request, form)
        return to_json(_grant(sandbox, form, code))
    except RefusedError as exc:
        notes.error, notes.is_double = exc.error or str(exc.status), exc.is_double
        if exc.ends_grant:
            _punish(sandbox, exc.ends_grant)
        if not exc.error:
            # What a conflict's body holds is not known, so nothing is in it.
            return Response(status=exc.status)
        return oauth_error(exc.error, exc.description, exc.status)


def _check_repeated(request: Request) -> None:
    if repeated := find_repeated(read_form(request)):
        raise RefusedError("invalid_request", f"repeated: {', '.join(repeated)}")


def _burn_code(sandbox: "Sandbox", value: str) -> Row | None:
    if not value:
        return None
    with sandbox.storage.write() as connection:
        return grants.take_code(connection, value, provider=SLUG, now=sandbox.clock())


def _grant(
    sandbox: "Sandbox", form: Mapping[str, str], code: Row | None
) -> dict[str, Any]:
    wanted = {
        "authorization_code": ("code", "redirect_uri", "code_verifier"),
        "refresh_token": ("refresh_token",),
    }
    grant_type = form.get("grant_type", "")
    if not grant_type:
        raise RefusedError("invalid_request", "grant_type is missing")
    if grant_type not in wanted:
        raise RefusedError("unsupported_grant_type", "the grant type is not supported")
    if missing := [name for name in wanted[grant_type] if not form.get(name)]:
        raise RefusedError("invalid_request", f"missing: {', '.join(missing)}")
    with sandbox.storage.write() as connection:
        if grant_type == "refresh_token":
            return _refresh(sandbox, connection, form)
        return _exchange(sandbox, connection, form, code)


def _exchange(
    sandbox: "Sandbox",
    connection: sqlite3.Connection,
    form: Mapping[str, str],
    code: Row | None,
) -> dict[str, Any]:
    if code is None:
        raise RefusedError("invalid_grant", "the code is unknown, expired or used")
    if form["redirect_uri"] != code["redirect_uri"]:
        raise RefusedError("invalid_grant", "the redirect_uri is not the same")
    if not _is_verified(code["challenge"], form["code_verifier"]):
        raise RefusedError("invalid_grant", "the code_verifier does not match")
    withdrawn = sandbox.switches.get(SLUG, "withdrawn_scopes", code["account"])
    if set(code["scopes"].split()) & set(withdrawn):
        raise RefusedError("invalid_grant", "a scope was withdrawn")
    now = sandbox.clock()
    columns = {name: code[name] for name in ("account", "user", "scopes")}
    grant_id = grants.start_grant(connection, provider=SLUG, created_at=now, **columns)
    connection.execute(
        "INSERT INTO airtable_grant SELECT ?, resources FROM airtable_choice"
        " WHERE code = ?",
        (grant_id, code["value"]),
    )
    refresh = f"sbx.refresh.{secrets.token_urlsafe(48)}"
    return _issue(sandbox, connection, grant_id, refresh, code["scopes"])


def _is_verified(challenge: str, verifier: str) -> bool:
    if not VERIFIER.fullmatch(verifier):
        return False
    digest = hashlib.sha256(verifier.encode()).digest()
    made = base64.urlsafe_b64encode(digest).rstrip(b"=")
    return secrets.compare_digest(challenge.encode(), made)


def _refresh(
    sandbox: "Sandbox", connection: sqlite3.Connection, form: Mapping[str, str]
) -> dict[str, Any]:
    value, now = form["refresh_token"], sandbox.clock()
    token = grants.find_token(sandbox.storage, value, provider=SLUG)
    if token is None or token.kind != "refresh" or token.is_expired(now):
        raise RefusedError("invalid_grant", "the refresh token is not valid")
    if token.is_revoked:
        is_double = token.spent_at is not None
        raise RefusedError(
            "invalid_grant", "the refresh token was revoked", is_double=is_double
        )
    withdrawn = sandbox.switches.get(SLUG, "withdrawn_scopes", token.account)
    scopes = [scope for scope in token.scopes if scope not in withdrawn]
    asked = form.get("scope", "").split()
    if not set(asked) <= set(scopes):
        raise RefusedError("invalid_scope", "the scope is more than was granted")
    if token.spent_at is not None:
        successor = check_spent(sandbox, token)
        grants.spend(connection, value, successor=None, now=now)
        return _issue(
            sandbox, connection, token.grant_id, successor, " ".join(scopes), new=False
        )
    successor = f"sbx.refresh.{secrets.token_urlsafe(48)}"
    retire(connection, token, successor=successor, now=now)
    granted = " ".join(asked or scopes)
    return _issue(sandbox, connection, token.grant_id, successor, granted)


def _issue(
    sandbox: "Sandbox",
    connection: sqlite3.Connection,
    grant_id: int,
    refresh: str,
    scopes: str,
    *,
    new: bool = True,
) -> dict[str, Any]:
    account = connection.execute(
        "SELECT account FROM oauth_grant WHERE id = ?", (grant_id,)
    ).fetchone()["account"]
    now = sandbox.clock()
    lives = {
        kind: sandbox.switches.get(SLUG, f"{kind}_token_seconds", account)
        for kind in ("access", "refresh")
    }
    access = f"sbx.access.{secrets.token_urlsafe(64)}"
    issued = {"access": access, "refresh": refresh} if new else {"access": access}
    for kind, value in issued.items():
        life = lives[kind]
        grants.issue(
            connection, value, grant_id=grant_id, kind=kind, now=now, lifetime=life
        )
    return {
        "access_token": access,
        "refresh_token": refresh,
        # The space is Airtable's own.
        "token_type": "Bearer ",
        "scope": scopes,
        "expires_in": lives["access"],
        "refresh_expires_in": lives["refresh"],
    }


def _punish(sandbox: "Sandbox", grant_id: int) -> None:
    with sandbox.storage.write() as connection:
        grants.end_grant(
            connection, grant_id, reason="refresh token reused", now=sandbox.clock()
        )


def save_choice(
    connection: sqlite3.Connection, code: str, resources: list[str]
) -> None:
    """Remember which bases and workspaces go with a code."""
    connection.execute(
        "INSERT INTO airtable_choice VALUES (?, ?)", (code, json.dumps(resources))
    )
