"""Classification of answers: an error by status alone, without any provider's codes."""

import re
from typing import Any, Final

from integrations.http import errors
from integrations.http.observability.redaction import one_line
from integrations.http.resilience.backoff import retry_after
from integrations.http.responses.body import parse_json
from integrations.http.sending.transport import Response

ASKS_TO_WAIT: Final = frozenset({408, 423, 425, 477})
GONE: Final = frozenset({404, 410})
_MAX_ERROR_BODY: Final = 64 * 1024
CODE: Final = re.compile(r"[A-Za-z][\w.\-]{0,79}\Z", re.ASCII)


def default_classify(response: Response) -> errors.ApiError | None:
    """Return the error that `response` stands for, or None when it is a success."""
    if response.is_success:
        return None
    body = error_body(response)
    return error_for(response, code=error_code(body), detail=error_detail(body))


def error_for(
    response: Response,
    *,
    code: str = "",
    detail: str = "",
) -> errors.ApiError:
    """Return the error of the tree that the status alone decides."""
    status = response.status
    message = f"the provider answered {status}" + (f" {code}" if code else "")
    if status == 403:
        return errors.Forbidden(message, status=status, code=code, detail=detail)
    kind = _kind(status)
    if not issubclass(kind, errors.Transient):
        return kind(message, status=status, code=code, detail=detail)
    wait = retry_after(response.headers)
    return kind(message, retry_after=wait, status=status, code=code, detail=detail)


def error_body(response: Response) -> dict[str, Any]:
    """Return the object in an error's body, empty when there is no small JSON one."""
    if len(response.body) > _MAX_ERROR_BODY:
        return {}
    try:
        body = parse_json(response.body)
    except errors.InvalidResponse:
        return {}
    return body if isinstance(body, dict) else {}


def error_code(body: dict[str, Any]) -> str:
    """Return the machine-readable code in the usual places of an error body."""
    nested = _first_error(body)
    places = (
        body.get("error"),
        nested.get("type"),
        body.get("code"),
        body.get("category"),
        body.get("errorType"),
        nested.get("code"),
        nested.get("error"),
    )
    for value in places:
        if isinstance(value, str) and CODE.match(value):
            return value
    return ""


def error_detail(body: dict[str, Any]) -> str:
    """Return the provider's own words, redacted, on one line, shortened."""
    nested = _first_error(body)
    places = (body.get("message"), body.get("error_description"), nested.get("message"))
    for value in places:
        if isinstance(value, str) and value:
            return one_line(value)
    return ""


def _kind(status: int) -> type[errors.ApiError]:
    if 300 <= status < 400:
        # We never follow one: the credentials would follow it, too.
        return errors.InvalidResponse
    if status == 401:
        return errors.Unauthorized
    if status == 429:
        return errors.RateLimited
    if status >= 500 or status in ASKS_TO_WAIT:
        return errors.Server
    return errors.NotFound if status in GONE else errors.InvalidRequest


def _first_error(body: dict[str, Any]) -> dict[str, Any]:
    several = body.get("errors")
    found = several[0] if isinstance(several, list) and several else body.get("error")
    return found if isinstance(found, dict) else {}
