"""Read Notion's errors: how long to wait, and what waiting will not help."""

import re
from typing import Any, Final, TypeVar

from integrations.http.errors import ApiError, Forbidden, RateLimited, Server
from integrations.http.responses.classify import default_classify, error_body
from integrations.http.sending.transport import Response

# https://developers.notion.com/reference/request-limits
BLOCKED: Final = "public_api_request_blocked"
OVERLOAD_STATUS: Final = 529
CONFLICT_STATUS: Final = 409
MAX_WAIT: Final = 86_400.0
_SECONDS: Final = re.compile(r"\d{1,9}\Z", re.ASCII)

T = TypeVar("T", RateLimited, Server)


def classify(response: Response) -> ApiError | None:
    """Return the error that an answer stands for, None for a success."""
    error = default_classify(response)
    if error is None:
        return None
    about = error_body(response).get("additional_data")
    about = about if isinstance(about, dict) else {}
    if response.status in {429, OVERLOAD_STATUS}:
        return _limited(response, error, about)
    if response.status == CONFLICT_STATUS:
        return _copy(Server, error, "Notion was changing the same thing")
    return error


def _limited(response: Response, error: ApiError, about: dict[str, Any]) -> ApiError:
    """Treat an overload like a rate limit, and a ban like a refusal."""
    if about.get("rate_limit_reason") == BLOCKED:
        return Forbidden(
            "Notion restricts the access of this app",
            status=error.status,
            code=BLOCKED,
            detail=error.detail,
        )
    limited = _copy(RateLimited, error, error.message)
    # The header is for clients in general; the body repeats it as a text.
    if limited.retry_after is None:
        limited.retry_after = _seconds(about.get("retry_after"))
    return limited


def _copy(kind: type[T], error: ApiError, message: str) -> T:
    return kind(
        message,
        retry_after=getattr(error, "retry_after", None),
        status=error.status,
        code=error.code,
        detail=error.detail,
    )


def _seconds(value: object) -> float | None:
    if isinstance(value, str) and _SECONDS.match(value.strip()):
        return min(float(value), MAX_WAIT)
    return None
