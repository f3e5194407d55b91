"""Make errors in HubSpot's form."""

import json
import uuid
from typing import Any

from sandbox.core.state import Sandbox
from sandbox.core.web import Request, Response, to_json, to_text

MESSAGES = {401: "invalid", 423: "locked", 477: "account being migrated"}
CORRELATION = "hubspot.correlation"
SCOPES_PAGE = "https://developers.hubspot.com/scopes"
NOT_SIMULATED = "The sandbox does not simulate this address.\n"
RETIRED = (
    "Nothing is served here: the numbered versions are being retired. "
    "Use the dated paths.\n"
)


class ApiRefusal(Exception):
    """Carry an error answer out of a handler."""

    def __init__(self, response: Response) -> None:
        """Keep the answer."""
        super().__init__(response.status)
        self.response = response


def get_correlation_id(request: Request) -> str:
    """Return the id of this request, the same in the header and in the body."""
    found: str = request.environ.setdefault(CORRELATION, str(uuid.uuid4()))
    return found


def refuse(
    request: Request, status: int, message: str, category: str = "", **more: Any
) -> ApiRefusal:
    """Make an API error to raise."""
    body = {"status": "error", "message": message}
    body["correlationId"] = get_correlation_id(request)
    if category:
        body["category"] = category
    return ApiRefusal(to_json({**body, **more}, status))


def invalid(request: Request, message: str, **more: Any) -> ApiRefusal:
    """Make a plain validation error to raise."""
    return refuse(request, 400, message, "VALIDATION_ERROR", **more)


def invalid_properties(request: Request, problems: list[dict[str, str]]) -> ApiRefusal:
    """Make the error that lists every property a write got wrong."""
    details, errors = [], []
    for problem in problems:
        message, code, name = problem["message"], problem["code"], problem["name"]
        told = {"isValid": False, "message": message, "error": code, "name": name}
        context = {"propertyName": [name]}
        details.append(told)
        errors.append({"message": message, "code": code, "context": context})
    text = json.dumps(details, separators=(",", ":"))
    return invalid(request, f"Property values were not valid: {text}", errors=errors)


def not_found(request: Request) -> ApiRefusal:
    """Make the error for a record that is not there."""
    return refuse(request, 404, "resource not found", "OBJECT_NOT_FOUND")


def missing_scopes(request: Request, scopes: list[str]) -> ApiRefusal:
    """Make the error for a grant that lacks every one of the scopes."""
    message = (
        "This app hasn't been granted all required scopes to make this call. "
        f"Read more about required scopes here: {SCOPES_PAGE}."
    )
    error = {
        "message": "One or more of the following scopes are required.",
        "context": {"requiredGranularScopes": scopes},
    }
    more = {"errors": [error], "links": {"scopes": SCOPES_PAGE}}
    return refuse(request, 403, message, "MISSING_SCOPES", **more)


def rate_limited(request: Request, policy: str, retry_after: float | None) -> Response:
    """Answer 429 with HubSpot's own body."""
    body = {
        "status": "error",
        "message": f"You have reached your {policy.lower()} limit.",
        "errorType": "RATE_LIMIT",
        "correlationId": get_correlation_id(request),
        "policyName": policy,
    }
    return add_retry_after(to_json(body, 429), retry_after)


def refuse_with_status(
    sandbox: Sandbox, request: Request, status: int, retry_after: float | None
) -> Response:
    """Answer any error status in HubSpot's shape; the faults use it."""
    if status == 429:
        is_search = request.path.endswith("/search")
        policy = "SECONDLY" if is_search else "TEN_SECONDLY_ROLLING"
        return rate_limited(request, policy, retry_after)
    if status == 400:
        message = "Invalid input JSON on line 1, column 1: unreadable"
        return invalid(request, message).response
    if status in (502, 503, 504):
        # These come from the edge in front of the API, which speaks HTML.
        response = to_text(f"<html><h1>{status}</h1></html>", status)
        response.content_type = "text/html"
    else:
        message = MESSAGES.get(status, "internal error")
        category = "INVALID_AUTHENTICATION" if status == 401 else ""
        response = refuse(request, status, message, category).response
    return add_retry_after(response, retry_after)


def add_retry_after(response: Response, seconds: float | None) -> Response:
    """Add when to ask again, where there is a time."""
    if seconds is not None:
        response.headers.append(("Retry-After", f"{seconds:g}"))
    return response


def answer_retired(sandbox: Sandbox, request: Request) -> Response:
    """Answer for the numbered versions the product must never call."""
    return to_text(RETIRED, 404)


def oauth_error(
    error: str, status: str, message: str, *, http_status: int = 400
) -> Response:
    """Answer an error of the token endpoint."""
    body = {"error": error, "error_description": message}
    return to_json({**body, "status": status, "message": message}, http_status)
