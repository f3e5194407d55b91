"""Begin no test just before half an hour ends, which somewhere is the end of a day.

A test that counts what is of today, or of this month, asks for the day once, and what
it tests asks once more: in between it must not change.
"""

# Some zones differ by half of one.
HALF_HOUR = 1800.0
# Longer than nearly every test that needs no server.
LAST_SECONDS = 5.0


def seconds_to_wait(now: float) -> float:
    """Return for how long no test may begin, from a time in seconds since 1970 on."""
    left = HALF_HOUR - now % HALF_HOUR
    return left if left < LAST_SECONDS else 0.0
