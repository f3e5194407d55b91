"""Begin no test just before a quarter of an hour ends, somewhere the end of a day.

A test that counts what is of today, or of this month, asks for the day once, and what
it tests asks once more: in between it must not change.
"""

# Some zones differ from others by so much.
QUARTER = 900.0
# Longer than nearly every test that needs no server.
LAST_SECONDS = 5.0


def seconds_to_wait(now: float) -> float:
    """Return for how long no test may begin, from a time in seconds since 1970 on."""
    left = QUARTER - now % QUARTER
    return left if left < LAST_SECONDS else 0.0
