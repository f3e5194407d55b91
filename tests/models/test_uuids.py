"""Time-ordered UUIDs are of version 7, in the order of time, and not to be guessed."""

import time
from uuid import RFC_4122

from integrations.models.uuids import time_ordered_uuid


def test_a_time_ordered_uuid_is_of_version_7_and_begins_with_the_time() -> None:
    before = time.time_ns() // 1_000_000

    found = time_ordered_uuid()

    assert (found.version, found.variant) == (7, RFC_4122)
    assert before <= found.int >> 80 <= time.time_ns() // 1_000_000


def test_every_other_bit_of_a_time_ordered_uuid_is_random() -> None:
    found = [time_ordered_uuid().int & ((1 << 80) - 1) for _ in range(400)]

    ones = all_ones = found[0]
    for each in found:
        ones, all_ones = ones | each, all_ones & each

    # The version's four bits and the variant's two are the same in all.
    assert (ones ^ all_ones).bit_count() == 74
    assert len(set(found)) == 400
