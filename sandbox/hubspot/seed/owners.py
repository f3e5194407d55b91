"""Make the users and the queue that can own the records of a portal."""

from functools import cache
from typing import Any

from sandbox.core.data import load
from sandbox.hubspot.seed.accounts import BY_ID
from sandbox.hubspot.seed.definitions import DATED

WORDS = load(__package__, "words")
FIRST_OWNER = 300_100


@cache
def get_owners(portal_id: str) -> list[dict[str, Any]]:
    """Return one queue, active users, and one in twenty more deactivated, by id."""
    portal, firsts, lasts = BY_ID[portal_id], WORDS["first_names"], WORDS["last_names"]
    found = [_make_owner(-1, "QUEUE", "Inbound", "Queue") | {"archived": False}]
    for number in range(portal.owners + portal.owners // 20 + 1):
        is_archived, user_id = number >= portal.owners, 8_000 + number
        first, last = firsts[number % len(firsts)], lasts[number * 7 % len(lasts)]
        owner = _make_owner(number * 3, "PERSON", first, last)
        owner |= {"email": f"owner{number}@{portal.domain}", "archived": is_archived}
        owner["userIdIncludingInactive"] = user_id
        found.append(owner if is_archived else {**owner, "userId": user_id})
    return found


def _make_owner(offset: int, kind: str, first: str, last: str) -> dict[str, Any]:
    name = {"firstName": first, "lastName": last}
    return {"id": str(FIRST_OWNER + offset), "type": kind, **name, **DATED}
