"""Make the owners of a portal: active, deactivated, and a queue."""

from typing import Any

from sandbox.hubspot.seed.accounts import Portal
from sandbox.hubspot.seed.names import FIRST_NAMES, LAST_NAMES

CREATED = "2024-02-01T09:00:00Z"
FIRST_OWNER = 300_100


def make_owners(portal: Portal, active: int) -> list[dict[str, Any]]:
    """Return active people, one in twenty deactivated, and one queue."""
    owners = []
    for number in range(active + active // 20 + 1):
        is_archived = number >= active
        first = FIRST_NAMES[number % len(FIRST_NAMES)]
        last = LAST_NAMES[(number * 7) % len(LAST_NAMES)]
        user_id = 8_000 + number
        owner = {
            "id": str(FIRST_OWNER + number * 3),
            "email": f"owner{number}@{portal.domain}",
            "firstName": first,
            "lastName": last,
            "type": "PERSON",
            "userIdIncludingInactive": user_id,
            "createdAt": CREATED,
            "updatedAt": CREATED,
            "archived": is_archived,
        }
        if not is_archived:
            owner["userId"] = user_id
        owners.append(owner)
    queue = {
        "id": str(FIRST_OWNER - 1),
        "type": "QUEUE",
        "firstName": "Inbound",
        "lastName": "Queue",
        "createdAt": CREATED,
        "updatedAt": CREATED,
        "archived": False,
    }
    return [queue, *owners]
