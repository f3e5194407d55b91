"""List the ways only Airtable can misbehave, and its lasting switches."""

from sandbox.airtable.api.errors import (
    ITERATOR_GONE,
    MONTH,
    RATE,
    answer_error,
    rate_limited,
    refuse_with_status,
    to_envelope,
)
from sandbox.airtable.oauth import POLICY
from sandbox.core import common_faults
from sandbox.core.provider import Params, Switch
from sandbox.core.state import Before, FaultKind, Sandbox
from sandbox.core.web import Request, Response
from sandbox.oauth import kit

ENVELOPE = {"shape": "list", "status": 422}


def _limit(kind: str, *, as_documented: bool = False) -> Before:
    def limit(sandbox: Sandbox, request: Request, params: Params) -> Response:
        return rate_limited(kind, as_documented=as_documented)

    return limit


def _fail(status: int, kind: str, message: str = "") -> Before:
    def fail(sandbox: Sandbox, request: Request, params: Params) -> Response:
        return answer_error(status, kind, message)

    return fail


def _wrap_error(sandbox: Sandbox, request: Request, params: Params) -> Response:
    made = refuse_with_status(sandbox, request, int(params["status"]), None)
    is_json = made.content_type.startswith("application/json")
    return to_envelope(made, str(params["shape"])) if is_json else made


FORBIDDEN = _fail(403, "INVALID_PERMISSIONS", "You are not permitted to do this")
DOCUMENTED = _limit(RATE, as_documented=True)
GONE = "422: the listing cannot go on"

FAULTS = (
    *common_faults.KINDS,
    *kit.make_faults(POLICY),
    FaultKind("rate_limit", "429 as seen in practice", before=_limit(RATE)),
    FaultKind("rate_limit_documented", "429 as documented", before=DOCUMENTED),
    FaultKind("monthly_limit", "429: the month is used up", before=_limit(MONTH)),
    FaultKind("iterator_gone", GONE, before=_fail(422, ITERATOR_GONE)),
    FaultKind("forbidden", "403 INVALID_PERMISSIONS", before=FORBIDDEN),
    FaultKind(
        "envelope",
        "Error in a string, object or list envelope",
        before=_wrap_error,
        params=ENVELOPE,
    ),
)

SWITCHES = (
    *kit.make_switches(POLICY),
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
