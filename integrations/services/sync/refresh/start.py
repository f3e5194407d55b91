"""Begin a refresh of a collection: full, the rest of a full one, or incremental."""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from integrations.models import Collection
from integrations.models.collection import Completeness
from integrations.models.reasons import Reason, columns
from integrations.models.sync.progress import ProgressState
from integrations.services.items.search import reindex
from integrations.services.sync import policy
from integrations.services.sync.deletions import held_deletions, seen_bitmap
from integrations.services.sync.leases.lease import RunLease
from integrations.services.sync.refresh import checkpoint, definitions, schemas
from integrations.services.sync.refresh.checkpoint import (
    Checkpoint,
    CheckpointError,
    FullRefresh,
    Incremental,
)
from integrations.services.sync.refresh.context import connector_of, read_again

logger = logging.getLogger(__name__)


def begin(lease: RunLease, collection: Collection) -> None:
    """Decide between full and incremental, and set the first checkpoint."""
    now = timezone.now()
    collection.refresh_from_db(fields=["details", "name"])
    try:
        left, is_damaged = checkpoint.left_over(collection, now=now), False
    except CheckpointError as exc:
        logger.warning("checkpoint damaged collection=%s why=%s", collection.pk, exc)
        left, is_damaged = None, True
    if left is not None and not lease.run.is_full:
        set_checkpoint(lease, collection, left)
    elif is_damaged or policy.is_full_refresh_due(lease, collection, now):
        begin_full(lease, collection, schemas.fetch_schema(lease, collection), now)
    elif schemas.refresh_schema(lease, collection, now):
        # What is stored lacks the fields that nobody had told.
        begin_full(lease, collection, definitions.known_schema(collection), now)
    else:
        _begin_incremental(lease, collection, now)


def begin_full(
    lease: RunLease, collection: Collection, schema: dict[str, Any], now: datetime
) -> None:
    """Start a full refresh at its first page; what was held is decided by its end."""
    with transaction.atomic():
        before = definitions.known_schema(collection)
        collection.generation += 1
        # It may fail on its way, and what changed is read meanwhile.
        definitions.set_schema(collection, schemas.with_lag(before, schema))
        held_deletions.supersede(collection)
        # Before the marks: whoever decides about a hold has the row and then those.
        collection.save(
            update_fields=[
                "generation",
                *definitions.COLUMNS,
                "held_deletions",
                "completeness",
                *Collection.REASON_COLUMNS,
            ]
        )
        reindex.note_labels(collection)
        seen_bitmap.forget(collection)
        set_checkpoint(lease, collection, FullRefresh(began=now))


def fall_back_to_changes(
    lease: RunLease,
    collection: Collection,
    *,
    failure: Reason,
    facts: dict[str, Any],
) -> bool:
    """Read at least what changed when a full refresh fails; it waits where it is.

    Tells whether that is possible: not in a first load, and not after a failed
    incremental sync.
    """
    read_again(collection)
    has_failed = lease.progress_of(collection).failure is not None
    try:
        waiting = checkpoint.read(collection)
    except CheckpointError:
        return False
    if collection.watermark is None or isinstance(waiting, Incremental) or has_failed:
        return False
    lease.note(collection, failure=failure, tries=0, **facts)
    now = timezone.now()
    _begin_incremental(lease, collection, now, has_failed=True, waiting=waiting)
    return True


def _begin_incremental(
    lease: RunLease,
    collection: Collection,
    now: datetime,
    *,
    has_failed: bool = False,
    waiting: FullRefresh | None = None,
) -> None:
    """Start an incremental sync behind the watermark, further back for late arrivals.

    After a full refresh that ``has_failed`` it does no more than it must.
    """
    reads_late_arrivals = not has_failed and policy.are_late_arrivals_due(
        collection, now
    )
    connector = connector_of(collection)
    reach = connector.lookback
    if reads_late_arrivals:
        # What is shown late may have been missed since the last look as well.
        reach = connector.late_arrival_window + timedelta(
            minutes=settings.LATE_ARRIVAL_MINUTES
        )
    incremental = Incremental(
        began=now,
        since=(collection.watermark or now) - reach,
        stored_since=lease.run.queued_at,
        reads_late_arrivals=reads_late_arrivals,
        waiting=waiting,
    )
    set_checkpoint(lease, collection, incremental)


def abandon(rows: QuerySet[Collection]) -> None:
    """Forget where the refreshes of some collections are, and what is held of them."""
    rows.update(checkpoint=checkpoint.to_json(None), **held_deletions.NONE_HELD)


def read_anew(rows: QuerySet[Collection]) -> None:
    """Have collections read in full: only that tells what became of them meanwhile."""
    abandon(rows)
    rows.update(watermark=None, completeness=Completeness.PENDING, **columns(None))


def set_checkpoint(lease: RunLease, collection: Collection, now_at: Checkpoint) -> None:
    """Store where a refresh is, with the run's own note of it."""
    with transaction.atomic(savepoint=False):
        lease.note(collection, state=ProgressState.READING, phase=now_at.phase)
        collection.checkpoint = checkpoint.to_json(now_at)
        collection.save(update_fields=["checkpoint"])
        lease.renew()
