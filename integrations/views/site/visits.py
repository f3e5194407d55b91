"""Remember when a user was last here: in their session, and when that ends."""

from datetime import datetime, timedelta

from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from integrations.models.accounts.preferences import Preferences, note_visit
from integrations.models.times import is_ahead

VISIT_ENDS_AFTER = timedelta(minutes=30)
# Not at every page: each one would then write to the database.
WRITE_EVERY = timedelta(minutes=5)


def note_visit_of(request: HttpRequest, chosen: Preferences) -> None:
    """Note that a user opens a page, in their session and to some five minutes.

    Pages opened within half an hour of each other are one visit; so is what comes
    before signing out, of which ``chosen`` knows in another session.
    """
    now = timezone.now()
    seen_at = _read(request, "seen_at")
    if seen_at is None:
        before = chosen.visited_at
        request.session["last_visit"] = before.isoformat() if before else ""
    elif now - seen_at > VISIT_ENDS_AFTER:
        request.session["last_visit"] = seen_at.isoformat()
    if seen_at is None or now - seen_at > WRITE_EVERY:
        request.session["seen_at"] = now.isoformat()


def last_visit(request: HttpRequest) -> datetime | None:
    """Return when the visit before this one ended, None if this is the first."""
    return _read(request, "last_visit")


def keep_visit(request: HttpRequest, *, is_here: bool) -> None:
    """Keep when a user was here, as their session ends: now, where they ``is_here``."""
    at = timezone.now() if is_here else _read(request, "seen_at")
    if request.user.is_authenticated and at is not None:
        note_visit(request.user, at)


def _read(request: HttpRequest, name: str) -> datetime | None:
    """Return a stored time, None for one that a clock which was ahead has stored."""
    at = parse_datetime(request.session.get(name) or "")
    return None if at is None or is_ahead(at, timezone.now()) else at
