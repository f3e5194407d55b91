"""Make errors in Airtable's three envelopes: a string, an object or a list."""

from sandbox.core.serving.web import ApiRefusal, Request, Response, to_json, to_text
from sandbox.core.state import Sandbox

RATE, MONTH = "RATE_LIMIT_REACHED", "PUBLIC_API_BILLING_LIMIT_EXCEEDED"
UNAUTHORIZED, FORBIDDEN = "AUTHENTICATION_REQUIRED", "INVALID_PERMISSIONS"
# Does not say whether a thing exists.
NO_MODEL = "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND"
NOT_FOUND = "NOT_FOUND"
INVALID, RETRIABLE = "INVALID_REQUEST_UNKNOWN", "RETRIABLE_ERROR"
BAD_OFFSET = "INVALID_OFFSET_VALUE"
ITERATOR_GONE = "LIST_RECORDS_ITERATOR_NOT_AVAILABLE"

# The status of an error, the envelope it comes in and what it says; the last one of a
# status is the usual one.
ERRORS = {
    UNAUTHORIZED: (401, "object", "Authentication required"),
    FORBIDDEN: (403, "object", "You are not permitted to do this"),
    NO_MODEL: (403, "object", "Invalid permissions, or the model was not found"),
    NOT_FOUND: (404, "string", ""),
    BAD_OFFSET: (422, "object", "The offset is malformed"),
    INVALID: (422, "object", "Invalid request: parameter validation failed"),
    MONTH: (429, "list", "This workspace has used up its API calls of this month"),
    RATE: (429, "list", "Rate limit exceeded. Please try again later"),
    RETRIABLE: (503, "object", "Service temporarily unavailable"),
}
BY_STATUS = {status: kind for kind, (status, _, _) in ERRORS.items()}


def answer_error(kind: str, message: str = "", shape: str = "") -> Response:
    status, own_shape, own_message = ERRORS.get(kind, (422, "object", ""))
    text = message or own_message
    shape = shape or own_shape
    if shape == "string":
        return to_json({"error": kind}, status)
    if shape == "list":
        return to_json({"errors": [{"error": kind, "message": text}]}, status)
    error = {"type": kind, "message": text} if text else {"type": kind}
    return to_json({"error": error}, status)


def refuse(kind: str, message: str = "") -> ApiRefusal:
    return ApiRefusal(lambda _: answer_error(kind, message))


def refuse_with_status(
    sandbox: Sandbox, request: Request, status: int, retry_after: float | None
) -> Response:
    """Answer any error status in Airtable's shape; the faults use it."""
    # What the documentation gives no body for comes as text from the edge.
    response = to_text(f"{status}\n", status)
    if status in BY_STATUS:
        response = answer_error(BY_STATUS[status])
    return response.after(retry_after)
