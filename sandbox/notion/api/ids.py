"""Make and read the identifiers of Notion, and the moments it tells."""

import random
import re
import uuid
import zlib
from datetime import UTC, datetime, timedelta

UUID = re.compile(
    r"[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}"
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MINUTE_MS = 60_000


def to_id(text: str) -> str | None:
    """Return an id with its hyphens, or nothing when it is none."""
    return str(uuid.UUID(text)) if UUID.fullmatch(text) else None


def make_id(rng: random.Random) -> str:
    """Draw an id."""
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


def get_luck(object_id: str) -> int:
    """Return a number below a hundred that an id keeps for ever."""
    return zlib.crc32(object_id.encode()) % 100


def to_minute(milliseconds: int) -> int:
    """Forget seconds, as Notion does."""
    return milliseconds - milliseconds % MINUTE_MS


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
