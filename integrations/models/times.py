"""Bounds on stored times: what lies ahead of now was written by a clock ahead."""

from datetime import datetime, timedelta

# Clocks of machines that work together may differ by so much.
CLOCK_SKEW = timedelta(seconds=30)


def is_ahead(at: datetime, now: datetime, *, longest: timedelta = timedelta(0)) -> bool:
    """Tell whether a time lies further ahead than ``longest`` can have put it."""
    return at > now + longest + CLOCK_SKEW


def is_over(since: datetime | None, span: timedelta, now: datetime) -> bool:
    """Tell whether a span has passed; since never, and since the future, it has."""
    return since is None or now - since > span or is_ahead(since, now)
