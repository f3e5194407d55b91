"""Decide what is due for a collection: a full refresh, its rest, or a settling look."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils.dateparse import parse_datetime

from integrations.models import Collection
from integrations.models.collection import Completeness
from integrations.providers import CONNECTORS
from integrations.services.sync.lease import Slice

# A listing that was left alone for so long starts again from its first page.
CHECKPOINT_LIFE = timedelta(hours=24)
# A pass that ended short is repeated after this long, for every so many rows.
SHORT_PASS_WAIT, SHORT_PASS_ROWS = timedelta(hours=1), 50_000


def is_full_refresh_due(current: Slice, collection: Collection, now: datetime) -> bool:
    """Tell whether everything must be read, rather than what has changed."""
    if current.run.is_full or collection.watermark is None:
        return True
    if collection.completeness == Completeness.NO_PERMISSION:
        return True
    if collection.short_refresh_at is not None:
        # Whoever waits for it may ask at once; by itself it is not asked for ever.
        wait = SHORT_PASS_WAIT * max(1.0, collection.stored_count / SHORT_PASS_ROWS)
        return current.run.is_interactive or now - collection.short_refresh_at > wait
    last = collection.last_full_refresh_at
    if last is None or _was_too_early(collection, last, now):
        return True
    hours = current.connection.full_refresh_hours or settings.FULL_REFRESH_HOURS
    return now - last > timedelta(hours=hours)


def _was_too_early(collection: Collection, last: datetime, now: datetime) -> bool:
    """Tell whether the last full refresh may have missed what had just been shared."""
    connection = collection.connection
    lag = CONNECTORS[connection.provider].longest_share_lag
    granted_at = connection.reconnected_at or connection.created_at
    return bool(lag) and last < granted_at + lag <= now


def left_over(collection: Collection, now: datetime) -> dict[str, Any]:
    """Return the checkpoint of a full refresh that may go on from there, empty if none.

    It may have been put aside while an incremental sync was read instead.
    """
    checkpoint = dict(collection.checkpoint)
    if "since" in checkpoint:
        checkpoint = checkpoint.get("left") or {}
    began = parse_datetime(checkpoint.get("began") or "")
    is_fresh = began is not None and now - began < CHECKPOINT_LIFE
    return checkpoint if is_fresh and "seen" in checkpoint else {}


def are_late_arrivals_due(collection: Collection, now: datetime) -> bool:
    """Tell whether it is time to look for what the provider shows late."""
    late_arrivals_read_at = (
        collection.late_arrivals_read_at or collection.last_full_refresh_at
    )
    return late_arrivals_read_at is None or now - late_arrivals_read_at > timedelta(
        minutes=settings.LATE_ARRIVAL_MINUTES
    )
