"""Let a call in: shape of ids, token, scope, base, limits, quota."""

import json
from dataclasses import replace

from sandbox.airtable.api import quotas
from sandbox.airtable.api.errors import (
    FORBIDDEN,
    INVALID,
    MONTH,
    NO_MODEL,
    NOT_FOUND,
    RATE,
    UNAUTHORIZED,
    answer_error,
    refuse,
)
from sandbox.airtable.seed.accounts import FREE, SLUG, TEAM
from sandbox.airtable.values import is_id
from sandbox.core.data import read
from sandbox.core.serving.web import ApiRefusal, Request, to_text
from sandbox.core.state import Sandbox
from sandbox.core.storage import Row
from sandbox.oauth.grants import Token

MAX_URL = 16_000
OPEN = read(__package__, "open.sql")


def list_bases(sandbox: Sandbox, token: Token) -> list[Row]:
    """Return the bases a token may name, by id, with the person's level on each."""
    if sandbox.switches.get(SLUG, "enterprise_blocked", token.account):
        return []
    rows = sandbox.storage.all(OPEN, token.user, token.account, token.grant_id)
    return [
        row
        for row in rows
        if {row["id"], row["workspace"]} & set(json.loads(row["resources"]))
    ]


def admit(
    sandbox: Sandbox, request: Request, scope: str = "", *, is_metered: bool = False
) -> Token:
    """Return the token of a call with the scopes it still has, or refuse the call.

    A metered call is refused once the workspace has used up its month.
    """
    # A malformed id is no path at all: this is said before the token is read.
    if "base" in request.params and not is_id("app", request.params["base"]):
        raise refuse(NOT_FOUND)
    if len(request.origin) + len(request.path) + len(request.query_string) > MAX_URL:
        raise ApiRefusal(lambda _: to_text("Request too large\n", 413))
    token, switches = request.token, sandbox.switches
    if token is None or token.kind != "access" or not token.is_live(sandbox.clock()):
        raise refuse(UNAUTHORIZED)
    # Counted per grant: a refreshed token goes on where the old one stopped.
    per_second = switches.get(SLUG, "calls_per_second_per_token", token.account)
    _count(sandbox, f"grant:{token.grant_id}", per_second, token.account)
    withdrawn = switches.get(SLUG, "withdrawn_scopes", token.account)
    scopes = [one for one in token.scopes if one not in withdrawn]
    if scope and scope not in scopes:
        raise refuse(FORBIDDEN, f"The token lacks the scope {scope}")
    if "base" in request.params:
        _open_base(sandbox, request, token, is_metered=is_metered)
    if problem := sandbox.check_call(request):
        raise refuse(INVALID, f"{problem.where} {problem.why}")
    return replace(token, granted=" ".join(scopes))


def _open_base(
    sandbox: Sandbox, request: Request, token: Token, *, is_metered: bool
) -> None:
    bases = {row["id"]: row for row in list_bases(sandbox, token)}
    base, switches = bases.get(request.params["base"]), sandbox.switches
    if base is None:
        raise refuse(NO_MODEL)
    request.bucket = base["id"]
    limit = switches.get(SLUG, "calls_per_second_per_base", token.account)
    if quotas.is_used_up(sandbox, base["workspace"], TEAM):
        slow = switches.get(SLUG, "calls_per_second_over_quota", token.account)
        limit = min(limit, slow)
    _count(sandbox, base["id"], limit, token.account)
    if is_metered and quotas.is_used_up(sandbox, base["workspace"], FREE):
        raise _limited(sandbox, MONTH, token.account)
    quotas.count_call(sandbox, base["workspace"])
    if base["level"] == "none":
        raise refuse(FORBIDDEN, "You cannot read this base")


def _count(sandbox: Sandbox, key: str, limit: int, account: str) -> None:
    if not sandbox.switches.get(SLUG, "rate_limits", account):
        return
    is_in, _ = sandbox.windows.admit(
        f"{SLUG}:{key}",
        limit=limit,
        seconds=1.0,
        now=sandbox.clock(),
        penalty=sandbox.switches.get(SLUG, "penalty_seconds", account),
    )
    if not is_in:
        raise _limited(sandbox, RATE, account)


def _limited(sandbox: Sandbox, kind: str, account: str) -> ApiRefusal:
    as_documented = sandbox.switches.get(SLUG, "documented_429", account)
    response = answer_error(kind, shape="object" if as_documented else "list")
    if sandbox.switches.get(SLUG, "retry_after_on_429", account):
        response.after(sandbox.switches.get(SLUG, "penalty_seconds", account))
    return ApiRefusal(lambda _: response)
