"""Dates and numbers as people write them, and in which of two ways they may be meant.

``03/04/2026`` is a day in March or in April, and ``1,234`` is a little more than one
or than a thousand: a column's other values often say which, and else its user does.
"""

import re
from datetime import date, datetime, time
from typing import Final

from django.utils.dateparse import parse_date, parse_datetime
from msgspec import Struct

DAY_FIRST: Final = "day"
MONTH_FIRST: Final = "month"
POINT: Final = "point"
COMMA: Final = "comma"
# Nothing in a column tells, and it has to be asked for.
ASK: Final = "ask"
ORDERS: Final = (DAY_FIRST, MONTH_FIRST)
MARKS: Final = (POINT, COMMA)
# No date and no number is longer. Some patterns take the square of a text's length.
LONGEST: Final = 64

SLASHED: Final = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4})", re.ASCII)
YEAR_FIRST: Final = re.compile(r"(\d{4})[/.](\d{1,2})[/.](\d{1,2})", re.ASCII)
NAMED: Final = ("%d %B %Y", "%d %b %Y", "%B %d %Y", "%b %d %Y")
CLOCK: Final = re.compile(
    r"(.+?)[T ,]+(\d{1,2}):(\d{2})(?::(\d{2}))? ?([ap])?\.?(?:m\.?)?",
    re.ASCII | re.IGNORECASE,
)
CURRENCY: Final = re.compile(r"[$\N{EURO SIGN}\N{POUND SIGN}\N{YEN SIGN}]")
SPACES: Final = re.compile(r"[\s\u00a0\u202f'\N{RIGHT SINGLE QUOTATION MARK}]")
# What groups thousands is the other one of the two marks.
NUMBERS: Final = {
    POINT: re.compile(r"[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)?", re.ASCII),
    COMMA: re.compile(r"[-+]?(?:\d{1,3}(?:\.\d{3})+|\d+)?(?:,\d+)?", re.ASCII),
}
MARKED: Final = re.compile(r"[-+]?[\d.,]*[.,][\d.,]*", re.ASCII)
THOUSANDS_OF_NOTHING: Final = re.compile(r"[-+]?0\d*[.,]\d{3}", re.ASCII)


class Agreement(Struct, kw_only=True):
    """What the values of a column have in common: which ways all of them allow."""

    left: set[str] | None = None

    def see(self, possible: set[str] | None) -> None:
        """Take one more value into account, unless it says nothing."""
        if possible:
            self.left = possible if self.left is None else self.left & possible

    @property
    def answer(self) -> str:
        """Return the one way, ASK for several or none, nothing where none matters."""
        if self.left is None:
            return ""
        return next(iter(self.left)) if len(self.left) == 1 else ASK


def possible_orders(text: str) -> set[str] | None:
    """Return the orders in which a date can be meant, None where it has but one."""
    if len(text) > LONGEST:
        return None
    found = SLASHED.fullmatch(text.partition(" ")[0])
    if found is None or found[2] == ".":
        return None
    return {order for order in ORDERS if _slashed(found, order)}


def possible_marks(text: str) -> set[str] | None:
    """Return which mark can begin a number's decimals, None where there is none."""
    if len(text) > LONGEST:
        return None
    plain = _bare(text)
    if not MARKED.fullmatch(plain):
        return None
    return {mark for mark in MARKS if _number(plain, mark) is not None}


def read_date(text: str, order: str) -> date | None:
    """Return the day that a text names, None for none."""
    if len(text) > LONGEST:
        return None
    try:
        if (at := parse_date(text)) is not None:
            return at
        if found := YEAR_FIRST.fullmatch(text):
            return date(*(int(part) for part in found.groups()))
    except ValueError:
        return None
    if found := SLASHED.fullmatch(text):
        return _slashed(found, DAY_FIRST if found[2] == "." else order)
    return _named(text)


def read_time(text: str, order: str) -> datetime | None:
    """Return the moment that a text names, without a zone if it names none."""
    if len(text) > LONGEST:
        return None
    try:
        if (at := parse_datetime(text)) is not None:
            return at
    except ValueError:
        return None
    if (day := read_date(text, order)) is not None:
        return datetime.combine(day, time())
    found = CLOCK.fullmatch(text)
    day = read_date(found[1], order) if found else None
    if found is None or day is None:
        return None
    hour, half = int(found[2]), (found[5] or "").lower()
    if half:
        hour = hour % 12 + (12 if half == "p" else 0) if 1 <= hour <= 12 else 24
    try:
        return datetime.combine(day, time(hour, int(found[3]), int(found[4] or 0)))
    except ValueError:
        return None


def read_number(text: str, mark: str) -> str | None:
    """Return a number in decimal digits with a point, None for none."""
    return None if len(text) > LONGEST else _number(_bare(text), mark)


def _bare(text: str) -> str:
    minus = text.replace("\N{MINUS SIGN}", "-")
    return SPACES.sub("", CURRENCY.sub("", minus))


def _number(plain: str, mark: str) -> str | None:
    has_digits = any(character.isdigit() for character in plain)
    if not has_digits or not NUMBERS[mark].fullmatch(plain):
        return None
    grouping, decimal = (",", ".") if mark == POINT else (".", ",")
    if grouping in plain and THOUSANDS_OF_NOTHING.fullmatch(plain):
        return None
    number = plain.replace(grouping, "").replace(decimal, ".").removeprefix("+")
    sign, digits = ("-", number[1:]) if number.startswith("-") else ("", number)
    return f"{sign}0{digits}" if digits.startswith(".") else f"{sign}{digits}"


def _slashed(found: re.Match[str], order: str) -> date | None:
    one, other, year = int(found[1]), int(found[3]), int(found[4])
    day, month = (one, other) if order == DAY_FIRST else (other, one)
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _named(text: str) -> date | None:
    words = " ".join(text.replace(",", " ").replace(".", " ").split())
    for pattern in NAMED:
        try:
            # Of the day alone, which has no zone.
            return datetime.strptime(words, pattern).date()  # noqa: DTZ007
        except ValueError:
            continue
    return None
