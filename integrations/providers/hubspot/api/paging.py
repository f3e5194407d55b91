"""Read HubSpot's way of saying where the next page starts."""

from typing import Any

from integrations.http.errors import InvalidResponse
from integrations.http.shape import optional_object

MAX_CURSOR = 2000


def next_after(body: dict[str, Any], current: str | None) -> str | None:
    """Return the cursor of the next page, or None when this was the last one.

    Only a missing ``paging.next`` is the end: a page may be short in the middle,
    and ``link`` may name another version of the API.
    """
    following = optional_object(body, "paging").get("next")
    if following is None:
        return None
    after = following.get("after") if isinstance(following, dict) else None
    if isinstance(after, int) and not isinstance(after, bool):
        after = str(after)
    if not isinstance(after, str) or not 0 < len(after) <= MAX_CURSOR:
        raise InvalidResponse("paging.next: expected a cursor in after")
    if after == current:
        raise InvalidResponse("paging.next: the cursor does not move on")
    return after


def to_id(value: object) -> str:
    """Return a record id as text; some answers give it as a number."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, str) and 0 < len(value) <= 64 and value.isprintable():
        return value
    raise InvalidResponse("id: expected a short text or a number")


def is_number(remote_id: str) -> bool:
    """Tell whether an id is a number, as all ids of records are."""
    return remote_id.isascii() and remote_id.isdecimal()
