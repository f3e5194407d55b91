"""List the ways only Airtable can misbehave, and its lasting switches."""

from sandbox.airtable.api.errors import (
    FORBIDDEN,
    ITERATOR_GONE,
    MONTH,
    RATE,
    answer_error,
    refuse_with_status,
)
from sandbox.core.provider import Params, Switch
from sandbox.core.state import FaultKind, Sandbox
from sandbox.core.web import Request, Response


def _fail(name: str, label: str, kind: str, shape: str = "") -> FaultKind:
    def fail(sandbox: Sandbox, request: Request, params: Params) -> Response:
        return answer_error(kind, shape=shape)

    return FaultKind(name, label, before=fail)


def _wrap_error(sandbox: Sandbox, request: Request, params: Params) -> Response:
    status, shape = int(params["status"]), str(params["shape"])
    return refuse_with_status(sandbox, request, status, None, shape)


FAULTS = (
    _fail("rate_limit", "429 as seen in practice", RATE),
    _fail("rate_limit_documented", "429 as documented", RATE, "object"),
    _fail("monthly_limit", "429: the month is used up", MONTH),
    _fail("iterator_gone", "422: the listing cannot go on", ITERATOR_GONE),
    _fail("forbidden", "403 INVALID_PERMISSIONS", FORBIDDEN),
    FaultKind(
        "envelope",
        "Error in a string, object or list envelope",
        before=_wrap_error,
        params={"shape": "list", "status": 422},
    ),
)

SWITCHES = (
    Switch("enterprise_blocked", "The company blocks the API: no bases", False),
    Switch("bases_page_size", "Bases per page", 1000),
    Switch("iterator_seconds", "Seconds a listing may pause between pages", 300.0),
    Switch("iterator_dies_on_page", "Page on which every listing dies (0: none)", 0),
    Switch("missing_record_is_403", "A deleted record answers 403, not 404", False),
    Switch("attachment_seconds", "Life of an attachment URL (s)", 7200),
    Switch("rate_limits", "Rate limits on", True),
    Switch("calls_per_second_per_base", "Calls per second per base", 5),
    Switch("calls_per_second_per_token", "Calls per second per grant", 50),
    Switch("penalty_seconds", "Seconds of silence after too many calls", 30.0),
    Switch("documented_429", "429 in its documented shape", False),
    Switch("retry_after_on_429", "429 says Retry-After", False),
    Switch("free_calls_per_month", "Calls a month on the Free plan", 1000),
    Switch("team_calls_per_month", "Calls a month on the Team plan", 100_000),
    Switch("calls_per_second_over_quota", "Calls per second past the month's quota", 2),
)
