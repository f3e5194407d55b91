"""Make errors in all three of Airtable's envelopes."""

from typing import Any

from sandbox.core.state import Sandbox
from sandbox.core.web import Request, Response, to_json, to_text

RATE, MONTH = "RATE_LIMIT_REACHED", "PUBLIC_API_BILLING_LIMIT_EXCEEDED"
RATE_MESSAGE = "Rate limit exceeded. Please try again later"
MONTH_MESSAGE = "This workspace has used up the API calls of its plan for this month"
NO_MODEL = "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND"
NO_MODEL_MESSAGE = (
    "Invalid permissions, or the requested model was not found. Check that both your"
    " user and your token have the required permissions, and that the model names"
    " and/or ids are correct."
)
ITERATOR_GONE = "LIST_RECORDS_ITERATOR_NOT_AVAILABLE"


class ApiRefusal(Exception):
    """Carry an error answer out of a handler."""

    def __init__(self, response: Response) -> None:
        """Keep the answer."""
        super().__init__(response.status)
        self.response = response


def answer_error(status: int, kind: str, message: str = "") -> Response:
    """Answer in the envelope that holds an object."""
    error = {"type": kind, "message": message} if message else {"type": kind}
    return to_json({"error": error}, status)


def refuse(status: int, kind: str, message: str = "") -> ApiRefusal:
    """Make an error in the object envelope to raise."""
    return ApiRefusal(answer_error(status, kind, message))


def invalid(message: str, kind: str = "INVALID_REQUEST_UNKNOWN") -> ApiRefusal:
    """Make the error of a request that cannot be served as it is."""
    return refuse(422, kind, message)


def not_found() -> ApiRefusal:
    """Make the error of a path or id that cannot exist, in the string envelope."""
    return ApiRefusal(to_json({"error": "NOT_FOUND"}, 404))


def no_model() -> ApiRefusal:
    """Make the error that will not say whether a thing exists."""
    return refuse(403, NO_MODEL, NO_MODEL_MESSAGE)


def unauthorized() -> Response:
    """Answer a missing, unknown or expired token."""
    return answer_error(401, "AUTHENTICATION_REQUIRED", "Authentication required")


def rate_limited(kind: str, *, as_documented: bool = False) -> Response:
    """Answer 429 in the envelope seen in practice, or in the documented one."""
    message = MONTH_MESSAGE if kind == MONTH else RATE_MESSAGE
    if as_documented:
        return answer_error(429, kind, message)
    return to_json({"errors": [{"error": kind, "message": message}]}, 429)


def to_envelope(response: Response, shape: str) -> Response:
    """Put an error answer into another of the three envelopes."""
    kind, message = _read_error(response.data)
    shapes: dict[str, Any] = {
        "string": {"error": kind},
        "object": {"error": {"type": kind, "message": message}},
        "list": {"errors": [{"error": kind, "message": message}]},
    }
    changed = to_json(shapes.get(shape, shapes["object"]), response.status)
    changed.headers = [*response.headers]
    return changed


def _read_error(body: Any) -> tuple[str, str]:
    if "errors" in body:
        return body["errors"][0]["error"], body["errors"][0].get("message", "")
    if isinstance(body["error"], str):
        return body["error"], ""
    return body["error"]["type"], body["error"].get("message", "")


def refuse_with_status(
    sandbox: Sandbox, request: Request, status: int, retry_after: float | None
) -> Response:
    """Answer any error status in Airtable's shape; the faults use it."""
    made = {
        401: unauthorized(),
        403: no_model().response,
        404: not_found().response,
        422: invalid("Invalid request: parameter validation failed").response,
        429: rate_limited(RATE),
        503: answer_error(503, "RETRIABLE_ERROR", "Service temporarily unavailable"),
    }
    # What the documentation gives no body for comes as text from the edge.
    response = made.get(status) or to_text(f"{status}\n", status)
    if retry_after is not None:
        response.headers.append(("Retry-After", f"{retry_after:g}"))
    return response
