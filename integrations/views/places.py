"""Places in an order that a user writes."""

from typing import Final

# That of whatever has none, or none that makes sense.
LAST: Final = 10_000


def read_place(text: str) -> int:
    """Return the place that was written in an input, or the last one."""
    is_number = text.isascii() and text.isdecimal() and len(text) < len(str(LAST))
    return int(text) if is_number else LAST
