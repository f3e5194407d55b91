"""Remember when a user was last here: in their session, and when that ends."""

from datetime import datetime, timedelta

from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from integrations.models.accounts.preferences import note_visit, preferences_of
from integrations.models.times import is_ahead

VISIT_ENDS_AFTER = timedelta(minutes=30)
WRITE_EVERY = timedelta(minutes=1)


def last_visit(request: HttpRequest) -> datetime | None:
    """Return when the visit before this one ended, None if this is the first.

    Pages opened within half an hour of each other are one visit; so is what comes
    before signing out.
    """
    now = timezone.now()
    seen_at = _read(request, "seen_at")
    if seen_at is None:
        before = preferences_of(request.user).visited_at
        request.session["last_visit"] = before.isoformat() if before else ""
    elif now - seen_at > VISIT_ENDS_AFTER:
        request.session["last_visit"] = seen_at.isoformat()
    if seen_at is None or now - seen_at > WRITE_EVERY:
        request.session["seen_at"] = now.isoformat()
    return known_last_visit(request)


def known_last_visit(request: HttpRequest) -> datetime | None:
    """Return the same for a page that is open already, which makes no new visit."""
    return _read(request, "last_visit")


def keep_visit(request: HttpRequest) -> None:
    """Keep when a user who signs out was here: their session ends."""
    seen_at = _read(request, "seen_at")
    if request.user.is_authenticated and seen_at is not None:
        note_visit(request.user, seen_at)


def _read(request: HttpRequest, name: str) -> datetime | None:
    """Return a stored time, None for one that a clock which was ahead has stored."""
    at = parse_datetime(request.session.get(name) or "")
    return None if at is None or is_ahead(at, timezone.now()) else at
