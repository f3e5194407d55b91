"""List the ways only Airtable can misbehave, and its lasting switches."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sandbox.airtable.api.errors import (
    ITERATOR_GONE,
    MONTH,
    RATE,
    answer_error,
    oauth_error,
    rate_limited,
    refuse_with_status,
    to_envelope,
)
from sandbox.core.provider import After, Before, FaultKind, Params, Switch
from sandbox.core.web import Request, Response

if TYPE_CHECKING:
    from sandbox.core.state import Sandbox

ENVELOPE = {"shape": "list", "status": 422}


def _refuse_token(error: str, status: int) -> Before:
    def refuse(sandbox: "Sandbox", request: Request, params: Params) -> Response:
        return oauth_error(error, "as the sandbox was told", status)

    return refuse


def _conflict(sandbox: "Sandbox", request: Request, params: Params) -> Response:
    return Response(status=409)


def _limit(kind: str, *, as_documented: bool = False) -> Before:
    def limit(sandbox: "Sandbox", request: Request, params: Params) -> Response:
        return rate_limited(kind, as_documented=as_documented)

    return limit


def _lose_iterator(sandbox: "Sandbox", request: Request, params: Params) -> Response:
    return answer_error(422, ITERATOR_GONE)


def _forbid(sandbox: "Sandbox", request: Request, params: Params) -> Response:
    return answer_error(403, "INVALID_PERMISSIONS", "You are not permitted to do this")


def _wrap_error(sandbox: "Sandbox", request: Request, params: Params) -> Response:
    made = refuse_with_status(sandbox, request, int(params["status"]), None)
    is_json = made.content_type.startswith("application/json")
    return to_envelope(made, str(params["shape"])) if is_json else made


def _bend(change: Callable[[dict[str, Any], Params], None]) -> After:
    """Change a token answer that was really given: the tokens are spent."""

    def bend(
        sandbox: "Sandbox", request: Request, response: Response, params: Params
    ) -> Response:
        if response.status == 200:
            data = response.data
            change(data, params)
            response.body = json.dumps(data).encode()
        return response

    return bend


def _drop(name: str) -> FaultKind:
    return FaultKind(
        name=f"no_{name}",
        label=f"Token answer without {name}",
        after=_bend(lambda data, _: data.pop(name, None)),
    )


def _set_lifetime(data: dict[str, Any], params: Params) -> None:
    data["expires_in"] = params["value"]


FAULTS = (
    FaultKind(
        name="invalid_grant",
        label="Token endpoint: invalid_grant",
        before=_refuse_token("invalid_grant", 400),
    ),
    FaultKind(
        name="invalid_client",
        label="Token endpoint: 401 invalid_client",
        before=_refuse_token("invalid_client", 401),
    ),
    FaultKind(name="conflict", label="Token endpoint: 409", before=_conflict),
    _drop("access_token"),
    _drop("refresh_token"),
    _drop("expires_in"),
    _drop("refresh_expires_in"),
    _drop("scope"),
    FaultKind(
        name="odd_expires_in",
        label="Token answer with odd expires_in",
        after=_bend(_set_lifetime),
        params={"value": "soon"},
    ),
    FaultKind(name="rate_limit", label="429 as seen in practice", before=_limit(RATE)),
    FaultKind(
        name="rate_limit_documented",
        label="429 as documented",
        before=_limit(RATE, as_documented=True),
    ),
    FaultKind(
        name="monthly_limit", label="429: the month is used up", before=_limit(MONTH)
    ),
    FaultKind(
        name="iterator_gone",
        label="422: the listing cannot go on",
        before=_lose_iterator,
    ),
    FaultKind(name="forbidden", label="403 INVALID_PERMISSIONS", before=_forbid),
    FaultKind(
        name="envelope",
        label="Error in a string, object or list envelope",
        before=_wrap_error,
        params=ENVELOPE,
    ),
)

SWITCHES = (
    Switch(
        name="punish_reuse",
        label="Reusing a spent refresh token ends the grant",
        default=True,
    ),
    Switch(
        name="race_seconds",
        label="Seconds in which the token spent last meets 409",
        default=2.0,
    ),
    Switch(
        name="grace_seconds",
        label="Seconds a spent refresh token still works",
        default=0.0,
    ),
    Switch(
        name="access_token_seconds", label="Life of an access token (s)", default=3600
    ),
    Switch(
        name="refresh_token_seconds",
        label="Life of a refresh token (s)",
        default=5_184_000,
    ),
    Switch(name="code_seconds", label="Life of an authorization code (s)", default=600),
    Switch(
        name="authorize_error",
        label="Error sent back instead of a consent page",
        default="",
    ),
    Switch(name="withdrawn_scopes", label="Scopes withdrawn", default=[]),
    Switch(
        name="enterprise_blocked",
        label="The company blocks the API: no bases",
        default=False,
    ),
    Switch(name="bases_page_size", label="Bases per page", default=1000),
    Switch(
        name="iterator_seconds",
        label="Seconds a listing may pause between pages",
        default=300.0,
    ),
    Switch(
        name="iterator_dies_on_page",
        label="Page on which every listing dies (0: none)",
        default=0,
    ),
    Switch(
        name="missing_record_is_403",
        label="A deleted record answers 403 instead of 404",
        default=False,
    ),
    Switch(
        name="attachment_seconds", label="Life of an attachment URL (s)", default=7200
    ),
    Switch(name="rate_limits", label="Rate limits on", default=True),
    Switch(
        name="calls_per_second_per_base", label="Calls per second per base", default=5
    ),
    Switch(
        name="calls_per_second_per_token",
        label="Calls per second per grant",
        default=50,
    ),
    Switch(
        name="penalty_seconds",
        label="Seconds of silence after too many calls",
        default=30.0,
    ),
    Switch(name="documented_429", label="429 in its documented shape", default=False),
    Switch(name="retry_after_on_429", label="429 says Retry-After", default=False),
    Switch(
        name="free_calls_per_month",
        label="Calls a month on the Free plan",
        default=1000,
    ),
    Switch(
        name="team_calls_per_month",
        label="Calls a month on the Team plan",
        default=100_000,
    ),
    Switch(
        name="calls_per_second_over_quota",
        label="Calls per second once the month is used up",
        default=2,
    ),
)
