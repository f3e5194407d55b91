"""Write and read moments the way HubSpot does: text in UTC, milliseconds inside."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY_MS = 86_400_000


def to_iso(milliseconds: int) -> str:
    """Write a moment; milliseconds are dropped when they are zero."""
    moment = EPOCH + timedelta(milliseconds=milliseconds)
    spec = "milliseconds" if milliseconds % 1000 else "seconds"
    return moment.replace(tzinfo=None).isoformat(timespec=spec) + "Z"


def to_date(milliseconds: int) -> str:
    """Write the day of a moment."""
    return to_iso(milliseconds - milliseconds % DAY_MS)[:10]


@lru_cache(maxsize=4096)
def to_ms(text: str) -> int | None:
    """Read a moment written as ISO text or as epoch milliseconds."""
    if text.lstrip("-").isdigit():
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - EPOCH) // timedelta(milliseconds=1)
