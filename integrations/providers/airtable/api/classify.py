"""Read Airtable's errors, which come in three envelopes and sometimes in none."""

from datetime import UTC, datetime
from typing import Final

from integrations.http.errors import ApiError, Forbidden, NotFound, RateLimited
from integrations.http.responses.classify import default_classify
from integrations.http.sending.transport import Response
from integrations.providers.airtable.api.errors import MonthlyQuotaError
from integrations.providers.errors import ListingExpiredError

# https://airtable.com/developers/web/api/rate-limits
# After a 429 nothing succeeds for 30 seconds; calls meanwhile may prolong that.
PENALTY_SECONDS: Final = 31.0
QUOTA_USED_UP: Final = "PUBLIC_API_BILLING_LIMIT_EXCEEDED"
# https://airtable.com/developers/web/api/list-records
# A listing that was paused for too long is forgotten.
LISTING_EXPIRED: Final = frozenset(
    {"LIST_RECORDS_ITERATOR_NOT_AVAILABLE", "INVALID_OFFSET_VALUE"}
)
# Airtable does not tell what was deleted from what was never or is no longer shared.
NOT_SHARED: Final = "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND"
NO_LONGER_SHARED: Final = "no longer shared with this connection"


def classify(response: Response, *, now: datetime | None = None) -> ApiError | None:
    """Return the error that an answer stands for, None for a success."""
    error = default_classify(response)
    if isinstance(error, RateLimited):
        return _too_many(error, now or datetime.now(UTC))
    if response.status == 422 and error and error.code in LISTING_EXPIRED:
        return _with_words(ListingExpiredError, "Airtable forgot the listing", error)
    if isinstance(error, Forbidden):
        is_lost = error.code == NOT_SHARED
        words = NO_LONGER_SHARED if is_lost else "the account's role does not allow it"
        return _with_words(Forbidden, words, error)
    if isinstance(error, NotFound):
        return _with_words(NotFound, "Airtable has nothing there any more", error)
    return error


def _too_many(error: RateLimited, now: datetime) -> ApiError:
    """Return the error of the rate limit, or that of the monthly quota."""
    if error.code == QUOTA_USED_UP:
        return MonthlyQuotaError(
            now=now, status=error.status, code=error.code, detail=error.detail
        )
    error.retry_after = max(error.retry_after or 0.0, PENALTY_SECONDS)
    return error


def _with_words(kind: type[ApiError], words: str, error: ApiError) -> ApiError:
    return kind(words, status=error.status, code=error.code, detail=error.detail)
