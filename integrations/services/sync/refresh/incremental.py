"""End an incremental sync: apply the deletions it noted, and move the watermark."""

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest
from django.utils import timezone

from integrations.models import Collection
from integrations.models.collection import Completeness
from integrations.models.reasons import Reason, ReasonCode, columns
from integrations.models.sync.progress import ProgressState
from integrations.providers.kinds import Cut
from integrations.providers.typed import typed_json
from integrations.services.items.tables.indexing import rows as table_rows
from integrations.services.sync.collections import refusals
from integrations.services.sync.deletions import soft_delete
from integrations.services.sync.leases.lease import RunLease
from integrations.services.sync.refresh import (
    checkpoint,
    counting,
    definitions,
    extras,
    schemas,
    start,
)
from integrations.services.sync.refresh.checkpoint import Incremental
from integrations.services.sync.refresh.counting import RemoteCount
from integrations.services.sync.refresh.mistakes import cut_reason, unreadable_reason

# All others are of the last full refresh, and hold until the next one.
WEAK_NOTES = ("", ReasonCode.EXTRAS_REFUSED, ReasonCode.FIELDS_CHANGED)


def end(lease: RunLease, collection: Collection, found: Incremental) -> None:
    """Soft-delete what was noted, unless that is too much to be believed.

    Then everything is read, because only a full refresh can hold it for a user.
    """
    refusals.restore(collection)
    is_too_much = soft_delete.are_too_many(lease, collection, found)
    if is_too_much and collection.is_listed_in_full:
        known = definitions.known_schema(collection)
        start.begin_full(lease, collection, known, timezone.now())
        return
    count = RemoteCount(number=collection.remote_count, is_asked=False)
    if found.delta or found.noted or found.reads_late_arrivals:
        # It has probably moved.
        count = counting.fetch_count(lease, collection)
    with transaction.atomic():
        table_rows.lock_rows(collection)
        deleted = 0
        if not is_too_much:
            deleted = soft_delete.apply_deletions(
                lease, collection, found.noted, now=timezone.now()
            )
        _close(lease, collection, found, deleted=deleted, count=count)


def _close(
    lease: RunLease,
    collection: Collection,
    found: Incremental,
    *,
    deleted: int,
    count: RemoteCount,
) -> None:
    """Move the watermark to where the incremental sync began, not to where it ended."""
    unread = unreadable_reason(found.unreadable, found.mistakes)
    if collection.completeness == Completeness.COMPLETE:
        _lower_completeness(collection, unread, found.cut)
    _note_end(lease, collection, deleted=deleted, mistake=count.mistake)
    collection.watermark = found.began
    if found.reads_late_arrivals:
        collection.late_arrivals_read_at = found.began
    if count.number is not None:
        collection.remote_count = count.number
    _note_extras(collection, found, count)
    collection.checkpoint = checkpoint.to_json(found.waiting)
    collection.save(
        update_fields=[
            "watermark",
            "late_arrivals_read_at",
            "checkpoint",
            "completeness",
            "before_refusal",
            "remote_count",
            "pending_reason",
            "pending_reason_data",
            *Collection.REASON_COLUMNS,
        ]
    )
    if deleted:
        Collection.objects.filter(pk=collection.pk).update(
            stored_count=Greatest(F("stored_count") - deleted, 0)
        )


def _note_extras(
    collection: Collection, found: Incremental, count: RemoteCount
) -> None:
    """Note which optional parts were refused, where no full refresh left a note."""
    if collection.pending_reason not in WEAK_NOTES:
        return
    asked = (extras.DELETIONS,) if found.reads_late_arrivals else ()
    note = extras.note_of(
        collection,
        asked=(*asked, *count.asked),
        refused=(*found.refused, *count.refused),
    )
    if found.pending is not None:
        note = Reason.of(ReasonCode(found.pending.kind.value))
    note = note or schemas.lag_of(collection.schema)
    for name, value in columns(note, name="pending_reason").items():
        setattr(collection, name, value)


def _lower_completeness(
    collection: Collection, unread: Reason | None, cut: Cut | None
) -> None:
    """Set what a complete collection is no longer complete for, if anything."""
    collection.set_reason(unread)
    if unread is not None:
        collection.completeness = Completeness.PARTIAL
    elif cut is not None:
        collection.set_reason(cut_reason(cut))
        collection.completeness = Completeness.CAPPED


def _note_end(
    lease: RunLease, collection: Collection, *, deleted: int, mistake: Reason | None
) -> None:
    """Note the end: failed after a full refresh that did, partial without proof."""
    failure = lease.progress_of(collection).failure
    state, reason = ProgressState.DONE, mistake
    if failure is not None:
        collection.set_reason(
            Reason.of(ReasonCode.FULL_REFRESH_FAILED, because=typed_json.dump(failure))
        )
        state = ProgressState.FAILED
    elif collection.completeness != Completeness.COMPLETE:
        state = ProgressState.PARTIAL
    if state is not ProgressState.DONE:
        reason = Reason.stored(collection.reason, collection.reason_data)
    lease.count(collection, deleted=deleted)
    lease.note(collection, state=state, phase=None, reason=reason)
    lease.renew()
