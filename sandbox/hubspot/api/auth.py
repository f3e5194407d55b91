"""Let a call in: version, token, scopes, limits; and dress the answer."""

from collections.abc import Callable
from dataclasses import dataclass

from sandbox.core.state import Handler, Sandbox
from sandbox.core.web import BadBodyError, Request, Response, to_text
from sandbox.hubspot.api.errors import (
    NOT_SIMULATED,
    ApiRefusal,
    get_correlation_id,
    invalid,
    missing_scopes,
    rate_limited,
    refuse,
)
from sandbox.hubspot.seed.accounts import ALIASES, VERSIONS
from sandbox.oauth import grants

SLUG = "hubspot"
TEN_SECONDS, ONE_SECOND = 10.0, 1.0
MAX_URL = 8_192
Inner = Callable[[Sandbox, Request, "Caller"], Response]


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Describe whose token makes a call and what it may do."""

    request: Request
    portal: str
    user: str
    version: str
    scopes: frozenset[str]

    def require_any(self, *scopes: str) -> None:
        """Refuse the call when the grant has none of the scopes."""
        if self.scopes.isdisjoint(scopes):
            raise missing_scopes(self.request, list(scopes))


def api(*scopes: str, bucket: str = "api") -> Callable[[Inner], Handler]:
    """Wrap a handler with everything that comes before any API call."""

    def decorate(inner: Inner) -> Handler:
        def handle(sandbox: Sandbox, request: Request) -> Response:
            try:
                caller = _admit(sandbox, request, scopes, bucket)
                return inner(sandbox, request, caller)
            except ApiRefusal as refusal:
                return refusal.response
            except BadBodyError as exc:
                message = f"Invalid input JSON on line 1, column 1: {exc}"
                return invalid(request, message).response

        return handle

    return decorate


def _admit(
    sandbox: Sandbox, request: Request, scopes: tuple[str, ...], bucket: str
) -> Caller:
    if request.params.get("v", VERSIONS[0]) not in VERSIONS:
        raise ApiRefusal(to_text(NOT_SIMULATED, 404))
    if len(request.path) + len(request.query_string) > MAX_URL:
        raise ApiRefusal(to_text("URI Too Long", 414))
    token = _check_token(sandbox, request)
    _check_limits(sandbox, request, bucket)
    withdrawn = sandbox.switches.get(SLUG, "withdrawn_scopes", token.account)
    caller = Caller(
        request=request,
        portal=token.account,
        user=token.user,
        version=request.params.get("v", ""),
        scopes=frozenset(token.scopes) - set(withdrawn),
    )
    for scope in scopes:
        caller.require_any(scope)
    return caller


def _check_token(sandbox: Sandbox, request: Request) -> grants.Token:
    token, now = request.token, sandbox.clock()
    if token is None or token.kind != "access" or token.is_revoked:
        message = "Authentication credentials not found or not valid."
        raise refuse(request, 401, message, "INVALID_AUTHENTICATION")
    if token.is_expired(now):
        seconds = int(now - (token.expires_at or now))
        message = (
            f"The OAuth token used to make this call expired {seconds} second(s) ago."
        )
        raise refuse(request, 401, message, "EXPIRED_AUTHENTICATION")
    return token


def _check_limits(sandbox: Sandbox, request: Request, bucket: str) -> None:
    portal = request.account
    if not sandbox.switches.get(SLUG, "rate_limits", portal):
        return
    is_search = bucket == "search"
    seconds = ONE_SECOND if is_search else TEN_SECONDS
    name = "search_per_second" if is_search else "calls_per_ten_seconds"
    limit = sandbox.switches.get(SLUG, name, portal)
    is_in, left = sandbox.windows.admit(
        f"{SLUG}:{portal}:{bucket}", limit=limit, seconds=seconds, now=sandbox.clock()
    )
    if not is_search:
        request.environ["hubspot.limit"] = (limit, left)
    if is_in:
        return
    policy = "SECONDLY" if is_search else "TEN_SECONDLY_ROLLING"
    says_when = sandbox.switches.get(SLUG, "retry_after_on_429", portal)
    raise ApiRefusal(rate_limited(request, policy, seconds if says_when else None))


def finish(sandbox: Sandbox, request: Request, response: Response) -> None:
    """Add the headers every answer carries."""
    headers = response.headers
    headers.append(("X-HubSpot-Correlation-Id", get_correlation_id(request)))
    if limit := request.environ.get("hubspot.limit"):
        headers.append(("X-HubSpot-RateLimit-Max", str(limit[0])))
        headers.append(("X-HubSpot-RateLimit-Remaining", str(limit[1])))
        headers.append(("X-HubSpot-RateLimit-Interval-Milliseconds", "10000"))


def read_type(request: Request, name: str = "type") -> str:
    """Return the object type a path names, as its type id."""
    type_id = ALIASES.get(request.params[name])
    if type_id is None:
        message = f"Unable to infer object type from: {request.params[name]}"
        raise invalid(request, message)
    return type_id


def read_limit(request: Request, *, default: int, highest: int) -> int:
    text = request.query.get("limit") or str(default)
    if not text.isdigit() or not 1 <= int(text) <= highest:
        message = f"limit must be a number from 1 to {highest}"
        raise invalid(request, message)
    return int(text)


def read_id(request: Request, text: str) -> int:
    """Return a record id; whatever is no number is no record."""
    if not text.isdigit():
        message = f"Object id {text!r} is not valid"
        raise invalid(request, message)
    return int(text)
