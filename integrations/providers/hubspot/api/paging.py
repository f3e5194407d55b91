"""Read HubSpot's way of saying where the next page starts."""

from typing import Any

from integrations.http.responses.shape import expect_object, optional_object
from integrations.providers.listing import expect_cursor


def next_after(body: dict[str, Any], current: str | None) -> str | None:
    """Return the cursor of the next page, or None when this was the last one.

    Only a missing ``paging.next`` is the end; ``link`` may name another version of
    the API.
    """
    following = optional_object(body, "paging").get("next")
    if following is None:
        return None
    after = expect_object(following, "paging.next").get("after")
    if isinstance(after, int) and not isinstance(after, bool):
        after = str(after)
    return expect_cursor(after, current, where="paging.next.after")


def is_number(remote_id: str) -> bool:
    """Tell whether an id is a number, as all ids of records are."""
    return remote_id.isascii() and remote_id.isdecimal()
