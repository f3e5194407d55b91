"""Write numbers: amounts, shares, times taken, ratings."""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, Final

# Greater numbers are identifiers or nonsense: they are shown as they came. With the
# precision that a field can have, no number in this range is too long to be rounded.
LEAST_EXPONENT, MOST_EXPONENT, MOST_DIGITS = -24, 15, 40
MOST_DECIMALS: Final = 3
DEFAULT_DURATION: Final = "h:mm"

Format = Mapping[str, Any]


def to_number(value: object) -> Decimal | None:
    """Return an exact number, None for what is none or is too long to be shown."""
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    if not number.is_finite() or len(number.as_tuple().digits) > MOST_DIGITS:
        return None
    is_readable = LEAST_EXPONENT <= number.adjusted() <= MOST_EXPONENT
    return number if is_readable else None


def show_number(number: Decimal, told: Format) -> str:
    """Show a number with the field's precision, or all the digits that it has."""
    precision = told.get("precision")
    if isinstance(precision, int):
        return _no_minus_zero(f"{_round(number, precision):,.{precision}f}")
    if number == number.to_integral_value():
        return f"{number:,.0f}"
    return f"{number.normalize():,f}"


def show_serial(number: Decimal, told: Format) -> str:
    """Show a number that counts nothing, as the name it is."""
    return f"{number:f}"


def show_percent(number: Decimal, told: Format) -> str:
    """Show a share of one in percent."""
    return f"{show_number(number * 100, told)} %"


def show_currency(number: Decimal, told: Format) -> str:
    """Show an amount behind its currency's symbol."""
    symbol = str(told.get("symbol") or "")
    glue = " " if symbol[-1:].isalpha() else ""
    digits = show_number(number, {"precision": told.get("precision", 2)})
    if digits.startswith("-"):
        return f"-{symbol}{glue}{digits[1:]}"
    return f"{symbol}{glue}{digits}"


def show_rating(number: Decimal, told: Format) -> str:
    """Show how many of how many, which needs no eyes to be understood."""
    most = told.get("max")
    return f"{number:f} of {most}" if isinstance(most, int) else f"{number:f}"


def show_duration(number: Decimal, told: Format) -> str:
    """Show seconds as hours, minutes, and what else the field asks for."""
    pattern = str(told.get("duration") or DEFAULT_DURATION)
    sign = "-" if number < 0 else ""
    if "ss" not in pattern:
        hours, minutes = divmod(int(_round(abs(number) / 60, 0)), 60)
        return f"{sign}{hours}:{minutes:02d}"
    decimals = min(MOST_DECIMALS, len(pattern.partition(".")[2]))
    rounded = _round(abs(number), decimals)
    hours, minutes = divmod(int(rounded) // 60, 60)
    width = 3 + decimals if decimals else 2
    return f"{sign}{hours}:{minutes:02d}:{rounded % 60:0{width}.{decimals}f}"


def _round(number: Decimal, places: int) -> Decimal:
    return number.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def _no_minus_zero(text: str) -> str:
    return text.removeprefix("-") if not text.strip("-0.,") else text
