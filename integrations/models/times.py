"""Bounds on stored times: what lies ahead of now was written by a clock ahead.

A clock that is set right leaves such times behind, and nobody knows what they stand
for. Whoever compares a stored time with now asks here, so that it counts as unknown.
"""

from datetime import datetime, timedelta

from django.db.models import Q
from django.utils.dateparse import parse_datetime

# Clocks of machines that work together may differ by so much.
CLOCK_SKEW = timedelta(seconds=30)
NOTHING = timedelta(0)
# Beyond these years a time cannot be told in every zone; nothing was stored then.
FIRST_YEAR, LAST_YEAR = 1970, 9000


def is_known(at: datetime) -> bool:
    """Tell whether a time that somebody names is one that anything can have."""
    return FIRST_YEAR <= at.year <= LAST_YEAR


def read_time(text: str) -> datetime | None:
    """Read a time that somebody names with its zone; None for anything else."""
    try:
        at = parse_datetime(text)
    except ValueError:
        return None
    is_told = at is not None and at.tzinfo is not None and is_known(at)
    return at if is_told else None


def is_ahead(at: datetime, now: datetime, *, longest: timedelta = NOTHING) -> bool:
    """Tell whether a time lies further ahead than ``longest`` can have put it."""
    return at > latest(now, longest=longest)


def latest(now: datetime, *, longest: timedelta = NOTHING) -> datetime:
    """Return the latest time that is not ahead of now."""
    return now + longest + CLOCK_SKEW


def is_over(since: datetime | None, span: timedelta, now: datetime) -> bool:
    """Tell whether a span has passed; since never, and since the future, it has."""
    return since is None or now - since > span or is_ahead(since, now)


def is_to_come(until: datetime | None, now: datetime, *, longest: timedelta) -> bool:
    """Tell whether a time that was set for later is still to come.

    Never one further ahead than ``longest``, which nobody sets.
    """
    return (
        until is not None and until > now and not is_ahead(until, now, longest=longest)
    )


def ahead(field: str, now: datetime, *, longest: timedelta = NOTHING) -> Q:
    """Select the rows for which ``is_ahead`` is true."""
    return Q(**{f"{field}__gt": latest(now, longest=longest)})


def come(field: str, now: datetime, *, longest: timedelta) -> Q:
    """Select the rows for which a time that is set is not ``is_to_come``."""
    return Q(**{f"{field}__lte": now}) | ahead(field, now, longest=longest)
