"""Read what the answers of every provider are made of: ids, times, names, links."""

import math
import re
from collections.abc import Sequence
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime, timedelta, timezone, tzinfo
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from integrations.http.errors import InvalidResponse

MAX_ID: Final = 64
MAX_TIME: Final = 64
MAX_NAME: Final = 255
MAX_URL: Final = 1000
MAX_SCOPES: Final = 500
# The last character of a text that was cut, and what stands for the rest of a list.
MORE: Final = "…"
_OFFSET: Final = re.compile(r"UTC([+-])([01]\d):([0-5]\d)\Z", re.ASCII)
_HTTPS_HOST: Final = re.compile(
    r"https://([a-z0-9.-]+)(?:[/?#]|\Z)", re.ASCII | re.IGNORECASE
)
# Greater numbers are identifiers or nonsense, and stay the texts that they are.
LEAST_EXPONENT, MOST_EXPONENT, MOST_DIGITS = -24, 24, 40
# What adding binary fractions leaves: so many units in the last place at most, by which
# a number has so many decimals more at least, or is next to one with cents.
_MOST_UNITS, _LEAST_LONGER = 8, 3
_CENTS, _NO_CENT = 2, 0.0005


def to_id(value: object) -> str:
    """Return an id as text; some answers give it as a number."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, str) and 0 < len(value) <= MAX_ID and value.isprintable():
        return value
    raise InvalidResponse("id: expected a short text or a number")


def to_time(value: object, *, zone: tzinfo = UTC) -> datetime | None:
    """Return an aware time in UTC, None for what is no time; never an error.

    ``zone`` is that of a time without one. The first and the last year are left out,
    so that no other zone moves a time out of what a date can hold.
    """
    if not isinstance(value, str) or len(value) > MAX_TIME:
        return None
    try:
        time = datetime.fromisoformat(value)
        time = (time if time.tzinfo else time.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return time if MINYEAR < time.year < MAXYEAR else None


def to_day(value: object) -> date | None:
    """Return the day that a text names, in whatever zone it was written."""
    if not isinstance(value, str) or len(value) > MAX_TIME:
        return None
    try:
        return datetime.fromisoformat(value).date()
    except ValueError:
        return None


def to_zone(name: object) -> tzinfo | None:
    """Return the time zone of this name or offset, None when there is none."""
    if not isinstance(name, str) or not name:
        return None
    if offset := _OFFSET.match(name):
        minutes = int(offset[2]) * 60 + int(offset[3])
        return timezone(timedelta(minutes=-minutes if offset[1] == "-" else minutes))
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def to_number(value: object) -> Decimal | None:
    """Return an exact number, None for what is none or beyond all reason."""
    if isinstance(value, bool):
        return None
    try:
        number = Decimal(_digits(value) if isinstance(value, float) else str(value))
    except InvalidOperation:
        return None
    if not number.is_finite() or len(number.as_tuple().digits) > MOST_DIGITS:
        return None
    is_readable = LEAST_EXPONENT <= number.adjusted() <= MOST_EXPONENT
    return number if is_readable or not number else None


def _digits(value: float) -> str:
    """Return the digits that a binary fraction was given with, or was worked out to.

    Those of 0.1 + 0.2 are 0.3: what is next to a number of far fewer decimals is taken
    for it. All others are as they came, and so is each whole number. What cannot be
    told apart is a fraction that was given with 16 or 17 digits of which those before
    the last are zeros or nines, as 1.234567890123001; and of sums beyond 4 * 10**12
    none is known as one, as their cents are as long as what adding them leaves.
    """
    given, rounded = repr(value), f"{value:.15g}"
    if value.is_integer():
        return given.removesuffix(".0")
    distance = abs(float(rounded) - value)
    if not distance <= _MOST_UNITS * math.ulp(value):
        return given
    kept = _decimals(rounded)
    is_cents = kept <= _CENTS and distance < _NO_CENT
    is_noise = is_cents or _decimals(given) - kept >= _LEAST_LONGER
    return rounded if is_noise else given


def _decimals(digits: str) -> int:
    exponent = Decimal(digits).normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def one_line(value: object, *, limit: int = MAX_NAME) -> str:
    """Return a name on one line, cut at a length, empty when there is none."""
    return cut(" ".join(value.split()), limit) if isinstance(value, str) else ""


def cut(text: str, limit: int) -> str:
    """Return a text of so many characters at most, an ellipsis last if it is cut."""
    return text if len(text) <= limit else f"{text[: limit - 1]}{MORE}"


def to_label(name: str) -> str:
    """Return the name of a field or a type as a label: words, the first capitalized."""
    return name.replace("_", " ").capitalize()


def to_scopes(value: object) -> tuple[str, ...] | None:
    """Return the scopes that an answer lists, None when it lists none at all."""
    if not isinstance(value, list):
        return None
    return tuple(scope for scope in value if isinstance(scope, str))[:MAX_SCOPES]


def https_url(value: object, *, domains: Sequence[str]) -> str | None:
    """Return a link to a host of these domains, None for any other.

    The whole authority is compared, so that neither a user nor a port gets in.
    """
    if not isinstance(value, str) or len(value) > MAX_URL:
        return None
    if not value.isascii() or not value.isprintable() or " " in value:
        return None
    found = _HTTPS_HOST.match(value)
    return value if found and is_host_of(found[1], tuple(domains)) else None


@lru_cache(maxsize=64)
def is_host_of(host: str, domains: tuple[str, ...]) -> bool:
    """Tell whether ``host`` is a plain host name of these domains.

    One that begins with a dot stands for the names below it.
    """
    # Cached, because the rows of a page repeat one host.
    if len(host) > 253 or not host.isascii():
        return False
    name = host.lower()
    if not any(
        name.endswith(each) if each.startswith(".") else name == each
        for each in domains
    ):
        return False
    return all(
        label.replace("-", "").isalnum() and label.strip("-") == label
        for label in name.split(".")
    )
