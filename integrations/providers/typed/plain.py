"""Write typed values as plain text: for names, for history and for pages."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, tzinfo
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import singledispatch
from typing import Final

from integrations.providers.text.rich_text import to_plain
from integrations.providers.typed import fields
from integrations.providers.typed.fields import Value
from integrations.providers.typed.values import MORE, to_zone

MOST_DECIMALS: Final = 3
UNNAMED: Final = "Somebody"
# A longer id tells a user nothing.
MAX_SHOWN_ID: Final = 20
UNITS: Final[Mapping[str, int]] = {"day": 86_400, "h": 3600, "min": 60, "s": 1}
MOST_UNITS: Final = 3
# Not strftime's, which follow the process's locale and cost five times as much.
MONTHS: Final = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)
# The usual 28 digits are fewer than some numbers have.
WIDE: Final = Context(prec=100)


def write_time(at: datetime, zone: tzinfo) -> str:
    """Return a time in the one format that there is, in a zone that it names."""
    local = at.astimezone(zone)
    return f"{write_day(local)}, {local.hour:02}:{local.minute:02} {local.tzname()}"


def write_day(day: date) -> str:
    """Return a day in the one format that there is; nobody can misread it."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year:04}"


@singledispatch
def plain(value: Value, *, zone: tzinfo | None = None) -> str:
    """Return a value in words; times in ``zone``, or else in the value's own.

    https://docs.python.org/3/library/functools.html#functools.singledispatch
    """
    raise TypeError(f"no words for {type(value).__name__}")


@plain.register
def _(value: fields.Text, *, zone: tzinfo | None = None) -> str:
    return value.text


@plain.register
def _(value: fields.RichText, *, zone: tzinfo | None = None) -> str:
    return to_plain(value.blocks)


@plain.register
def _(value: fields.Number, *, zone: tzinfo | None = None) -> str:
    if value.out_of is not None:
        return f"{_unsigned_zero(value.amount):f} of {value.out_of}"
    if not value.is_grouped:
        return f"{value.prefix}{_unsigned_zero(value.amount):f}"
    return _number(value.amount, value.precision)


@plain.register
def _(value: fields.Percent, *, zone: tzinfo | None = None) -> str:
    share = WIDE.multiply(value.share, Decimal(100))
    digits = share if value.precision is not None else _shortest(share)
    return f"{_number(digits, value.precision)} %"


@plain.register
def _(value: fields.Money, *, zone: tzinfo | None = None) -> str:
    digits = _number(value.amount, _money_precision(value))
    if not value.symbol:
        return f"{digits} {value.currency}".strip()
    glue = " " if value.symbol[-1:].isalpha() else ""
    sign = "-" if digits.startswith("-") else ""
    return f"{sign}{value.symbol}{glue}{digits.removeprefix('-')}"


@plain.register
def _(value: fields.Boolean, *, zone: tzinfo | None = None) -> str:
    return value.label or ("Yes" if value.is_true else "No")


@plain.register
def _(value: fields.Date, *, zone: tzinfo | None = None) -> str:
    days = [value.day] if value.end is None else [value.day, value.end]
    return " to ".join(write_day(day) for day in days)


@plain.register
def _(value: fields.DateTime, *, zone: tzinfo | None = None) -> str:
    zone = zone or to_zone(value.zone) or UTC
    times = [value.at] if value.end is None else [value.at, value.end]
    return " to ".join(write_time(each, zone) for each in times)


@plain.register
def _(value: fields.Duration, *, zone: tzinfo | None = None) -> str:
    sign = "-" if value.seconds < 0 else ""
    seconds = abs(value.seconds)
    words = _clock(seconds, value.style) if value.style else ""
    if seconds and not words.strip("0:."):
        # Nothing would be left of it, as with numbers.
        words = _units(seconds)
    return f"{sign}{words or _units(seconds)}"


@plain.register
def _(value: fields.Choice, *, zone: tzinfo | None = None) -> str:
    return value.label


@plain.register
def _(value: fields.User, *, zone: tzinfo | None = None) -> str:
    if value.name or value.email:
        return value.name or value.email
    is_short = 0 < len(value.id) <= MAX_SHOWN_ID
    return f"{UNNAMED} ({value.id})" if is_short else UNNAMED


@plain.register
def _(value: fields.Email, *, zone: tzinfo | None = None) -> str:
    return value.address


@plain.register
def _(value: fields.Phone, *, zone: tzinfo | None = None) -> str:
    return value.number


@plain.register
def _(value: fields.Link, *, zone: tzinfo | None = None) -> str:
    return value.label or value.url


@plain.register
def _(value: fields.File, *, zone: tzinfo | None = None) -> str:
    return value.name


@plain.register
def _(value: fields.Relation, *, zone: tzinfo | None = None) -> str:
    return ", ".join([*value.linked_ids, *([MORE] if value.has_more else [])])


@plain.register
def _(value: fields.Unavailable, *, zone: tzinfo | None = None) -> str:
    return value.reason


@plain.register(fields.Choices)
@plain.register(fields.Users)
@plain.register(fields.Files)
@plain.register(fields.Many)
def _(value: fields.Several, *, zone: tzinfo | None = None) -> str:
    texts = [plain(each, zone=zone) for each in value.values]
    return ", ".join([*filter(None, texts), *([MORE] if value.has_more else [])])


def _number(number: Decimal, precision: int | None) -> str:
    """Write a number with so many decimals, unless nothing would be left of it."""
    if precision is not None:
        rounded = _round(number, precision)
        if rounded or not number:
            return f"{_unsigned_zero(rounded):,.{precision}f}"
        number = _shortest(number)
    return f"{_unsigned_zero(number):,f}"


def _unsigned_zero(number: Decimal) -> Decimal:
    return number or abs(number)


def _money_precision(value: fields.Money) -> int:
    """Return two decimals, none for whole amounts, and more where there are more."""
    if value.precision is not None:
        return value.precision
    exponent = _shortest(value.amount).as_tuple().exponent
    decimals = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    return max(2, decimals) if decimals else 0


def _shortest(number: Decimal) -> Decimal:
    is_whole = number == number.to_integral_value()
    return number.to_integral_value() if is_whole else number.normalize(WIDE)


def _round(number: Decimal, places: int) -> Decimal:
    return number.quantize(
        Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP, context=WIDE
    )


def _clock(seconds: Decimal, style: str) -> str:
    """Write seconds as hours and minutes, and what else the pattern asks for."""
    if "ss" not in style:
        hours, minutes = divmod(int(_round(seconds / 60, 0)), 60)
        return f"{hours}:{minutes:02d}"
    decimals = min(MOST_DECIMALS, len(style.partition(".")[2]))
    rounded = _round(seconds, decimals)
    hours, minutes = divmod(int(rounded) // 60, 60)
    width = 3 + decimals if decimals else 2
    return f"{hours}:{minutes:02d}:{rounded % 60:0{width}.{decimals}f}"


def _units(seconds: Decimal) -> str:
    """Write seconds in their largest units, of which the last keeps no fraction."""
    if seconds < UNITS["min"]:
        return f"{_shortest(seconds):f} s"
    left = int(seconds)
    words: list[str] = []
    for unit, length in UNITS.items():
        count, left = divmod(left, length)
        if words or count:
            words.append(f"{count} {unit}{'s' if unit == 'day' and count > 1 else ''}")
    return " ".join(word for word in words[:MOST_UNITS] if not word.startswith("0 "))
