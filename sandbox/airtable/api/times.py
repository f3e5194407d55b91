"""Write and read moments the way Airtable does: text in UTC, milliseconds inside."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY_MS = 86_400_000


def to_iso(milliseconds: int) -> str:
    """Write a moment, always with its milliseconds."""
    moment = EPOCH + timedelta(milliseconds=milliseconds)
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def to_date(milliseconds: int) -> str:
    """Write the day of a moment."""
    return to_iso(milliseconds)[:10]


def to_ms(text: str) -> int | None:
    """Read a moment written as ISO text; without an offset it is UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return round((moment - EPOCH) / timedelta(milliseconds=1))


def to_month(seconds: float) -> str:
    """Name the calendar month, in UTC, of a moment in seconds."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m}"
