"""Promises about refusals: each is an error of its class, and none is an answer."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlsplit

from integrations.http.errors import (
    ApiError,
    Forbidden,
    Intermediary,
    InvalidRequest,
    Network,
    NotFound,
    RateLimited,
    Server,
    Transient,
    Unauthorized,
)
from integrations.http.responses.error_forms import ErrorForm
from integrations.http.sending.transport import Headers, Response
from integrations.oauth.errors import OAuthError
from integrations.providers.connector import BaseConnector
from integrations.providers.errors import CollectionDeletedError
from tests.providers.contract.case import OFTEN, Case
from tests.providers.contract.checks import Kinds, raises
from tests.providers.scenario import Scenario

HTML = b"<html><body>No.</body></html>"
# More would be a storm against a provider that is in trouble.
MOST_TRIES = 4
MAX_RETRY_AFTER = 86_400.0


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """One way of saying no, and the class of error that it has to become.

    Without a body it comes in the provider's own form.
    """

    status: int
    kind: Kinds
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    def told_by(self, connector: BaseConnector) -> bytes:
        """Return the body that this provider, or somebody in its place, sends."""
        return self.body or in_form(connector.spec.error_forms[-1])


def in_form(form: ErrorForm) -> bytes:
    """Return an error body of a form, each of its texts as short as can be."""
    body: dict[str, Any] = {"said": "no"}
    for path, pattern in form.items():
        value: Any = next(t for t in ("a", "A", pattern) if re.fullmatch(pattern, t))
        first, *others = path.split(".")
        for name in reversed(others):
            value = [value] if name.isdecimal() else {name: value}
        body[first] = value
    return json.dumps(body).encode()


GONE = (NotFound, CollectionDeletedError)
REFUSALS = (
    Refusal(status=400, kind=InvalidRequest),
    Refusal(status=401, kind=Unauthorized),
    Refusal(status=401, kind=Intermediary, body=HTML),
    Refusal(status=403, kind=Forbidden),
    Refusal(status=403, kind=Intermediary, body=HTML),
    Refusal(status=404, kind=GONE),
    Refusal(status=410, kind=Intermediary, body=HTML),
    Refusal(status=429, kind=RateLimited),
    Refusal(status=429, kind=Intermediary, body=HTML),
    Refusal(status=500, kind=Server),
    Refusal(status=502, kind=Server, body=HTML),
    Refusal(status=503, kind=Server),
    Refusal(status=529, kind=Transient),
)


def later(seconds: int) -> str:
    """Return a moment in the future as an HTTP date."""
    at = datetime.now(UTC) + timedelta(seconds=seconds)
    return format_datetime(at, usegmt=True)


def a_refused_page_is_an_error(case: Case) -> None:
    """No page comes out of a refusal: not on page one, nor on the next, nor of changes.

    The error knows the status, and calls are not repeated without end.
    """
    cursor = case.read_first().next_cursor
    places: list[tuple[str, int, str | None]] = [
        (step, 0, None) for step in case.steps()
    ]
    for step, number, at in [*places, ("pages", 1, cursor)]:
        for refusal in REFUSALS:
            scenario = case.new()
            error = raises(
                refusal.kind,
                lambda s=scenario, r=refusal, p=(step, number, at): case.read(
                    s,
                    *p,
                    r.told_by(case.connector),
                    status=r.status,
                    headers=r.headers,
                ),
            )
            is_told = isinstance(error, CollectionDeletedError)
            assert is_told or error.status == refusal.status
            assert len(scenario.transport.requests) <= MOST_TRIES
            assert "token-under-test" not in f"{error} {error.detail}"


def a_limit_says_how_long(case: Case) -> None:
    """A 429 closes the account's limit for the time that it names, within a day."""
    told = in_form(case.connector.spec.error_forms[-1])
    for headers, low, high in (
        ({}, 0.1, 900.0),
        ({"Retry-After": "120"}, 120.0, 120.0),
        ({"retry-after": "47.5"}, 47.5, 47.5),
        ({"Retry-After": later(100)}, 95.0, 100.0),
        ({"Retry-After": later(-100)}, 0.0, 900.0),
        ({"Retry-After": "99999999999"}, 0.0, MAX_RETRY_AFTER),
        ({"Retry-After": "999999999"}, 0.0, MAX_RETRY_AFTER),
        ({"Retry-After": "-5"}, 0.0, 900.0),
        ({"Retry-After": "soon"}, 0.0, 900.0),
    ):
        scenario = case.new()
        error = raises(
            RateLimited,
            lambda s=scenario, h=headers: case.read(
                s, "pages", 0, None, told, status=429, headers=h
            ),
        )
        assert isinstance(error, RateLimited)
        assert error.retry_after is not None
        assert low <= error.retry_after <= high, headers
        assert scenario.limiter.blocked, "no limit was blocked"
        assert len(scenario.transport.requests) == 1, "a 429 was tried again"


def classify_knows_every_status(case: Case) -> None:
    """What an answer stands for is decided by its status, whatever its body is."""
    bodies = (b"{}", b"", HTML, b"[]", b'"x"', b'{"error": 5, "errors": {"a": 1}}')
    for refusal in (each for each in REFUSALS if each.kind is not Intermediary):
        for body in bodies:
            answer = Response(status=refusal.status, body=body, headers=Headers())
            error = case.connector.classify(answer)
            assert isinstance(error, refusal.kind), (refusal.status, body)
    for status in (200, 201, 202, 204):
        assert case.connector.classify(Response(status=status, body=b"{}")) is None
    moved = Response(status=302, headers=Headers({"Location": "https://x.example"}))
    assert isinstance(case.connector.classify(moved), ApiError)


def a_timeout_is_no_page(case: Case) -> None:
    """A call without an answer raises Network, on page one and on page two."""
    cursor = case.read_first().next_cursor
    for number, at in ((0, None), (1, cursor)):
        scenario = case.new()
        route = case.route("pages", number)
        scenario.transport.on(route, Network("timed out"), times=OFTEN)
        raises(Network, lambda s=scenario, a=at: case.fetch(s, "pages", a))
        assert len(scenario.transport.requests) <= MOST_TRIES


def every_call_of_a_list_of_collections_counts(case: Case) -> None:
    """Whichever call of it fails, a list of collections is not simply shorter."""

    def ask(scenario: Any) -> Any:
        account = case.script["account"]
        return scenario.connector.list_collections(scenario.api, account=account)

    # Inside of an account, 403 and 404 may say that a part of it is not shared.
    _refuse_each(case, case.script.get("collections", {}), ask, ApiError)


def a_refused_schema_is_an_error(case: Case) -> None:
    """The first call for a schema is not to be done without."""
    routes = case.script.get("schema", {})
    for route in list(routes)[:1]:
        for refusal in REFUSALS:
            scenario = case.new()
            body = refusal.told_by(case.connector)
            scenario.transport.on(route, body, status=refusal.status, times=OFTEN)
            raises(
                ApiError,
                lambda s=scenario: s.connector.fetch_schema(s.api, s.context()),
            )


def a_refused_count_is_an_error(case: Case) -> None:
    """A count that was refused is no number."""
    if case.script.get("count"):
        _refuse_each(case, case.script["count"], case.count, ApiError)


def a_dead_token_is_never_an_account(case: Case) -> None:
    """A refused call raises an error or adds nothing: the identity stays the same."""
    for route in case.script.get("identify", {}):
        for refusal in REFUSALS:
            scenario = case.new()
            others = {k: v for k, v in case.script["identify"].items() if k != route}
            scenario.play(others)
            body = refusal.told_by(case.connector)
            scenario.transport.on(route, body, status=refusal.status, times=OFTEN)
            try:
                account = case.identify(scenario, case.tokens)
            except (ApiError, OAuthError):
                continue
            assert account.remote_id == case.account_id
            is_refused = refusal.kind is Unauthorized
            is_told = is_refused and not is_token_call(scenario, route)
            assert not is_told, "a refused token was used"


def is_token_call(scenario: Scenario, route: str) -> bool:
    """Tell a call of the token endpoints from one of the API."""
    config = scenario.oauth.config
    urls = (config.token_url, config.introspect_url, config.revoke_url)
    return route.split(" ")[1] in {urlsplit(url).path for url in urls}


def _refuse_each(
    case: Case, exchanges: Any, ask: Callable[[Any], Any], kind: type[ApiError]
) -> None:
    """Refuse each of the calls in turn, and answer those before it as recorded."""
    calls = [
        (route, n) for route, names in exchanges.items() for n in range(len(names))
    ]
    first = next(iter(exchanges), "")
    for refused, place in calls:
        for refusal in REFUSALS:
            if refused != first and refusal.kind in (Forbidden, GONE):
                continue
            scenario = case.new()
            for route, names in exchanges.items():
                answered = names[:place] if route == refused else names
                scenario.play({route: answered})
            body = refusal.told_by(case.connector)
            scenario.transport.on(refused, body, status=refusal.status, times=OFTEN)
            raises(kind, lambda s=scenario: ask(s))
            assert len(scenario.transport.requests) <= len(calls) + MOST_TRIES


PROMISES: tuple[Callable[[Case], None], ...] = (
    a_refused_page_is_an_error,
    a_limit_says_how_long,
    classify_knows_every_status,
    a_timeout_is_no_page,
    every_call_of_a_list_of_collections_counts,
    a_refused_schema_is_an_error,
    a_refused_count_is_an_error,
    a_dead_token_is_never_an_account,
)
