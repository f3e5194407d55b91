"""Soft-delete what a provider says is deleted, but never more than can be believed."""

from collections.abc import Mapping
from datetime import datetime

from msgspec.structs import replace

from integrations.models import Collection
from integrations.models.sync.progress import Phase
from integrations.providers.kinds import Deletion
from integrations.providers.records import Page
from integrations.services.items.storage import store
from integrations.services.sync.deletions import mass_loss, seen_bitmap
from integrations.services.sync.leases.lease import RunLease
from integrations.services.sync.refresh import checkpoint
from integrations.services.sync.refresh.checkpoint import Checkpoint, FullRefresh


def take(
    lease: RunLease,
    collection: Collection,
    page: Page,
    *,
    found: Checkpoint,
    behind: Checkpoint,
    now: datetime,
) -> tuple[Checkpoint, int]:
    """Note in the checkpoint behind a page what it proves to be deleted.

    The end of the refresh decides on that. Only when a full refresh asks what the
    provider knows to be deleted, and that is not too much, it is deleted at once.
    Returns the checkpoint, and how many items were soft-deleted.
    """
    moved = _soft_delete_moved(lease, collection, page, now=now)
    live = store.live_keys(collection, page.deleted)
    is_told = found.phase is Phase.DELETIONS and bool(live)
    if is_told and isinstance(behind, FullRefresh):
        full = behind = _with_unseen(collection, behind)
        if _is_believed(lease, collection, full, len(live)):
            deleted = _soft_delete(lease, collection, page.deleted, live, now=now)
            return replace(full, deleted=full.deleted + len(live)), moved + deleted
    noted = {remote_id: page.deleted[remote_id] for remote_id in live}
    return checkpoint.with_noted(behind, page, noted), moved


def take_by_the_way(
    lease: RunLease, collection: Collection, page: Page, *, now: datetime
) -> int:
    """Delete what another collection's page proved to be, unless it is too much."""
    moved = _soft_delete_moved(lease, collection, page, now=now)
    live = store.live_keys(collection, page.deleted)
    before = lease.progress_of(collection).deleted + moved
    if mass_loss.is_of_collection(lease, collection, len(live), before=before):
        return moved
    return moved + _soft_delete(lease, collection, page.deleted, live, now=now)


def _with_unseen(collection: Collection, behind: FullRefresh) -> FullRefresh:
    """Count once what the listing did not show."""
    if behind.unseen is not None:
        return behind
    return replace(behind, unseen=seen_bitmap.count_unseen(collection))


def _is_believed(
    lease: RunLease, collection: Collection, behind: FullRefresh, number: int
) -> bool:
    """Tell whether this refresh may delete so many more by itself."""
    before = behind.deleted
    number = max(number, (behind.unseen or 0) - before)
    return not mass_loss.is_of_collection(lease, collection, number, before=before)


def apply_deletions(
    lease: RunLease,
    collection: Collection,
    noted: Mapping[str, Deletion],
    *,
    now: datetime,
) -> int:
    """Delete what was noted and lives here still; return how many it was."""
    live = store.live_keys(collection, noted)
    return _soft_delete(lease, collection, noted, live, now=now)


def _soft_delete_moved(
    lease: RunLease, collection: Collection, page: Page, *, now: datetime
) -> int:
    """Delete what lives on elsewhere; what is too much, the full refresh decides."""
    live = store.live_keys(collection, page.moved)
    before = lease.progress_of(collection).deleted if live else 0
    if mass_loss.is_of_collection(lease, collection, len(live), before=before):
        return 0
    return _soft_delete(lease, collection, page.moved, live, now=now)


def _soft_delete(
    lease: RunLease,
    collection: Collection,
    deletions: Mapping[str, Deletion],
    live: dict[str, int],
    *,
    now: datetime,
) -> int:
    by_key = {key: deletions[remote_id] for remote_id, key in live.items()}
    return store.soft_delete(collection, by_key, run_id=lease.run.pk, now=now)


def are_too_many(lease: RunLease, collection: Collection, found: Checkpoint) -> bool:
    """Tell whether a refresh noted more deletions than it may apply by itself."""
    if found.has_more_noted:
        return True
    return bool(found.noted) and mass_loss.is_of_collection(
        lease, collection, len(found.noted)
    )
