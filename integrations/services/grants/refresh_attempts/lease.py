"""Lease of a credential: at most one worker refreshes a connection at a time.

The lease is a hint with a time-out; it saves requests, and the stages after it do not
depend on it.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from integrations.http.resilience.backoff import MAX_RETRY_AFTER
from integrations.models import Credential, RefreshAttempt, times

MARGIN_SECONDS = 15.0
# Of any TOKEN_TIMEOUT that the settings take.
LONGEST = timedelta(seconds=150)
# The longest that a provider may ask to wait.
LONGEST_PAUSE = timedelta(seconds=MAX_RETRY_AFTER)


def length() -> timedelta:
    """Return how long a lease lasts: beyond every deadline of the request."""
    return timedelta(seconds=settings.TOKEN_TIMEOUT + MARGIN_SECONDS)


def is_free(now: datetime) -> Q:
    """Select the rows whose lease nobody holds, and nobody is held off from."""
    is_held, held_off = Q(lease_id__isnull=False), Q(lease_id__isnull=True)
    # No lease ends so far ahead: it is from before the clock was set back.
    return (
        Q(lease_until__isnull=True)
        | times.come("lease_until", now, longest=LONGEST_PAUSE)
        | (is_held & times.ahead("lease_until", now, longest=LONGEST))
        | (held_off & Q(Exists(_from_ahead(now))))
    )


def _from_ahead(now: datetime) -> QuerySet[RefreshAttempt]:
    """Select the attempts of a credential that a clock which was ahead has dated."""
    return RefreshAttempt.objects.filter(
        times.ahead("started_at", now), connection_id=OuterRef("connection_id")
    )


def take(connection_id: UUID, lease_id: UUID, seen_version: int) -> bool:
    """Acquire the lease, if it is free and the version is still the one seen."""
    now = timezone.now()
    taken = Credential.objects.filter(
        is_free(now), connection_id=connection_id, version=seen_version
    ).update(lease_id=lease_id, lease_until=now + length())
    return bool(taken)


def release(connection_id: UUID, lease_id: UUID) -> None:
    """Release the lease, if it is still ours."""
    Credential.objects.filter(connection_id=connection_id, lease_id=lease_id).update(
        lease_id=None, lease_until=None
    )
