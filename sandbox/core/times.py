"""Write and read times: text in UTC outside, milliseconds since 1970 inside."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY_MS = 86_400_000
# Seeds end here, so that the same seed makes the same data on any day: 2026-11-01.
NEWEST = 1_793_491_200_000


def to_iso(milliseconds: int) -> str:
    """Write a time, always with its milliseconds."""
    moment = EPOCH + timedelta(milliseconds=milliseconds)
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def to_short_iso(milliseconds: int) -> str:
    """Write a time, without its milliseconds when they are zero."""
    return to_iso(milliseconds).replace(".000Z", "Z")


def to_date(milliseconds: int) -> str:
    return to_iso(milliseconds)[:10]


def to_month(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m}"


@lru_cache(maxsize=4096)
def to_ms(text: str) -> int | None:
    """Read a time written as ISO text; without an offset it is UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - EPOCH) // timedelta(milliseconds=1)
