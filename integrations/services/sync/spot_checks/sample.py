"""Draw the sample of a spot check: one part of a collection that is split at random.

A keyed hash of the remote id splits the items into parts, as in a random permutation.
So a part is a simple random sample, consecutive checks draw without replacement, and
a check that is interrupted goes on by a position alone.
"""

from hashlib import blake2b

from integrations.models import Collection, SpotCheck
from integrations.services.sync.stored import single_items

# So many items show one wrong in two hundred of them with more than 99.9 %:
# 0.995 ** 1400 < 0.001.
ENOUGH = 1400
# Ids looked at between two looks for those of the part.
CHUNK = 2000


def parts_for(population: int, *, most: float) -> int:
    """Return into how many parts to split: of enough items, but ``most`` at most.

    Powers of two, so that the parts stay the same while a collection grows a little.
    """
    parts = 1
    while population / (2 * parts) >= ENOUGH or population / parts > max(most, 1):
        parts *= 2
    return parts


def is_in_part(remote_id: str, *, salt: bytes, number: int, parts: int) -> bool:
    """Tell whether an item is in the part that a check of this number reads."""
    digest = blake2b(remote_id.encode(), digest_size=8, salt=salt[:16]).digest()
    return int.from_bytes(digest, "big") % parts == number % parts


def next_ids(
    collection: Collection, check: SpotCheck, *, limit: int
) -> tuple[list[str], str | None]:
    """Return the next ids of the part, and the position behind; None is its end."""
    found: list[str] = []
    position, salt = check.position, collection.pk.bytes
    while True:
        ids = list(
            single_items.behind(collection, position).values_list(
                "remote_id", flat=True
            )[:CHUNK]
        )
        for position in ids:
            if is_in_part(position, salt=salt, number=check.number, parts=check.parts):
                found.append(position)
                if len(found) == limit:
                    return found, position
        if len(ids) < CHUNK:
            return found, None
