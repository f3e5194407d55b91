"""Excel's own terms: what a cell can hold, and how numbers are formatted."""

import re
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Final

from integrations.http.observability import steering
from integrations.providers.typed.fields import Money, Number, Percent

# https://support.microsoft.com/office/1672b34d-7043-467e-8e27-269d656771c3
MOST_CHARACTERS: Final = 32_767
MOST_DIGITS: Final = 15
MOST_AMOUNT: Final = 10**MOST_DIGITS
MOST_CURRENCY: Final = 20
FIRST_YEAR: Final = 1901
SECONDS: Final = 86_400
CUT: Final = "\N{HORIZONTAL ELLIPSIS}"
# What XML cannot hold, besides what steers.
UNWRITABLE: Final = re.compile("[\ud800-\udfff\ufffe\uffff]")


def to_text(text: str) -> str:
    """Return a text as a cell holds it: nothing that steers, and not too long."""
    text = steering.plain(text)
    text = UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", text)
    # Excel counts characters beyond the first plane twice.
    units = text.encode("utf-16-le")
    if len(units) <= 2 * MOST_CHARACTERS:
        return text
    kept = units[: 2 * (MOST_CHARACTERS - 1)].decode("utf-16-le", "ignore")
    return f"{kept}{CUT}"


def exact(amount: Decimal) -> float | None:
    """Return an amount as Excel holds it, None where digits would be lost.

    Of a binary fraction that has more than 15 none is missed: a file holds 16 and
    Excel shows 15. Of a whole number, as an id is, each counts.
    """
    if not amount.is_finite():
        return None
    digits = amount.normalize().as_tuple().digits
    if len(digits) <= MOST_DIGITS and abs(amount) < MOST_AMOUNT:
        return float(amount)
    is_whole = amount == amount.to_integral_value()
    number = None if is_whole else float(amount)
    return number if number is not None and Decimal(repr(number)) == amount else None


def digits_format(number: Number) -> str:
    """Return a number's format, with the decimals of its field or its own."""
    whole = "#,##0" if number.is_grouped else "0"
    return _decimals(_precision(number.amount, number.precision), whole)


def percent_format(percent: Percent) -> str:
    """Return a share's format, with the decimals of its field or its own."""
    precision = _precision(percent.share * 100, percent.precision)
    return f"{_decimals(precision, '0')}%"


def _precision(amount: Decimal, told: int | None) -> int:
    """Return how many decimals a number is shown with: its field's, or its own."""
    if told is not None or not amount.is_finite():
        return told or 0
    exponent = amount.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _decimals(precision: int, whole: str) -> str:
    return f"{whole}.{'0' * min(precision, MOST_DIGITS)}" if precision > 0 else whole


def money_format(money: Money) -> str:
    """Return an amount's format with its currency where the page has it."""
    own = _precision(money.amount, money.precision)
    precision = max(2, own) if own and money.precision is None else own
    digits = _decimals(precision, "#,##0")
    if money.symbol:
        return f"{_quoted(money.symbol)}{digits}"
    return f"{digits} {_quoted(money.currency)}" if money.currency else digits


def _quoted(text: str) -> str:
    """Return the words of a number format, whatever they are."""
    kept = to_text(text).replace('"', "").replace("\\", "")[:MOST_CURRENCY]
    return f'"{kept}"'


def serial(at: date | datetime) -> float | None:
    """Return a day or a time as Excel counts them, None for what it cannot.

    Excel takes 1900 for a leap year.
    """
    if at.year < FIRST_YEAR:
        return None
    moment = at if isinstance(at, datetime) else datetime.combine(at, time())
    local = moment.replace(tzinfo=UTC)
    return (local - datetime(1899, 12, 30, tzinfo=UTC)).total_seconds() / SECONDS
