"""Word errors the way Notion does."""

import math
import uuid
from typing import Any

from sandbox.core.serving.web import ApiRefusal, Request, Response, to_json
from sandbox.core.state import Sandbox

REQUEST_ID = "notion.request_id"
RATE = "public_api_request_rate_limit"
CODES = {
    400: "validation_error",
    401: "unauthorized",
    403: "restricted_resource",
    404: "object_not_found",
    409: "conflict_error",
    429: "rate_limited",
    500: "internal_server_error",
    502: "bad_gateway",
    503: "service_unavailable",
    504: "gateway_timeout",
    529: "service_overload",
}
OAUTH_STATUSES = {"invalid_client": 401, "internal_server_error": 500}


def refuse(status: int, message: str, code: str = "", **data: Any) -> ApiRefusal:
    return ApiRefusal(lambda request: to_error(request, status, message, code, **data))


def get_request_id(request: Request) -> str:
    return request.environ.setdefault(REQUEST_ID, str(uuid.uuid4()))


def to_error(
    request: Request, status: int, message: str, code: str = "", **data: Any
) -> Response:
    """Answer an error; what else is given becomes additional data, a wait a header."""
    code = code or CODES.get(status, "internal_server_error")
    body = {"object": "error", "status": status, "code": code, "message": message}
    more = {"additional_data": data} if data else {}
    response = to_json({**body, **more, "request_id": get_request_id(request)}, status)
    if "retry_after" in data:
        response.headers.append(("Retry-After", data["retry_after"]))
    return response


def malformed(name: str, why: str) -> ApiRefusal:
    return refuse(400, f"{name.partition('.')[0]} failed validation: {name} {why}.")


def not_found(kind: str, object_id: str) -> ApiRefusal:
    """Make the error for what is not there, or not shared: nobody can tell which."""
    message = (
        f"Could not find {kind} with ID: {object_id}. Make sure the relevant pages "
        "and databases are shared with your connection."
    )
    return refuse(404, message)


def slow_down(reason: str, retry_after: float | None) -> ApiRefusal:
    """Make the error for too many calls, or without a reason for an overload."""
    data = {"rate_limit_reason": reason} if reason else {}
    if retry_after is not None:
        data["retry_after"] = str(max(1, math.ceil(retry_after)))
    message = "You have been rate limited. Please try again in a few minutes."
    return refuse(429 if reason else 529, message, **data)


def oauth_error(
    sandbox: Sandbox, request: Request, error: str, message: str
) -> Response:
    """Answer an error of the token endpoint, in the shape that is switched on."""
    status = OAUTH_STATUSES.get(error, 400)
    if sandbox.switches.get("notion", "rfc_errors", request.account):
        return to_json({"error": error, "error_description": message}, status)
    return to_error(request, status, message, error)


def refuse_with_status(
    sandbox: Sandbox, request: Request, status: int, retry_after: float | None
) -> Response:
    """Answer any error status in Notion's shape; the faults use it."""
    if request.path.startswith("/v1/oauth/") and status in (400, 401):
        error = "invalid_client" if status == 401 else "invalid_request"
        return oauth_error(sandbox, request, error, "the request is not valid")
    if status in (429, 529):
        return slow_down(RATE if status == 429 else "", retry_after).answer(request)
    response = to_error(request, status, f"Simulated answer {status}.")
    return response.after(retry_after and round(retry_after))
