"""Backoff: how long to wait before asking again."""

import random
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from integrations.http.resilience.clock import date_of

# Longer than any documented wait; more than this is nonsense or an attack.
MAX_RETRY_AFTER: Final = 86_400.0
_SECONDS = re.compile(r"\d{1,9}(?:\.\d{1,9})?\Z", re.ASCII)


def full_jitter(
    attempt: int,
    *,
    base: float = 1.0,
    cap: float = 300.0,
    rand: Callable[[], float] = random.random,
) -> float:
    """Return seconds to wait: random between 0 and base * 2**attempt, at most `cap`.

    `attempt` counts from 0; `rand` returns a number from 0 to 1.
    """
    return rand() * min(cap, base * 2.0 ** min(max(attempt, 0), 60))


def retry_after(
    headers: Mapping[str, str], *, now: datetime | None = None
) -> float | None:
    """Return the seconds that the Retry-After header asks for, 0 to 86,400.

    Both forms are read, seconds and HTTP date; None when it is missing or nonsense.
    A date counts from the answer's own, whatever our clock says.
    """
    value = headers.get("retry-after", "").strip()
    if _SECONDS.match(value):
        return min(float(value), MAX_RETRY_AFTER)
    try:
        when = parsedate_to_datetime(value)
        since = date_of(headers) or now or datetime.now(UTC)
        wait = (when - since).total_seconds()
    except (TypeError, ValueError, OverflowError):
        # A date without a zone cannot be compared: that is nonsense, too.
        return None
    return min(max(wait, 0.0), MAX_RETRY_AFTER)
