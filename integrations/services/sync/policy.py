"""Decide what is due for a collection: a full pass, its rest, or a settling look."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils.dateparse import parse_datetime

from integrations.models import Collection
from integrations.providers import CONNECTORS
from integrations.providers.abilities import SharesLate
from integrations.services.sync.lease import Slice

# A listing that was left alone for so long starts again from its first page.
CHECKPOINT_LIFE = timedelta(hours=24)
# A pass that ended short is repeated after this long, for every so many rows.
SHORT_PASS_WAIT, SHORT_PASS_ROWS = timedelta(hours=1), 50_000
Words = Collection.Completeness


def is_full_pass_due(current: Slice, collection: Collection, now: datetime) -> bool:
    """Tell whether everything must be read, rather than what has changed."""
    if current.run.is_full or collection.watermark is None:
        return True
    if collection.completeness == Words.NO_PERMISSION:
        return True
    if collection.short_pass_at is not None:
        # Whoever waits for it may ask at once; by itself it is not asked for ever.
        wait = SHORT_PASS_WAIT * max(1.0, collection.stored_count / SHORT_PASS_ROWS)
        return current.run.is_interactive or now - collection.short_pass_at > wait
    last = collection.last_full_pass_at
    if last is None or _was_too_early(collection, last, now):
        return True
    hours = current.connection.full_pass_hours or settings.FULL_PASS_HOURS
    return now - last > timedelta(hours=hours)


def _was_too_early(collection: Collection, last: datetime, now: datetime) -> bool:
    """Tell whether the last full pass may have missed what had just been shared."""
    connector, connection = (
        CONNECTORS[collection.connection.provider],
        collection.connection,
    )
    if not isinstance(connector, SharesLate):
        return False
    granted_at = connection.reconnected_at or connection.created_at
    return last < granted_at + connector.longest_share_lag <= now


def left_over(collection: Collection, now: datetime) -> dict[str, Any]:
    """Return the checkpoint of a full pass that may go on from there, empty if none.

    It may have been put aside while an increment was read instead.
    """
    checkpoint = dict(collection.checkpoint)
    if "since" in checkpoint:
        checkpoint = checkpoint.get("left") or {}
    began = parse_datetime(checkpoint.get("began") or "")
    is_fresh = began is not None and now - began < CHECKPOINT_LIFE
    return checkpoint if is_fresh and "seen" in checkpoint else {}


def is_settling_due(collection: Collection, now: datetime) -> bool:
    """Tell whether it is time to look for what the provider shows late."""
    settled_at = collection.settled_at or collection.last_full_pass_at
    return settled_at is None or now - settled_at > timedelta(
        minutes=settings.SETTLE_MINUTES
    )
