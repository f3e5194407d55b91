"""Read the identifiers of Notion, and write the moments it tells."""

import re
import uuid
from datetime import UTC, datetime, timedelta

UUID = re.compile(
    r"[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}"
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_id(text: str) -> str | None:
    """Return an id with its hyphens, or nothing when it is none."""
    return str(uuid.UUID(text)) if UUID.fullmatch(text) else None


def to_iso(milliseconds: int) -> str:
    """Write a moment with milliseconds."""
    moment = EPOCH + timedelta(milliseconds=milliseconds)
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def to_ms(text: str) -> int | None:
    """Read a moment or a day; what names no zone is in UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - EPOCH) // timedelta(milliseconds=1)


def to_url(object_id: str) -> str:
    """Return the address people open an object at."""
    return f"https://app.notion.com/p/{object_id.replace('-', '')}"
