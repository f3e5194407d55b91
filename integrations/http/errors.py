"""Error tree of API calls; decide by type, never by message text.

ApiError
├── Unauthorized            401: the token is bad or expired
├── Forbidden               403: a scope or a permission is missing
├── NotFound                404, 410: gone, or never visible to us
├── InvalidRequest          other 4xx: the request is wrong and stays wrong
│   └── QuotaExhausted      a quota of weeks is used up until a known time
├── InvalidResponse         the answer is too large or of the wrong shape
└── Transient               the same call may succeed later
    ├── RateLimited         429, or our own throttle
    ├── Server              5xx, 408, 423, 425, 477
    ├── Intermediary        a proxy, firewall or portal answered in the provider's place
    ├── NotJson             a success without JSON: HTML, empty, cut short
    └── Network             deadline, DNS, TLS, refused, reset, cut short
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from msgspec import Struct

# The code of a RateLimited whose quota comes back at the account's own midnight.
DAILY_QUOTA: Final = "daily_quota"
# The code of a RateLimited that waits for a token, not for any limit.
REFRESHING: Final = "refreshing"
# The code of a Transient while nobody here calls the provider.
PROVIDER_PAUSED: Final = "provider_paused"


class ApiError(Exception):
    """A call that did not give what was asked for.

    `message` is ours and safe to log. `detail` holds the provider's own words,
    shortened and redacted, for a page that shows technical details; it is never
    part of `str(error)`.
    """

    # It ended a write of several calls, an earlier one of which has arrived.
    has_written = False

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: str = "",
        correlation_id: str = "",
        detail: str = "",
    ) -> None:
        """Store the HTTP status, the provider's error code and its correlation id."""
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code
        self.correlation_id = correlation_id
        self.detail = detail


class Unauthorized(ApiError):
    """The token was refused (401)."""


class Forbidden(ApiError):
    """The token is fine, but a scope or a permission is missing (403)."""

    def __init__(
        self,
        message: str,
        *,
        missing_scopes: Iterable[str] = (),
        status: int | None = None,
        code: str = "",
        correlation_id: str = "",
        detail: str = "",
    ) -> None:
        """Store the scopes that the provider says are missing, when it says so.

        ``lacks_scope`` may be set where it says that some are, and not which.
        """
        super().__init__(
            message,
            status=status,
            code=code,
            correlation_id=correlation_id,
            detail=detail,
        )
        self.missing_scopes = tuple(missing_scopes)
        self.lacks_scope = bool(self.missing_scopes)


class NotFound(ApiError):
    """The thing is gone or not visible to this token (404, 410)."""


class InvalidRequest(ApiError):
    """The provider refused the request itself (other 4xx)."""


class QuotaExhausted(InvalidRequest):
    """A quota of weeks is used up; asking again before `until` is no use."""

    def __init__(
        self,
        message: str,
        *,
        until: datetime,
        status: int | None = None,
        code: str = "",
        detail: str = "",
    ) -> None:
        """Store `until`, the aware datetime at which calls are answered again."""
        super().__init__(message, status=status, code=code, detail=detail)
        self.until = until


class RefusedValue(Struct, frozen=True, kw_only=True):
    """One value of a write that was refused: whose, by code, in the provider's words.

    ``code`` is one of ``providers.writing.Refusal``.
    """

    name: str
    code: str
    message: str = ""


class ValuesRefused(InvalidRequest):
    """A write was refused for some of its values, and changed nothing."""

    def __init__(
        self,
        message: str,
        *,
        values: Sequence[RefusedValue],
        status: int | None = None,
        code: str = "",
        detail: str = "",
    ) -> None:
        """Store which values were refused."""
        super().__init__(message, status=status, code=code, detail=detail)
        self.values = tuple(values)


class AlreadyExists(InvalidRequest):
    """Something of the same identity is there; `remote_id` is its, if it is told."""

    def __init__(
        self,
        message: str,
        *,
        remote_id: str = "",
        status: int | None = None,
        code: str = "",
        detail: str = "",
    ) -> None:
        """Store the id of what is there, empty when it is not told."""
        super().__init__(message, status=status, code=code, detail=detail)
        self.remote_id = remote_id


class InvalidResponse(ApiError):
    """The answer is too large, a redirect, or of the wrong shape."""


class Transient(ApiError):
    """The same call may succeed later."""

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None = None,
        status: int | None = None,
        code: str = "",
        correlation_id: str = "",
        detail: str = "",
    ) -> None:
        """Store `retry_after`, the seconds to wait first, when they are known."""
        super().__init__(
            message,
            status=status,
            code=code,
            correlation_id=correlation_id,
            detail=detail,
        )
        self.retry_after = retry_after


class RateLimited(Transient):
    """The provider answered 429, or our own throttle would wait too long."""

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None = None,
        bucket: str = "",
        status: int | None = None,
        code: str = "",
        correlation_id: str = "",
        detail: str = "",
    ) -> None:
        """Store `bucket`, the key of our own limit, when that is what said no."""
        super().__init__(
            message,
            retry_after=retry_after,
            status=status,
            code=code,
            correlation_id=correlation_id,
            detail=detail,
        )
        self.bucket = bucket


class Server(Transient):
    """The provider is in trouble (5xx) or asks to wait (408, 423, 425, 477)."""


class Intermediary(Transient):
    """A refusal that is not the provider's: a proxy, firewall or portal answered."""


class NotJson(Transient):
    """A success whose body is not JSON: HTML, empty, or cut short."""


class Network(Transient):
    """No complete answer came: DNS, TLS, refused, reset, cut short, or a deadline."""

    def __init__(
        self,
        message: str,
        *,
        sent: bool = True,
        retry_after: float | None = None,
        status: int | None = None,
        code: str = "",
        correlation_id: str = "",
        detail: str = "",
    ) -> None:
        """Store `sent`: False only when no byte of the request left this machine."""
        super().__init__(
            message,
            retry_after=retry_after,
            status=status,
            code=code,
            correlation_id=correlation_id,
            detail=detail,
        )
        self.sent = sent


def is_refusal(exc: ApiError) -> bool:
    """Tell whether an error speaks of its own call only, and others may succeed.

    Neither the grant's end nor a limit is one; an answer that nobody can read, or
    that is not the provider's own, is.
    """
    if isinstance(exc, QuotaExhausted):
        return False
    return isinstance(
        exc,
        Forbidden
        | NotFound
        | InvalidRequest
        | InvalidResponse
        | Server
        | Intermediary
        | NotJson
        | Network,
    )


def may_pass(exc: ApiError) -> bool:
    """Tell whether the same call may succeed a little later."""
    return isinstance(exc, Transient | InvalidResponse)
