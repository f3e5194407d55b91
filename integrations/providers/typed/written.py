"""Read numbers as people write them, and as values in words show them."""

import re
from decimal import Decimal
from typing import Final

from integrations.providers.typed.values import to_number

MINUS: Final = ("-", "\u2212")
# Three digits after each comma: one of two could be that of a fraction.
_GROUPED: Final = re.compile(r"\d{1,3}(?:[,\u00a0\u202f]\d{3})+(?:\.\d+)?")


def split_sign(text: str) -> tuple[int, str]:
    """Return 1 or -1, and what a text has behind its sign, which may be no hyphen."""
    if text.startswith(MINUS):
        return -1, text[1:].lstrip()
    return 1, text.removeprefix("+")


def read_unsigned(text: str) -> Decimal | None:
    """Return a number without a sign, thousands apart or not; None for no number."""
    if _GROUPED.fullmatch(text):
        text = re.sub("[,\u00a0\u202f]", "", text)
    return to_number(text) if text[:1] not in {"", "+", *MINUS} else None


def read_number(text: str) -> Decimal | None:
    """Return an exact number, None for what is none, or may be read in two ways."""
    sign, bare = split_sign(text)
    number = read_unsigned(bare)
    # A product has no more digits than a context allows.
    return number.copy_negate() if number is not None and sign < 0 else number
