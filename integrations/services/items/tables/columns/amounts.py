"""Read the numbers and days of filters, also as cells show them."""

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from integrations.providers.typed.values import to_number
from integrations.services.items.tables.columns.columns import Column, Family

_SECONDS: Final = {"day": 86_400, "d": 86_400, "h": 3600, "min": 60, "s": 1}
_PART: Final = re.compile(r"(\d+(?:\.\d+)?) *(days?|d|h|min|s)\b *")
_CLOCK: Final = re.compile(r"(\d+):(\d\d)(?::(\d\d(?:\.\d+)?))?")
_GROUPED: Final = re.compile(r"\d{1,3}(?:[,\u00a0\u202f]\d{3})+(?:\.\d+)?")
_OUT_OF: Final = re.compile(r"(\d+) of \d+")
# Anything before an amount; behind it a code of three letters, or signs.
_CURRENCY: Final = re.compile(
    r"^[^\d\s.,+-]{1,4} ?(?=\d)|(?<=\d) ?(?:[A-Z]{3}|[^\w\s.,%]{1,3})$"
)
_DAYS: Final = ("%d %b %Y", "%d %B %Y")
# What a value looks like, by the family of a column and then by its kind.
_LOOKS: Final = {
    Family.NUMBER: "a number, such as 1250.50",
    Family.DATE: "a day, such as 2026-11-30 or 30 Nov 2026",
    Family.BOOLEAN: "yes or no",
}
_LOOKS_OF_KIND: Final = {
    "percent": "a percentage, such as 25 %",
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
    is_negative = text.startswith(("-", "\u2212"))
    sign, bare = (-1, text[1:].strip()) if is_negative else (1, text)
    if column.kind == "duration" and (seconds := _to_seconds(bare)) is not None:
        return sign * seconds
    number = to_number(_plain(text, column))
    if number is None:
        number = to_number(_plain(bare, column))
        number = None if number is None or number < 0 else sign * number
    if number is None:
        return None
    # Divided as decimals, so that 55 % is the very share that is stored.
    return float(number / 100 if column.kind == "percent" else number)


def _plain(text: str, column: Column) -> str:
    """Return a number without what a cell puts around it and between its digits."""
    if column.kind == "percent":
        text = text.rstrip("% ")
    elif column.kind == "rating" and (rated := _OUT_OF.fullmatch(text)):
        return rated[1]
    elif column.kind == "money":
        text = _CURRENCY.sub("", text, count=1)
    return re.sub("[,\u00a0\u202f]", "", text) if _GROUPED.fullmatch(text) else text


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
    found = (_iso(text), *(_written(text, form) for form in _DAYS))
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
