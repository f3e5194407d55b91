"""Read the rate limit that HubSpot's answers tell: it depends on app and plan."""

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from integrations.http.resilience.limits import Limit

# A call may arrive so much later than it was granted.
LATE_SECONDS: Final = 0.25
MAX_HEADER: Final = "x-hubspot-ratelimit-max"
INTERVAL_HEADER: Final = "x-hubspot-ratelimit-interval-milliseconds"
MOST_CALLS, MOST_MILLISECONDS = 10_000, 60_000


def told_limits(limits: Sequence[Limit], headers: Mapping[str, str]) -> Sequence[Limit]:
    """Return the limits as the headers tell them; the operator's is never raised."""
    calls = _number(headers.get(MAX_HEADER), most=MOST_CALLS)
    milliseconds = _number(headers.get(INTERVAL_HEADER), most=MOST_MILLISECONDS)
    if not calls or not milliseconds:
        return limits
    seconds = milliseconds / 1000 + LATE_SECONDS
    return tuple(_told(limit, calls, seconds) for limit in limits)


def _told(limit: Limit, calls: int, seconds: float) -> Limit:
    most = calls if limit.may_rise else min(calls, limit.limit)
    return replace(limit, limit=most, seconds=max(seconds, limit.seconds))


def _number(value: str | None, *, most: int) -> int:
    text = (value or "").strip()
    is_number = text.isascii() and text.isdecimal() and len(text) < 10
    return int(text) if is_number and int(text) <= most else 0
