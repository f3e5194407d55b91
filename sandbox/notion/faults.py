"""List the ways only Notion can misbehave."""

from collections.abc import Callable
from typing import Any

from sandbox.core.common_faults import bend
from sandbox.core.provider import Params
from sandbox.core.serving.web import BadBodyError, Request, Response
from sandbox.core.state import FaultKind, Sandbox
from sandbox.notion.api.errors import slow_down, to_error
from sandbox.notion.api.search import INCOMPLETE

NEWER = {"type": "teamspace_id", "teamspace_id": "5a0c7e0e-7f3b-4c62-8d1c-0b9a8f7e6d5c"}
SPACE = "public_api_space_request_rate_limit"
ENDPOINT = "public_api_endpoint_rate_limit"
BLOCKED = "public_api_request_blocked"
SLOW = {"page_size": 25}


def _fail(name: str, status: int, code: str) -> FaultKind:
    def fail(_: Sandbox, request: Request, params: Params) -> Response:
        return to_error(request, status, f"Simulated {code}.", code)

    return FaultKind(name, f"{status} {code}", before=fail)


def _limit(name: str, label: str, wait: object, reason: str = "") -> FaultKind:
    def refuse(_: Sandbox, request: Request, params: Params) -> Response:
        seconds = str(params.get("retry_after") or "")
        return slow_down(reason, float(seconds) if seconds else None).answer(request)

    return FaultKind(name, label, before=refuse, params={"retry_after": wait})


def _reject_cursor(_: Sandbox, request: Request, params: Params) -> Response | None:
    cursor = request.query.get("start_cursor") or _read_body(request, "start_cursor")
    if not cursor:
        return None
    return to_error(request, 400, f"The start_cursor provided is invalid: {cursor}")


def _refuse_extras(_: Sandbox, request: Request, params: Params) -> Response | None:
    """Refuse what the prose describes and no machine-readable description names."""
    is_in_trash = "in_trash" in (_read_body(request, "filter") or {})
    name = "filter.in_trash" if is_in_trash else "is_archived"
    if not is_in_trash and _read_body(request, name) is None:
        return None
    return to_error(request, 400, f"body.{name} should be not present.")


def _slow_schema(_: Sandbox, request: Request, params: Params) -> Response | None:
    size = _read_body(request, "page_size")
    if (100 if size is None else size) <= int(params["page_size"]):
        return None
    guidance = "Try again with a smaller page_size."
    return to_error(request, 503, "The query took too long.", retry_guidance=guidance)


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
    data |= {"request_status": INCOMPLETE, "has_more": False, "next_cursor": None}


def _drop_id(data: dict[str, Any], params: Params) -> None:
    data.pop("request_id", None)


def _bend(name: str, label: str, change: Callable[..., object]) -> FaultKind:
    return FaultKind(name, label, after=bend(change))


FAULTS = (
    _fail("unauthorized", 401, "unauthorized"),
    _fail("restricted", 403, "restricted_resource"),
    _fail("database_down", 503, "database_connection_unavailable"),
    _limit("space_limit", "429 of the workspace, longer than a minute", 90, SPACE),
    _limit("endpoint_limit", "429 of one endpoint", 12, ENDPOINT),
    _limit("request_blocked", "429 that must not be repeated", "", BLOCKED),
    _limit("overload", "529 service_overload", 5),
    FaultKind("no_extras", "400 about is_archived and in_trash", before=_refuse_extras),
    FaultKind("bad_cursor", "400 about the start_cursor", before=_reject_cursor),
    FaultKind(
        "slow_schema", "503 unless page_size is small", before=_slow_schema, params=SLOW
    ),
    _bend("incomplete", "A list cut off as incomplete", _break_list),
    _bend("unknown_parent", "Parents of an unknown type", _move_elsewhere),
    _bend("unknown_object", "An object of an unknown type in a list", _add_stranger),
    _bend("no_request_id", "An answer that does not name its request", _drop_id),
)
