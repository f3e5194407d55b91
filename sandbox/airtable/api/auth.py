"""Let a call in: shape of ids, token, scope, base, limits, quota."""

from collections.abc import Callable
from dataclasses import dataclass

from sandbox.airtable.api import quotas
from sandbox.airtable.api.access import find_base
from sandbox.airtable.api.errors import (
    MONTH,
    RATE,
    ApiRefusal,
    no_model,
    not_found,
    rate_limited,
    refuse,
    unauthorized,
)
from sandbox.airtable.seed.accounts import SLUG
from sandbox.airtable.values import is_id
from sandbox.core.state import Handler, Sandbox
from sandbox.core.storage import Row
from sandbox.core.web import Request, Response, to_text
from sandbox.oauth import grants

MAX_URL = 16_000
PREFIXES = {"base": "app", "record": "rec"}
Inner = Callable[[Sandbox, Request, "Caller"], Response]


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Describe whose token makes a call and what it may do."""

    token: grants.Token
    scopes: frozenset[str]
    base: Row | None


def api(scope: str = "", *, is_metered: bool = False) -> Callable[[Inner], Handler]:
    """Wrap a handler with everything that comes before any API call.

    A metered call is refused once the workspace has used up its month.
    """

    def decorate(inner: Inner) -> Handler:
        def handle(sandbox: Sandbox, request: Request) -> Response:
            try:
                caller = _admit(sandbox, request, scope, is_metered=is_metered)
                return inner(sandbox, request, caller)
            except ApiRefusal as refusal:
                return refusal.response

        return handle

    return decorate


def _admit(
    sandbox: Sandbox, request: Request, scope: str, *, is_metered: bool
) -> Caller:
    for name, prefix in PREFIXES.items():
        # A malformed id is no path at all: this is said before the token is read.
        if name in request.params and not is_id(prefix, request.params[name]):
            raise not_found()
    if len(request.origin) + len(request.path) + len(request.query_string) > MAX_URL:
        raise ApiRefusal(to_text("Request too large\n", 413))
    token = _check_token(sandbox, request)
    per_second = sandbox.switches.get(SLUG, "calls_per_second_per_token", token.account)
    # Counted per grant: a refreshed token goes on where the old one stopped.
    _count(sandbox, f"grant:{token.grant_id}", per_second, token.account)
    withdrawn = sandbox.switches.get(SLUG, "withdrawn_scopes", token.account)
    scopes = frozenset(token.scopes) - set(withdrawn)
    if scope and scope not in scopes:
        raise refuse(403, "INVALID_PERMISSIONS", f"The token lacks the scope {scope}")
    base = None
    if base_id := request.params.get("base"):
        base = _open_base(sandbox, request, token, base_id, is_metered=is_metered)
    return Caller(token=token, scopes=scopes, base=base)


def _check_token(sandbox: Sandbox, request: Request) -> grants.Token:
    token = request.token
    if token is None or token.kind != "access" or not token.is_live(sandbox.clock()):
        raise ApiRefusal(unauthorized())
    return token


def _open_base(
    sandbox: Sandbox,
    request: Request,
    token: grants.Token,
    base_id: str,
    *,
    is_metered: bool,
) -> Row:
    base = find_base(sandbox, token, base_id)
    if base is None:
        raise no_model()
    request.bucket = base_id
    limit = sandbox.switches.get(SLUG, "calls_per_second_per_base", token.account)
    if quotas.is_slowed(sandbox, base["workspace"]):
        slow = sandbox.switches.get(SLUG, "calls_per_second_over_quota", token.account)
        limit = min(limit, slow)
    _count(sandbox, base_id, limit, token.account)
    if is_metered and quotas.is_blocked(sandbox, base["workspace"]):
        raise ApiRefusal(_limited(sandbox, MONTH, token.account))
    quotas.count_call(sandbox, base["workspace"])
    if base["level"] == "none":
        raise refuse(403, "INVALID_PERMISSIONS", "You cannot read this base")
    return base


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
        raise ApiRefusal(_limited(sandbox, RATE, account))


def _limited(sandbox: Sandbox, kind: str, account: str) -> Response:
    as_documented = sandbox.switches.get(SLUG, "documented_429", account)
    response = rate_limited(kind, as_documented=as_documented)
    if sandbox.switches.get(SLUG, "retry_after_on_429", account):
        seconds = sandbox.switches.get(SLUG, "penalty_seconds", account)
        response.headers.append(("Retry-After", f"{seconds:g}"))
    return response
