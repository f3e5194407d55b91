"""Decide what is due for a collection: a full refresh, or a look for late arrivals."""

from datetime import datetime, timedelta

from django.conf import settings

from integrations.models import Collection, times
from integrations.models.collection import Completeness
from integrations.providers import CONNECTORS
from integrations.services.sync.collections import refusals
from integrations.services.sync.leases.lease import RunLease

# A refresh that ended short is repeated after this long, for every so many rows.
SHORT_REFRESH_WAIT, SHORT_REFRESH_ROWS = timedelta(hours=1), 50_000


def is_full_refresh_due(lease: RunLease, collection: Collection, now: datetime) -> bool:
    """Tell whether everything must be read, rather than what has changed."""
    if lease.run.is_full or collection.watermark is None:
        return True
    if collection.full_refresh_wanted_at is not None:
        return True
    if times.is_ahead(collection.watermark, now):
        # What changed before it would be asked for by nobody.
        return True
    is_refused = collection.completeness == Completeness.NO_PERMISSION
    if is_refused and not refusals.may_continue(collection, lease.connection):
        return True
    if collection.completeness == Completeness.HELD and collection.hold is None:
        # Nobody could decide about it.
        return True
    if collection.short_refresh_at is not None:
        # Whoever waits for it may ask at once; by itself it is not asked for ever.
        wait = SHORT_REFRESH_WAIT * max(
            1.0, collection.stored_count / SHORT_REFRESH_ROWS
        )
        is_over = times.is_over(collection.short_refresh_at, wait, now)
        return lease.run.is_interactive or is_over
    last = collection.last_full_refresh_at
    if last is None or _was_too_early(collection, last, now):
        return True
    hours = lease.connection.full_refresh_hours or settings.FULL_REFRESH_HOURS
    return times.is_over(last, timedelta(hours=hours), now)


def _was_too_early(collection: Collection, last: datetime, now: datetime) -> bool:
    """Tell whether the last full refresh may have missed what had just been shared."""
    connection = collection.connection
    lag = CONNECTORS[connection.provider].longest_share_lag
    granted_at = connection.reconnected_at or connection.created_at
    return bool(lag) and last < granted_at + lag <= now


def are_late_arrivals_due(collection: Collection, now: datetime) -> bool:
    """Tell whether it is time to look for what the provider shows late."""
    last = collection.late_arrivals_read_at or collection.last_full_refresh_at
    return times.is_over(last, timedelta(minutes=settings.LATE_ARRIVAL_MINUTES), now)
