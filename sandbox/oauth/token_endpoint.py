"""Answer the token endpoints: exchange, refresh and punish, introspect and revoke."""

import base64
import hashlib
import re
import secrets
from typing import Any

from sandbox.core.serving.web import (
    ApiRefusal,
    Request,
    Response,
    find_repeated,
    to_json,
)
from sandbox.core.state import Sandbox
from sandbox.core.storage import Row
from sandbox.oauth import grants
from sandbox.oauth.client import Call, read_call
from sandbox.oauth.policy import Issued, Policy
from sandbox.oauth.refusals import RefusedError

VERIFIER = re.compile(r"[A-Za-z0-9._-]{43,128}")
EXCHANGE, REFRESH = "authorization_code", "refresh_token"


def answer_token(policy: Policy, sandbox: Sandbox, request: Request) -> Response:
    policy.admit(request)
    call = read_call(policy, sandbox, request)
    secret = call.get("refresh_token") or call.get("code")
    error, is_double, is_unknown = "", False, False
    with sandbox.in_flight.enter(secret) as is_overlapping:
        try:
            response = to_json(_answer(call))
        except RefusedError as exc:
            response, is_double = call.refuse(exc), exc.is_double
            is_unknown = exc.is_unknown
            error = policy.get_refusal(exc.reason).name
            if exc.ends:
                call.grants.end(exc.ends, "refresh token reused")
    grants.insert(
        call.storage,
        "token_request",
        at=call.now,
        provider=policy.slug,
        grant_type=call.get("grant_type"),
        account=request.account,
        fingerprint=grants.to_fingerprint(secret) if secret else "",
        status=response.status,
        error=error,
        is_double=is_double,
        # What nobody was given cannot be spent, by however many.
        is_overlapping=is_overlapping and not is_unknown,
    )
    return response


def _answer(call: Call) -> dict[str, Any]:
    policy, kind = call.policy, call.get("grant_type")
    is_burnt = policy.burns_codes and call.grants.take_code(call.get("code"))
    if policy.refuses_repeated and (repeated := find_repeated(call.request.form_pairs)):
        raise RefusedError("repeated", ", ".join(repeated))
    if policy.grant_type_first:
        _check_grant_type(kind)
    call.check_client()
    _check_grant_type(kind)
    needed = policy.required if kind == EXCHANGE else policy.required and (REFRESH,)
    call.check_fields(*needed)
    with call.storage.write():
        if kind == REFRESH:
            return _refresh(call)
        return _exchange(call, is_burnt=is_burnt)


def _check_grant_type(kind: str) -> None:
    if kind not in (EXCHANGE, REFRESH):
        raise RefusedError("grant_type" if kind else "no_grant_type")


def _exchange(call: Call, *, is_burnt: bool) -> dict[str, Any]:
    policy, known = call.policy, call.grants
    code = known.find_code(call.get("code"))
    if code is None:
        raise RefusedError("code")
    is_fresh = code["used_at"] is None and code["expires_at"] > call.now
    if not (is_burnt or is_fresh):
        is_double = code["used_at"] is not None
        reason = "used_code" if is_double else "code"
        raise RefusedError(reason, is_double=is_double)
    if call.get("redirect_uri") != code["redirect_uri"]:
        raise RefusedError("redirect_uri")
    if not _is_verified(policy, code, call.get("code_verifier")):
        raise RefusedError("verifier")
    account, scopes = code["account"], set(code["scopes"].split())
    if policy.scopes and not scopes <= policy.get_scopes(call.sandbox, account):
        raise RefusedError("withdrawn")
    known.take_code(code["value"])
    grant_id = policy.start(call.sandbox, code)
    # A grant that lives already answers with the pair it has.
    access, refresh = (known.find_live_token(grant_id, kind) for kind in grants.BOTH)
    if not access:
        access, refresh = _issue(call, grant_id, account)
    return _describe(call, grant_id, access, refresh, code["scopes"])


def _is_verified(policy: Policy, code: Row, verifier: str) -> bool:
    if not code["challenge"]:
        return policy.pkce != "required"
    if code["method"] == "plain":
        return secrets.compare_digest(code["challenge"].encode(), verifier.encode())
    if not VERIFIER.fullmatch(verifier):
        return False
    digest = hashlib.sha256(verifier.encode()).digest()
    made = base64.urlsafe_b64encode(digest).rstrip(b"=")
    return secrets.compare_digest(code["challenge"].encode(), made)


def _refresh(call: Call) -> dict[str, Any]:
    policy, known, value = call.policy, call.grants, call.get("refresh_token")
    token = known.find_token(value)
    if token is None:
        raise RefusedError("refresh_token", is_unknown=True)
    if token.kind != "refresh" or token.is_expired(call.now):
        raise RefusedError("refresh_token")
    if token.is_revoked:
        raise RefusedError("refresh_token", is_double=token.spent_at is not None)
    granted = _narrow(call, token) if policy.scopes else token.granted
    successor = "" if policy.get(call.sandbox, "rotation", token.account) else value
    if token.spent_at is not None:
        successor = _forgive(call, token)
    if not policy.get(call.sandbox, "old_access_survives", token.account):
        known.revoke_tokens(token.grant_id, "access")
    access, refresh = _issue(call, token.grant_id, token.account, refresh=successor)
    if not successor:
        known.spend(value, refresh)
    return _describe(call, token.grant_id, access, refresh, granted)


def _narrow(call: Call, token: grants.Token) -> str:
    """Return the scopes that are left, or the fewer ones that are asked for."""
    registered = call.policy.get_scopes(call.sandbox, token.account)
    left = [scope for scope in token.scopes if scope in registered]
    asked = call.get("scope").split()
    if not set(asked) <= set(left):
        raise RefusedError("scope")
    return " ".join(asked or left)


def _forgive(call: Call, token: grants.Token) -> str:
    """Return the successor of a spent token while it is forgiven; else refuse.

    The token spent last may meet a conflict for a moment, because another refresh is
    probably under way; any other reuse looks like theft.
    """
    policy, sandbox, value = call.policy, call.sandbox, token.successor or ""
    successor = call.grants.find_token(value)
    if successor is not None and successor.spent_at is None:
        age = call.now - (token.spent_at or 0)
        if age < policy.get(sandbox, "grace_seconds", token.account):
            return value
        if age < policy.get(sandbox, "race_seconds", token.account):
            raise RefusedError("racing", is_double=True)
    punishes = policy.get(sandbox, "punish_reuse", token.account)
    ends = token.grant_id if punishes else 0
    raise RefusedError("reused", is_double=True, ends=ends)


def _issue(
    call: Call, grant_id: int, account: str, *, refresh: str = ""
) -> tuple[str, str]:
    policy = call.policy
    made = {"access": policy.make_token("access", account)}
    if not refresh:
        refresh = made["refresh"] = policy.make_token("refresh", account)
    for kind, value in made.items():
        lifetime = policy.get(call.sandbox, f"{kind}_token_seconds", account)
        grants.insert(
            call.storage,
            "oauth_token",
            value=value,
            grant_id=grant_id,
            kind=kind,
            issued_at=call.now,
            # A lifetime of zero has no end.
            expires_at=call.now + lifetime if lifetime else None,
        )
    return made["access"], refresh


def _describe(
    call: Call, grant_id: int, access: str, refresh: str, scopes: str
) -> dict[str, Any]:
    policy, grant = call.policy, call.grants.get(grant_id)
    account = call.request.account = grant["account"]
    issued = Issued(
        sandbox=call.sandbox,
        request=call.request,
        access=access,
        refresh=refresh,
        expires_in=policy.get(call.sandbox, "access_token_seconds", account),
        refresh_expires_in=policy.get(call.sandbox, "refresh_token_seconds", account),
        grant=grant,
        scopes=scopes,
    )
    return policy.describe(issued)


def introspect(policy: Policy, sandbox: Sandbox, request: Request) -> Response:
    _, found = _find_token(policy, sandbox, request)
    if found is None or not found.is_live(sandbox.clock()):
        return policy.answer(request, {"active": False})
    return policy.answer(request, policy.describe_token(sandbox, found))


def revoke(policy: Policy, sandbox: Sandbox, request: Request) -> Response:
    """End the grant of a token; tokens of other kinds may live until they expire."""
    call, token = _find_token(policy, sandbox, request)
    if token and token.kind not in policy.revocable:
        raise _refuse(call, RefusedError("token_kind"))
    if token and not token.is_revoked:
        with sandbox.storage.write():
            call.grants.end(token.grant_id, "revoked by the app", policy.ended)
            policy.end(sandbox, token)
    return policy.answer(request, {})


def _find_token(
    policy: Policy, sandbox: Sandbox, request: Request
) -> tuple[Call, grants.Token | None]:
    policy.admit(request)
    call = read_call(policy, sandbox, request)
    try:
        call.check_client()
        call.check_fields("token")
    except RefusedError as exc:
        raise _refuse(call, exc) from exc
    return call, call.grants.find_token(call.get("token"))


def _refuse(call: Call, why: RefusedError) -> ApiRefusal:
    answer = call.refuse(why)
    return ApiRefusal(lambda _: answer)
