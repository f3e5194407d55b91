"""List the ways only HubSpot can misbehave, and its lasting switches."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sandbox.core.provider import After, Before, FaultKind, Params, Switch
from sandbox.core.web import Request, Response, to_json
from sandbox.hubspot.api.errors import missing_scopes, oauth_error, rate_limited

if TYPE_CHECKING:
    from sandbox.core.state import Sandbox


def _refuse_token(error: str, status: str, message: str) -> Before:
    def refuse(sandbox: "Sandbox", request: Request, params: Params) -> Response:
        return oauth_error(error, status, message)

    return refuse


def _withhold_scopes(sandbox: "Sandbox", request: Request, params: Params) -> Response:
    return missing_scopes(request, str(params["scopes"]).split()).response


def _spend_day(sandbox: "Sandbox", request: Request, params: Params) -> Response:
    return rate_limited(request, "DAILY", None)


def _limit_variant(sandbox: "Sandbox", request: Request, params: Params) -> Response:
    body = {
        "status": "error",
        "message": "You have reached your limit.",
        "category": "RATE_LIMITS",
    }
    return to_json(body, 429)


def _bend(change: Callable[[dict[str, Any], Params], None]) -> After:
    """Change an answer that was really given: tokens in it are spent."""

    def bend(
        sandbox: "Sandbox", request: Request, response: Response, params: Params
    ) -> Response:
        if response.status == 200:
            data = response.data
            change(data, params)
            response.body = json.dumps(data).encode()
        return response

    return bend


def _drop(name: str) -> After:
    return _bend(lambda data, _: data.pop(name, None))


def _end_early(data: dict[str, Any], params: Params) -> None:
    """Answer a list as if there were no more rows, which is well-formed and wrong."""
    data["results"] = []
    data.pop("paging", None)


def _spoil_rows(data: dict[str, Any], params: Params) -> None:
    """Make rows unreadable; those without an id could be any."""
    for row in data.get("results", [])[: int(str(params["rows"]))]:
        row["properties"] = None
        if not params["with_id"]:
            row["id"] = None


def _set_lifetime(data: dict[str, Any], params: Params) -> None:
    data["expires_in"] = params["value"]


FAULTS = (
    FaultKind(
        name="invalid_grant",
        label="Token endpoint: invalid_grant",
        before=_refuse_token(
            "invalid_grant",
            "BAD_REFRESH_TOKEN",
            "refresh token is invalid, expired or revoked",
        ),
    ),
    FaultKind(
        name="invalid_client",
        label="Token endpoint: invalid_client",
        before=_refuse_token(
            "invalid_client", "BAD_CLIENT_SECRET", "missing or invalid client secret"
        ),
    ),
    FaultKind(
        name="bad_hub",
        label="Token endpoint: the account is gone",
        before=_refuse_token("access_denied", "BAD_HUB", "missing or unknown hub id"),
    ),
    FaultKind(
        name="no_access_token",
        label="Token answer without access_token",
        after=_drop("access_token"),
    ),
    FaultKind(
        name="no_refresh_token",
        label="Token answer without refresh_token",
        after=_drop("refresh_token"),
    ),
    FaultKind(
        name="no_expires_in",
        label="Token answer without expires_in",
        after=_drop("expires_in"),
    ),
    FaultKind(
        name="odd_expires_in",
        label="Token answer with odd expires_in",
        after=_bend(_set_lifetime),
        params={"value": "soon"},
    ),
    FaultKind(
        name="missing_scopes",
        label="403 MISSING_SCOPES",
        before=_withhold_scopes,
        params={"scopes": "crm.objects.contacts.read"},
    ),
    FaultKind(name="daily_limit", label="429 DAILY", before=_spend_day),
    FaultKind(
        name="ends_early", label="200 without rows or paging", after=_bend(_end_early)
    ),
    FaultKind(
        name="spoilt_rows",
        label="Rows without properties, or without an id as well",
        after=_bend(_spoil_rows),
        params={"rows": 2, "with_id": True},
    ),
    FaultKind(
        name="rate_limits", label="429 in its other shape", before=_limit_variant
    ),
)

SWITCHES = (
    Switch(name="rotation", label="Refresh tokens rotate", default=False),
    Switch(
        name="punish_reuse",
        label="Reusing a rotated refresh token ends the grant",
        default=False,
    ),
    Switch(
        name="grace_seconds",
        label="Seconds a rotated refresh token still works",
        default=0.0,
    ),
    Switch(
        name="access_token_seconds", label="Life of an access token (s)", default=1800
    ),
    Switch(name="code_seconds", label="Life of an authorization code (s)", default=60),
    Switch(name="user_id_in_token", label="Token answers name the user", default=True),
    Switch(name="rate_limits", label="Rate limits on", default=True),
    Switch(name="calls_per_ten_seconds", label="API calls per 10 s", default=110),
    Switch(name="search_per_second", label="Searches per second", default=5),
    Switch(name="retry_after_on_429", label="429 says Retry-After", default=False),
    Switch(name="index_lag", label="Search index lag (s)", default=3.0),
    Switch(name="withdrawn_scopes", label="Scopes withdrawn", default=[]),
    Switch(
        name="required_properties",
        label="Contact properties 2026-09 requires on creation",
        default=[],
    ),
    Switch(
        name="merge_keeps_id", label="The winner of a merge keeps its id", default=False
    ),
)
