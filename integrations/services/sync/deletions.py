"""Hide what a provider says is gone, but never more than a user need not see."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from integrations.models import Collection
from integrations.providers.records import Page
from integrations.services.items import store
from integrations.services.sync import held_deletions, seen_bitmap
from integrations.services.sync.lease import Slice

# A checkpoint is written with every page, so it carries no more than this.
MOST_NOTED = 1000


def take(
    current: Slice,
    collection: Collection,
    page: Page,
    checkpoint: dict[str, Any],
    *,
    now: datetime,
) -> int:
    """Note what a page proves to be away, for the end of the reading to decide on.

    Only when a full refresh asks what the provider knows to be deleted, and that is not
    too much, it is hidden at once. Returns how many items were hidden.
    """
    moved = _soft_delete_moved(current, collection, page, now=now)
    live = store.live_keys(collection, page.deleted) if page.deleted else {}
    is_told = bool(live) and is_pass(checkpoint) and collection.phase == "gone"
    if is_told and _is_believed(collection, checkpoint, len(live)):
        return moved + _soft_delete(current, collection, page.deleted, live, now=now)
    _note(checkpoint, page, live)
    return moved


def take_by_the_way(
    current: Slice, collection: Collection, page: Page, *, now: datetime
) -> int:
    """Hide what another collection's page proved to be away, unless it is too much."""
    moved = _soft_delete_moved(current, collection, page, now=now)
    live = store.live_keys(collection, page.deleted) if page.deleted else {}
    if held_deletions.is_too_many(len(live), collection.stored_count):
        return moved
    return moved + _soft_delete(current, collection, page.deleted, live, now=now)


def is_pass(checkpoint: dict[str, Any]) -> bool:
    """Tell whether a checkpoint is of a full refresh."""
    return "seen" in checkpoint


def _is_believed(
    collection: Collection, checkpoint: dict[str, Any], number: int
) -> bool:
    """Tell whether so many more may be hidden by this pass; keep the sum."""
    if "unseen" not in checkpoint:
        checkpoint["unseen"] = seen_bitmap.count_unseen(collection)
    deleted = checkpoint.get("deleted", 0)
    stored = store.count_live(collection) + deleted
    if held_deletions.is_too_many(max(checkpoint["unseen"], deleted + number), stored):
        return False
    checkpoint["deleted"] = deleted + number
    return True


def _note(checkpoint: dict[str, Any], page: Page, live: dict[str, int]) -> None:
    noted = dict(checkpoint.get("gone", {}))
    for item in page.items if noted else ():
        noted.pop(item.id, None)
    for remote_id in live:
        if len(noted) >= MOST_NOTED:
            checkpoint["gone_beyond"] = True
            break
        noted[remote_id] = page.deleted[remote_id]
    checkpoint["gone"] = noted


def apply_deletions(current: Slice, collection: Collection, *, now: datetime) -> int:
    """Hide what was noted and lives here still; return how many it was."""
    noted = collection.checkpoint.get("gone", {})
    live = store.live_keys(collection, noted) if noted else {}
    return _soft_delete(current, collection, noted, live, now=now)


def _soft_delete_moved(
    current: Slice, collection: Collection, page: Page, *, now: datetime
) -> int:
    live = store.live_keys(collection, page.moved) if page.moved else {}
    return _soft_delete(current, collection, page.moved, live, now=now)


def _soft_delete(
    current: Slice,
    collection: Collection,
    words: Mapping[str, str],
    live: dict[str, int],
    *,
    now: datetime,
) -> int:
    reasons = {key: words[remote_id] for remote_id, key in live.items()}
    return store.soft_delete(collection, reasons, run_id=current.run.pk, now=now)


def are_too_many(collection: Collection) -> bool:
    """Tell whether an incremental sync noted more than it may hide by itself."""
    checkpoint = collection.checkpoint
    noted = len(checkpoint.get("gone", ()))
    if checkpoint.get("gone_beyond"):
        return True
    return bool(noted) and held_deletions.is_too_many(
        noted, store.count_live(collection)
    )
