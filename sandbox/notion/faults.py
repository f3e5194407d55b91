"""List the ways only Notion can misbehave, and its lasting switches."""

from typing import Any

from sandbox.core import common_faults
from sandbox.core.common_faults import bend
from sandbox.core.provider import Params, Switch
from sandbox.core.state import Before, FaultKind, Sandbox
from sandbox.core.web import BadBodyError, Request, Response
from sandbox.notion.api.auth import EMAILS, READ, USERS
from sandbox.notion.api.errors import (
    BLOCKED,
    ENDPOINT,
    SPACE,
    answer_edge,
    invalid,
    slow_down,
    to_error,
)
from sandbox.notion.oauth import POLICY
from sandbox.oauth import kit

NO_DATABASE = "database_connection_unavailable"
NEWER = {"type": "teamspace_id", "teamspace_id": "5a0c7e0e-7f3b-4c62-8d1c-0b9a8f7e6d5c"}


def _limit(reason: str, status: int = 429) -> Before:
    def refuse(sandbox: Sandbox, request: Request, params: Params) -> Response:
        wait = params.get("retry_after")
        after = None if wait in (None, "") else float(str(wait))
        return slow_down(request, reason, after, status=status)

    return refuse


def _fail(status: int, code: str, **data: Any) -> Before:
    def refuse(sandbox: Sandbox, request: Request, params: Params) -> Response:
        return to_error(request, status, code, f"Simulated {code}.", **data)

    return refuse


def _block(sandbox: Sandbox, request: Request, params: Params) -> Response:
    return answer_edge(request)


def _reject_cursor(
    sandbox: Sandbox, request: Request, params: Params
) -> Response | None:
    """Refuse a cursor, so that the listing must start again; first pages pass."""
    cursor = request.query.get("start_cursor") or _read_body(request, "start_cursor")
    if not cursor:
        return None
    message = f"The start_cursor provided is invalid: {cursor}"
    return invalid(request, message).response


def _slow_schema(sandbox: Sandbox, request: Request, params: Params) -> Response | None:
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


def _move_elsewhere(data: dict[str, Any], params: Params) -> None:
    for item in data.get("results", [data]):
        if "parent" in item:
            item["parent"] = NEWER


def _add_stranger(data: dict[str, Any], params: Params) -> None:
    stranger = {"object": "canvas", "id": NEWER["teamspace_id"], "parent": NEWER}
    data.get("results", []).insert(0, stranger)


def _break_list(data: dict[str, Any], params: Params) -> None:
    data["request_status"] = {
        "type": "incomplete",
        "incomplete_reason": "query_result_limit_reached",
    }
    data |= {"has_more": False, "next_cursor": None}


RESTRICTED = _fail(403, "restricted_resource")

FAULTS = (
    *common_faults.KINDS,
    *kit.make_faults(POLICY),
    FaultKind("unauthorized", "401 unauthorized", before=_fail(401, "unauthorized")),
    FaultKind("restricted", "403 restricted_resource", before=RESTRICTED),
    FaultKind(
        "space_limit",
        "429 of the workspace, longer than a minute",
        before=_limit(SPACE),
        params={"retry_after": 90},
    ),
    FaultKind(
        "endpoint_limit",
        "429 of one endpoint",
        before=_limit(ENDPOINT),
        params={"retry_after": 12},
    ),
    FaultKind(
        "request_blocked",
        "429 that must not be repeated",
        before=_limit(BLOCKED),
        params={"retry_after": ""},
    ),
    FaultKind(
        "overload",
        "529 service_overload",
        before=_limit("", 529),
        params={"retry_after": 5},
    ),
    FaultKind("edge_block", "403 in HTML from the edge", before=_block),
    FaultKind("database_down", f"503 {NO_DATABASE}", before=_fail(503, NO_DATABASE)),
    FaultKind("bad_cursor", "400 about the start_cursor", before=_reject_cursor),
    FaultKind(
        "slow_schema",
        "503 unless page_size is small",
        before=_slow_schema,
        params={"page_size": 25},
    ),
    FaultKind("incomplete", "A list cut off as incomplete", after=bend(_break_list)),
    FaultKind(
        "unknown_parent", "Parents of an unknown type", after=bend(_move_elsewhere)
    ),
    FaultKind(
        "unknown_object",
        "An object of an unknown type in a list",
        after=bend(_add_stranger),
    ),
    FaultKind(
        "no_request_id",
        "An answer that does not name its request",
        after=bend(lambda data, _: data.pop("request_id", None)),
    ),
)

SWITCHES = (
    *kit.make_switches(POLICY),
    Switch("rate_limits", "Rate limits on", True),
    Switch("calls_per_minute", "Calls per minute (0: by the workspace's plan)", 0),
    Switch("refresh_tokens", "Token answers have a refresh token", True),
    Switch("reauthorization_kills", "Authorizing again ends the earlier pair", True),
    Switch("same_pair", "Authorizing again gives the pair there is (old apps)", False),
    Switch("stable_bot_id", "Authorizing again keeps the bot id", False),
    Switch("workspace_names", "Token answers name the workspace", True),
    Switch("rfc_errors", "OAuth errors in the shape of RFC 6749", False),
    Switch("capabilities", "Capabilities of the app", [READ, USERS, EMAILS]),
    Switch("grant_lag", "Search learns of a share after (s)", 2.0),
    Switch("index_lag", "Search learns of a change after (s)", 3.0),
    Switch("search_leaves_out", "Search leaves out (%)", 10),
    Switch("partial_hits", "Search hits shown in part (%)", 5),
    Switch("search_cap", "Most results of a search", 10_000),
    Switch("query_cap", "Most results of a query", 10_000),
    Switch("markdown_blocks", "Blocks before Markdown is cut", 1_000),
)
