"""Lost collections: what is in them is soft-deleted, or held where that is too much."""

from collections.abc import Sequence

from django.utils import timezone

from integrations.models import Collection
from integrations.models.collection import Completeness
from integrations.models.reasons import Reason, ReasonCode
from integrations.models.sync.progress import ProgressState
from integrations.providers.kinds import Deletion
from integrations.services.items.storage import store
from integrations.services.sync.deletions import held_deletions, mass_loss
from integrations.services.sync.leases.lease import RunLease


def lose(lease: RunLease, lost: Sequence[Collection], deletion: Deletion) -> None:
    """Delete all of some collections that are not there any more, or hold all of it.

    The caller has counted their misses, holds the transaction and renews the lease.
    """
    counts = {collection.pk: store.count_live(collection) for collection in lost}
    is_held = mass_loss.is_of_connection(lease, lost, sum(counts.values()))
    for collection in lost:
        if is_held and counts[collection.pk]:
            _hold(lease, collection, deletion)
        else:
            _delete(lease, collection, deletion)


def _hold(lease: RunLease, collection: Collection, deletion: Deletion) -> None:
    held_deletions.hold_collection(collection, deletion)
    _note(lease, collection, ProgressState.PARTIAL)


def _delete(lease: RunLease, collection: Collection, deletion: Deletion) -> None:
    deleted = store.soft_delete_all(
        collection, deletion, run_id=lease.run.pk, now=timezone.now()
    )
    collection.completeness = Completeness.NO_PERMISSION
    collection.set_reason(
        Reason.of(ReasonCode.COLLECTION_DELETED, kind=deletion.kind.value)
    )
    held_deletions.drop(collection)
    collection.save(
        update_fields=[
            "misses",
            "completeness",
            "held_deletions",
            *Collection.REASON_COLUMNS,
        ]
    )
    if deleted:
        lease.count(collection, deleted=deleted)
        _note(lease, collection, ProgressState.DONE)


def _note(lease: RunLease, collection: Collection, state: ProgressState) -> None:
    reason = Reason.stored(collection.reason, collection.reason_data)
    is_done = state is ProgressState.DONE
    lease.note(collection, state=state, phase=None, reason=None if is_done else reason)
