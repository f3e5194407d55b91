"""Make errors in HubSpot's form."""

import uuid
from typing import Any

from sandbox.core.serving.web import ApiRefusal, Request, Response, to_json
from sandbox.core.state import Sandbox

# The message and the category of a status that a fault asks for.
MESSAGES = {
    400: ("Invalid input JSON on line 1, column 1: unreadable", "VALIDATION_ERROR"),
    401: ("invalid", "INVALID_AUTHENTICATION"),
}


def make_error(message: str, category: str, **more: Any) -> dict[str, Any]:
    named = {"category": category} if category else {}
    return {"status": "error", "message": message, **named, **more}


def refuse(
    message: str,
    status: int = 400,
    category: str = "VALIDATION_ERROR",
    *,
    retry_after: float | None = None,
    **more: Any,
) -> ApiRefusal:
    def answer(request: Request) -> Response:
        more["correlationId"] = get_correlation_id(request)
        response = to_json(make_error(message, category, **more), status)
        return response.after(retry_after)

    return ApiRefusal(answer, message)


def get_correlation_id(request: Request) -> str:
    """Return the id of this request, the same in the header and in the body."""
    return request.environ.setdefault("hubspot.correlation", str(uuid.uuid4()))


def not_found() -> ApiRefusal:
    return refuse("resource not found", 404, "OBJECT_NOT_FOUND")


def missing_scopes(*scopes: str) -> ApiRefusal:
    """Make the error for a grant that lacks every one of the scopes."""
    message = "This app hasn't been granted all required scopes to make this call."
    one_of = "One or more of the following scopes are required."
    error = {"message": one_of, "context": {"requiredGranularScopes": scopes}}
    links = {"scopes": "https://developers.hubspot.com/scopes"}
    return refuse(message, 403, "MISSING_SCOPES", errors=[error], links=links)


def rate_limited(policy: str, retry_after: float | None = None) -> ApiRefusal:
    message = f"You have reached your {policy.lower()} limit."
    more = {"errorType": "RATE_LIMIT", "policyName": policy}
    return refuse(message, 429, "", retry_after=retry_after, **more)


def refuse_with_status(
    sandbox: Sandbox, request: Request, status: int, retry_after: float | None
) -> Response:
    """Answer any error status in HubSpot's shape; the faults use it."""
    if status in (502, 503, 504):
        # These come from the edge in front of the API, which speaks HTML.
        page = f"<html><h1>{status}</h1></html>".encode()
        edge = Response(status=status, body=page, content_type="text/html")
        return edge.after(retry_after)
    if status == 429:
        is_search = request.path.endswith("/search")
        policy = "SECONDLY" if is_search else "TEN_SECONDLY_ROLLING"
        return rate_limited(policy, retry_after).answer(request)
    message, category = MESSAGES.get(status, ("internal error", ""))
    return refuse(message, status, category, retry_after=retry_after).answer(request)
