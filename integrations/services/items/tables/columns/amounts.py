"""Read the numbers and days of filters, also as cells show them."""

import re
import unicodedata
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from integrations.providers.typed.written import read_unsigned, split_sign
from integrations.services.items.tables.columns.columns import Column, Family

_SECONDS: Final = {"day": 86_400, "d": 86_400, "h": 3600, "min": 60, "s": 1}
_PART: Final = re.compile(r"(\d+(?:\.\d+)?) *(days?|d|h|min|s)\b *")
_CLOCK: Final = re.compile(r"(\d+):(\d\d)(?::(\d\d(?:\.\d+)?))?")
# An ID as some providers write it: a number behind letters.
_SERIAL: Final = re.compile(r"[^\W\d_]\w*-(\d+)")
_OUT_OF: Final = re.compile(r"(\d+(?:\.\d+)?) of \d+")
# What stands before and behind an amount, whose sign may be on either side of that.
_AMOUNT: Final = re.compile(
    r"([-\u2212]?)(\D*?)[ \u00a0]?([-\u2212]?)(\d.*?)[ \u00a0]?([^\d.]*)"
)
_LONGEST: Final = 4
_DAYS: Final = ("%d %b %Y", "%d %B %Y")
# What a value looks like, by the family of a column and then by its kind.
_LOOKS: Final = {
    Family.NUMBER: "a number, such as 1250.50",
    Family.DATE: "a day, such as 2026-11-30 or 30 Nov 2026",
    Family.BOOLEAN: "yes or no",
}
_LOOKS_OF_KIND: Final = {
    "percent": "a percentage, such as 25 %",
    "serial": "a number, such as 12",
    "duration": "a duration, such as 2 h, 90 min or 1:30:00",
}


def looks(column: Column) -> str:
    """Return what a value of a column looks like, empty where any text is one."""
    by_kind = _LOOKS_OF_KIND.get(column.kind) if column.family in _LOOKS else None
    return by_kind or _LOOKS.get(column.family, "")


def to_amount(text: str, column: Column) -> float | None:
    """Return what a number in a filter is compared with, None for no number.

    Percentages are written as they are shown, and durations with their units or as a
    clock shows them.
    """
    text = _without_currency(text) if column.kind == "money" else text
    sign, bare = split_sign(text)
    if column.kind == "duration" and (seconds := _to_seconds(bare)) is not None:
        return sign * seconds
    if column.kind == "rating" and (rated := _OUT_OF.fullmatch(bare)):
        bare = rated[1]
    elif column.kind == "percent":
        bare = bare.rstrip("% ")
    elif column.kind == "serial" and (named := _SERIAL.fullmatch(bare)):
        bare = named[1]
    number = read_unsigned(bare)
    if number is None:
        return None
    # Divided as decimals, so that 55 % is the very share that is stored.
    return float(sign * (number / 100 if column.kind == "percent" else number))


def _without_currency(text: str) -> str:
    """Return an amount without the code or sign of a currency on either side."""
    found = _AMOUNT.fullmatch(text)
    if not found:
        return text
    outer, before, inner, amount, behind = found.groups()
    if (outer and inner) or not (_is_currency(before) and _is_currency(behind)):
        return text
    return f"{outer or inner}{amount}"


def _is_currency(text: str) -> bool:
    """Tell whether a text may stand for a currency: $, CA$, EUR, Fr. or kr, not k."""
    letters = text.removesuffix(".")
    is_sign = any(unicodedata.category(each) == "Sc" for each in text)
    is_code = letters.isalpha() and (letters.isupper() or not letters.isascii())
    is_known = is_sign or is_code or letters in {"", "kr", "Fr"}
    return is_known and len(text) <= _LONGEST and not set(text) & set("<>=~(,")


def _to_seconds(text: str) -> float | None:
    if clock := _CLOCK.fullmatch(text):
        hours, minutes, seconds = clock.groups("0")
        return float(3600 * int(hours) + 60 * int(minutes) + Decimal(seconds))
    parts = list(_PART.finditer(text))
    if not parts or "".join(each[0] for each in parts) != text:
        return None
    return float(
        sum(Decimal(each[1]) * _SECONDS[each[2].rstrip("s") or "s"] for each in parts)
    )


def to_day(text: str) -> date | None:
    """Return the day that a filter names, None for none that a time can hold."""
    # A cell tells the time of day as well.
    day_alone = text.partition(",")[0]
    found = (_iso(text), *(_written(day_alone, form) for form in _DAYS))
    day = next(filter(None, found), None)
    # So that no zone moves it out of what a time can hold.
    return day if day and date(2, 1, 1) <= day <= date(9990, 1, 1) else None


def _iso(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _written(text: str, form: str) -> date | None:
    try:
        return datetime.strptime(text, form).date()  # noqa: DTZ007 (a day has no zone)
    except ValueError:
        return None
