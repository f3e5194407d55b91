"""Let a call in: version, token, scopes, limits; and read what most calls name."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sandbox.core.serving.web import (
    NOT_SIMULATED,
    ApiRefusal,
    Request,
    Response,
    to_json,
    to_text,
)
from sandbox.core.state import Handler, Sandbox
from sandbox.hubspot.api.errors import (
    get_correlation_id,
    missing_scopes,
    rate_limited,
    refuse,
)
from sandbox.hubspot.api.records import SLUG, Records
from sandbox.hubspot.seed.accounts import ALIASES, CONTACTS, TYPES, VERSIONS
from sandbox.hubspot.seed.definitions import Definition, get_definitions

MAX_URL = 8_192
READ, WRITE = "crm.objects.{}.read", "crm.objects.{}.write"
READ_SCHEMA = "crm.schemas.{}.read"


@dataclass(frozen=True, kw_only=True)
class Call:
    """A call that was let in: whose token makes it, and what it is about."""

    sandbox: Sandbox
    request: Request
    portal: str
    scopes: frozenset[str]

    @cached_property
    def types(self) -> tuple[str, ...]:
        params = self.request.params
        names = [params[name] for name in ("type", "from", "to") if name in params]
        if unknown := set(names) - ALIASES.keys():
            raise refuse(f"Unable to infer object type from: {unknown}")
        return tuple(ALIASES[name] for name in names)

    @property
    def type(self) -> str:
        return self.types[0]

    @property
    def count_of_properties(self) -> int:
        return int(self.sandbox.switches.get(SLUG, "properties", self.portal))

    @property
    def definitions(self) -> dict[str, Definition]:
        return get_definitions(self.type, self.count_of_properties)

    @cached_property
    def records(self) -> Records:
        return Records(sandbox=self.sandbox, portal=self.portal, type=self.type)

    @property
    def enforces_rules(self) -> bool:
        return self.request.params["v"] == "2026-09"

    @property
    def id(self) -> int:
        return to_id(self.request.params["id"])

    @property
    def after(self) -> int:
        return to_id(self.request.query.get("after") or "0")

    @property
    def is_archived(self) -> bool:
        return self.request.query.get("archived", "").lower() == "true"

    @cached_property
    def body(self) -> dict[str, Any]:
        """Return the body, which was checked before."""
        body: dict[str, Any] = self.request.json()
        return body

    def require(self, type_id: str, *scopes: str) -> None:
        names = [scope.format(TYPES.get(type_id)) for scope in scopes]
        if self.scopes.isdisjoint(names):
            raise missing_scopes(*names)

    def read_limit(self, *, default: int, highest: int) -> int:
        text = self.request.query.get("limit") or str(default)
        if not text.isdigit() or not 1 <= int(text) <= highest:
            raise refuse(f"limit must be a number from 1 to {highest}")
        return int(text)

    def read_inputs(self, highest: int) -> list[dict[str, Any]]:
        inputs: list[dict[str, Any]] = self.body["inputs"]
        if len(inputs) > highest:
            raise refuse(f"At most {highest} inputs are supported in a batch")
        return inputs


Inner = Callable[[Call], Response | dict[str, Any] | None]


def api(*scopes: str, bucket: str = "api") -> Callable[[Inner], Handler]:
    """Wrap a handler with everything that comes before any API call.

    For every type in the path the grant needs one of the scopes. Only contacts are
    written, in one transaction, undone by a refusal; an answer without content is 204.
    """

    def decorate(inner: Inner) -> Handler:
        def handle(sandbox: Sandbox, request: Request) -> Response:
            check_version(request)
            if len(request.path) + len(request.query_string) > MAX_URL:
                return to_text("URI Too Long", 414)
            call = _admit(sandbox, request, bucket)
            for type_id in call.types or ("",):
                call.require(type_id, *scopes)
            if problem := sandbox.check_call(request):
                raise refuse(f"{problem.where} {problem.why}")
            is_write = WRITE in scopes
            if is_write and call.type != CONTACTS:
                raise ApiRefusal(lambda _: to_text(NOT_SIMULATED, 404))
            with sandbox.storage.write() if is_write else nullcontext():
                answer = inner(call)
            if isinstance(answer, Response):
                return answer
            return Response(status=204) if answer is None else to_json(answer)

        return handle

    return decorate


def check_version(request: Request) -> None:
    if request.params["v"] not in VERSIONS:
        raise ApiRefusal(lambda _: to_text(NOT_SIMULATED, 404))


def _admit(sandbox: Sandbox, request: Request, bucket: str) -> Call:
    token, now = request.token, sandbox.clock()
    if token is None or token.kind != "access" or token.is_revoked:
        message = "Authentication credentials not found or not valid."
        raise refuse(message, 401, "INVALID_AUTHENTICATION")
    if token.is_expired(now):
        seconds = int(now - (token.expires_at or now))
        message = f"The OAuth token used expired {seconds} second(s) ago."
        raise refuse(message, 401, "EXPIRED_AUTHENTICATION")
    _check_limits(sandbox, request, bucket)
    withdrawn = sandbox.switches.get(SLUG, "withdrawn_scopes", token.account)
    scopes = frozenset(token.scopes) - set(withdrawn)
    return Call(sandbox=sandbox, request=request, portal=token.account, scopes=scopes)


# The switch, the seconds and the policy of each rate limit.
LIMITS = {
    "api": ("calls_per_ten_seconds", 10.0, "TEN_SECONDLY_ROLLING"),
    "search": ("search_per_second", 1.0, "SECONDLY"),
}


def _check_limits(sandbox: Sandbox, request: Request, bucket: str) -> None:
    portal, (name, seconds, policy) = request.account, LIMITS[bucket]
    if not sandbox.switches.get(SLUG, "rate_limits", portal):
        return
    limit = sandbox.switches.get(SLUG, name, portal)
    is_in, left = sandbox.windows.admit(
        f"{SLUG}:{portal}:{bucket}", limit=limit, seconds=seconds, now=sandbox.clock()
    )
    if bucket == "api":
        request.environ["hubspot.limit"] = (limit, left)
    if not is_in:
        says_when = sandbox.switches.get(SLUG, "retry_after_on_429", portal)
        raise rate_limited(policy, seconds if says_when else None)


def finish(sandbox: Sandbox, request: Request, response: Response) -> None:
    told = {"Correlation-Id": get_correlation_id(request)}
    if limit := request.environ.get("hubspot.limit"):
        told["RateLimit-Max"], told["RateLimit-Remaining"] = map(str, limit)
        told["RateLimit-Interval-Milliseconds"] = "10000"
    response.headers += [(f"X-HubSpot-{name}", text) for name, text in told.items()]


def to_id(text: str) -> int:
    """Return a record id; whatever is no number is no record."""
    if not text.isdigit():
        raise refuse(f"Object id {text!r} is not valid")
    return int(text)
