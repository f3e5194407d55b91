"""Clock skew: by how much our clock is ahead of the Date of a provider's answers."""

import re
from collections import deque
from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from statistics import median
from typing import Final

# The median of so many answers: a single odd date decides nothing.
RECENT: Final = 9
# No clock is off by so much; a device without one dates its answers so.
NONSENSE: Final = timedelta(days=5 * 365)
# How old an answer of a cache may be, in digits of seconds.
_AGE: Final = re.compile(r"\d{1,7}")


def date_of(headers: Mapping[str, str]) -> datetime | None:
    """Return the Date of an answer, None when it is missing or nonsense."""
    try:
        date = parsedate_to_datetime(headers.get("date", ""))
    except (TypeError, ValueError, OverflowError):
        return None
    return date if date.tzinfo is not None else None


def _age_of(headers: Mapping[str, str]) -> timedelta:
    """Return for how long a cache has kept an answer; zero when it tells none."""
    told = headers.get("age", "").strip()
    return timedelta(seconds=int(told) if _AGE.fullmatch(told) else 0)


class ClockSkew:
    """Measure the skew by the latest answers of one client."""

    def __init__(self) -> None:
        """Begin without any answer."""
        self._seconds: deque[float] = deque(maxlen=RECENT)

    def note(
        self, headers: Mapping[str, str], *, received: datetime, elapsed: float
    ) -> None:
        """Note an answer; its Date was written at some time while it was waited for.

        One that a cache has kept tells its Age in seconds since (RFC 9111, 5.1).
        """
        date = date_of(headers)
        if date is None:
            return
        written = received - timedelta(seconds=elapsed / 2)
        skew = written - date - _age_of(headers)
        if abs(skew) < NONSENSE:
            self._seconds.append(skew.total_seconds())

    @property
    def seconds(self) -> float | None:
        """Return the median, below zero for a clock behind; None without an answer."""
        return median(self._seconds) if self._seconds else None
