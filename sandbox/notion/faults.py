"""List the ways only Notion can misbehave."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sandbox.core.provider import After, Before, FaultKind, Params
from sandbox.core.web import BadBodyError, Request, Response
from sandbox.notion.api.errors import (
    BLOCKED,
    ENDPOINT,
    SPACE,
    answer_edge,
    invalid,
    oauth_error,
    slow_down,
    to_error,
)

if TYPE_CHECKING:
    from sandbox.core.state import Sandbox

DELAY = {"retry_after": 90}
NEWER = {"type": "teamspace_id", "teamspace_id": "5a0c7e0e-7f3b-4c62-8d1c-0b9a8f7e6d5c"}


def _refuse_token(error: str, message: str) -> Before:
    def refuse(sandbox: "Sandbox", request: Request, params: Params) -> Response:
        return oauth_error(sandbox, request, error, message)

    return refuse


def _limit(reason: str, status: int = 429) -> Before:
    def refuse(sandbox: "Sandbox", request: Request, params: Params) -> Response:
        wait = params.get("retry_after")
        after = None if wait in (None, "") else float(str(wait))
        return slow_down(request, reason, after, status=status)

    return refuse


def _fail(status: int, code: str, **data: Any) -> Before:
    def refuse(sandbox: "Sandbox", request: Request, params: Params) -> Response:
        return to_error(request, status, code, f"Simulated {code}.", **data)

    return refuse


def _block(sandbox: "Sandbox", request: Request, params: Params) -> Response:
    return answer_edge(request)


def _reject_cursor(
    sandbox: "Sandbox", request: Request, params: Params
) -> Response | None:
    """Refuse a cursor, so that the listing must start again; first pages pass."""
    cursor = request.query.get("start_cursor") or _read_body(request, "start_cursor")
    if not cursor:
        return None
    message = f"The start_cursor provided is invalid: {cursor}"
    return invalid(request, message).response


def _slow_schema(
    sandbox: "Sandbox", request: Request, params: Params
) -> Response | None:
    """Give up on large pages of a query."""
    size = _read_body(request, "page_size")
    if (100 if size is None else size) <= int(params["page_size"]):
        return None
    guidance = "Try again with a smaller page_size."
    code, message = "service_unavailable", "The query took too long."
    return to_error(request, 503, code, message, retry_guidance=guidance)


def _read_body(request: Request, name: str) -> Any:
    try:
        body = request.json()
    except BadBodyError:
        return None
    return body.get(name) if isinstance(body, dict) else None


def _bend(change: Callable[[dict[str, Any]], None]) -> After:
    """Change an answer that was really given."""

    def bend(
        sandbox: "Sandbox", request: Request, response: Response, params: Params
    ) -> Response:
        if response.status == 200:
            data = response.data
            change(data)
            response.body = json.dumps(data).encode()
        return response

    return bend


def _drop(name: str) -> After:
    return _bend(lambda data: data.pop(name, None))


def _move_elsewhere(data: dict[str, Any]) -> None:
    for item in data.get("results", [data]):
        if "parent" in item:
            item["parent"] = NEWER


def _add_stranger(data: dict[str, Any]) -> None:
    stranger = {"object": "canvas", "id": NEWER["teamspace_id"], "parent": NEWER}
    data.get("results", []).insert(0, stranger)


def _break_list(data: dict[str, Any]) -> None:
    data["request_status"] = {
        "type": "incomplete",
        "incomplete_reason": "query_result_limit_reached",
    }
    data |= {"has_more": False, "next_cursor": None}


FAULTS = (
    FaultKind(
        name="invalid_grant",
        label="Token endpoint: invalid_grant",
        before=_refuse_token("invalid_grant", "Invalid refresh token."),
    ),
    FaultKind(
        name="invalid_client",
        label="Token endpoint: invalid_client",
        before=_refuse_token("invalid_client", "Client authentication failed."),
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
        name="unauthorized",
        label="401 unauthorized",
        before=_fail(401, "unauthorized"),
    ),
    FaultKind(
        name="restricted",
        label="403 restricted_resource",
        before=_fail(403, "restricted_resource"),
    ),
    FaultKind(
        name="space_limit",
        label="429 of the workspace, longer than a minute",
        before=_limit(SPACE),
        params=DELAY,
    ),
    FaultKind(
        name="endpoint_limit",
        label="429 of one endpoint",
        before=_limit(ENDPOINT),
        params={"retry_after": 12},
    ),
    FaultKind(
        name="request_blocked",
        label="429 that must not be repeated",
        before=_limit(BLOCKED),
        params={"retry_after": ""},
    ),
    FaultKind(
        name="overload",
        label="529 service_overload",
        before=_limit("", 529),
        params={"retry_after": 5},
    ),
    FaultKind(name="edge_block", label="403 in HTML from the edge", before=_block),
    FaultKind(
        name="database_down",
        label="503 database_connection_unavailable",
        before=_fail(503, "database_connection_unavailable"),
    ),
    FaultKind(
        name="bad_cursor", label="400 about the start_cursor", before=_reject_cursor
    ),
    FaultKind(
        name="slow_schema",
        label="503 unless page_size is small",
        before=_slow_schema,
        params={"page_size": 25},
    ),
    FaultKind(
        name="incomplete",
        label="A list cut off as incomplete",
        after=_bend(_break_list),
    ),
    FaultKind(
        name="unknown_parent",
        label="Parents of an unknown type",
        after=_bend(_move_elsewhere),
    ),
    FaultKind(
        name="unknown_object",
        label="An object of an unknown type in a list",
        after=_bend(_add_stranger),
    ),
    FaultKind(
        name="no_request_id",
        label="An answer that does not name its request",
        after=_drop("request_id"),
    ),
)
