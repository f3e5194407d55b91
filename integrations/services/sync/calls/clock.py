"""Our clock against a provider's: the skew is measured, told, and subtracted.

Subtracted is only what our clock is ahead: what changes are asked for then begins
where they were last read, by the provider's own time. A clock that is behind merely
reaches back too far, which loses nothing.
"""

import logging
from datetime import datetime, timedelta

from integrations.models import ProviderState
from integrations.services.sync.leases.lease import RunLease

logger = logging.getLogger(__name__)

TOLD_ABOVE_SECONDS = 60
# A measurement is coarse: its second and the time that an answer takes.
CHANGED_BY_SECONDS = 10


def provider_time(lease: RunLease, at: datetime) -> datetime:
    """Return a time of our clock by the provider's, or an earlier one.

    The larger of what is measured now and what was before counts, because one answer
    may have an odd date, and reaching back too far loses nothing.
    """
    skew = max(lease.api.skew.seconds or 0.0, lease.known_skew, 0.0)
    return at - timedelta(seconds=skew)


def known_skew(provider: str) -> float:
    """Return by how many seconds our clock was ahead when that was measured last."""
    state = ProviderState.objects.filter(pk=provider).first()
    return float(state.clock_skew_seconds or 0) if state is not None else 0.0


def note(lease: RunLease) -> None:
    """Store the skew that a slice has measured, and log it once."""
    measured, provider = lease.api.skew.seconds, lease.connection.provider
    if measured is None or (
        abs(measured) <= TOLD_ABOVE_SECONDS and not lease.known_skew
    ):
        return
    state = ProviderState.objects.filter(pk=provider).first()
    known = state.clock_skew_seconds if state is not None else None
    seconds = round(measured) if abs(measured) > TOLD_ABOVE_SECONDS else None
    is_same = seconds is not None and known is not None
    if is_same and abs((seconds or 0) - (known or 0)) <= CHANGED_BY_SECONDS:
        return
    ProviderState.objects.update_or_create(
        pk=provider, defaults={"clock_skew_seconds": seconds}
    )
    if known is None:
        logger.error("clock skew provider=%s ahead_by_seconds=%d", provider, seconds)
    elif seconds is None:
        logger.info("clock right again provider=%s", provider)
