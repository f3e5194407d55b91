"""Read Airtable's way of saying where the next page starts."""

from typing import Any, Final

from integrations.http.errors import InvalidResponse

MAX_OFFSET: Final = 2000


def next_offset(body: dict[str, Any], current: str | None) -> str | None:
    """Return the offset of the next page, or None when this was the last one.

    Only a missing ``offset`` is the end: a page may be short in the middle.
    """
    offset = body.get("offset")
    if offset is None:
        return None
    if not isinstance(offset, str) or not 0 < len(offset) <= MAX_OFFSET:
        raise InvalidResponse("offset: expected a short text")
    if offset == current:
        raise InvalidResponse("offset: the listing does not move on")
    return offset
