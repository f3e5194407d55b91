"""Read telephone numbers however they are written, and tell which are the same."""

import re
from typing import Final, Self

from msgspec import Struct

from integrations.services.items.search.words import simplify

# However it is written, with or without what is dialled from abroad.
PHONE: Final = re.compile(r"\+?[0-9 ().\-/]{9,40}", re.ASCII)
EXTENSION: Final = re.compile(
    r"[\s,;]*(?:ext(?:ension)?\.?|x|#|ext=)\s*([0-9]{1,6})", re.ASCII | re.IGNORECASE
)
PHONE_DIGITS, PHONE_ENDING = range(9, 16), 9
LONGEST_PHONE: Final = 60
# What is dialled before a number inside its country only; 8 is in Russia.
TRUNK: Final = re.compile("^(?:0+|8(?=[0-9]{10}$))")
TRUNK_IN_BRACKETS: Final = re.compile(r"\(0+\)")


class PhoneNumber(Struct, frozen=True, kw_only=True):
    """The digits of a number as they were written, without the zeros of abroad.

    Those that are ``dialled`` wherever one is begin with the country if it
    ``has_country``, and lack what is dialled before it inside of that.
    """

    digits: str
    dialled: str
    has_country: bool
    extension: str = ""

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read what a user wrote; what is no telephone number is none."""
        if len(text) > LONGEST_PHONE:
            return None
        text = simplify(text).strip()
        if text[:4].lower() == "tel:":
            text = text[4:]
        found = EXTENSION.search(text)
        extension = found[1] if found and found.end() == len(text) else ""
        if found and extension:
            text = text[: found.start()]
        if not PHONE.fullmatch(text):
            return None
        written = _digits_of(text)
        digits = written.removeprefix("00")
        if len(digits) not in PHONE_DIGITS:
            return None
        has_country = text.startswith("+") or digits != written
        abroad = _digits_of(TRUNK_IN_BRACKETS.sub("", text)).removeprefix("00")
        return cls(
            digits=digits,
            dialled=abroad if has_country else TRUNK.sub("", digits),
            has_country=has_country,
            extension=extension,
        )

    @property
    def ending(self) -> str:
        """Return the last digits, which do not tell the country."""
        return self.digits[-PHONE_ENDING:]

    def is_same(self, other: "PhoneNumber") -> bool:
        """Tell whether both lead to one telephone, as far as they tell the country."""
        if self.extension != other.extension:
            return False
        if self.has_country and other.has_country:
            return self.dialled == other.dialled
        longer, shorter = sorted((self.dialled, other.dialled), key=len, reverse=True)
        return longer.endswith(shorter)


def _digits_of(text: str) -> str:
    return re.sub("[^0-9]", "", text)
