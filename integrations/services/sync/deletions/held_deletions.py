"""Held deletions: too many to be applied before a user approves them.

Every transition of a hold is here: made, superseded, dropped, approved, discarded.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from integrations.models import Collection, Item
from integrations.models.collection import Completeness
from integrations.models.reasons import Reason, ReasonCode, columns
from integrations.models.sync.hold import HeldDeletions, HoldKind
from integrations.providers.kinds import Deletion, DeletionKind
from integrations.services.items.storage import store
from integrations.services.items.tables.indexing import rows as table_rows
from integrations.services.sync.deletions import seen_bitmap
from integrations.services.sync.refresh.mistakes import unreadable_reason

logger = logging.getLogger(__name__)

# Deletions beyond this are held until a user approves them.
HELD_ROWS, HELD_SHARE = 20, 0.20
SAMPLE = 20
NONE_HELD: Final[Mapping[str, Any]] = {"held_deletions": {}}


def is_too_many(missing: int, stored: int) -> bool:
    """Tell whether so many deletions among so many items need a user's word."""
    return missing > HELD_ROWS and missing > stored * HELD_SHARE


def hold_unseen(
    collection: Collection,
    missing: int,
    sample: Sequence[str],
    noted: Mapping[str, Deletion],
) -> None:
    """Hold the deletion of what was not seen; the marks stay for the decision.

    From now on whatever is read is marked as well, so that what comes back
    meanwhile is not among what is decided about.
    """
    held = HeldDeletions(
        count=missing,
        sample=tuple(sample[:SAMPLE]),
        deletions=dict(noted),
        generation=collection.generation,
    )
    _store(collection, held, [])


def hold_collection(collection: Collection, deletion: Deletion) -> None:
    """Hold the deletion of a whole collection that is not there any more."""
    live = Item.objects.live().filter(collection=collection)
    some = live.order_by("remote_id").values_list("remote_id", flat=True)
    held = HeldDeletions(
        kind=HoldKind.COLLECTION,
        count=live.count(),
        sample=tuple(some[:SAMPLE]),
        deletion=deletion,
        generation=collection.generation,
    )
    collection.completeness = Completeness.HELD
    collection.set_reason(Reason.of(ReasonCode.DELETIONS_HELD, count=held.count))
    _store(collection, held, ["misses", "completeness", *Collection.REASON_COLUMNS])


def _store(collection: Collection, held: HeldDeletions, columns: Sequence[str]) -> None:
    collection.held_deletions = held.to_json()
    collection.save(update_fields=["held_deletions", *columns])
    logger.warning("deletions held collection=%s count=%d", collection.pk, held.count)


def drop(collection: Collection) -> None:
    """Forget a hold; the caller saves the row."""
    collection.held_deletions = {}


def supersede(collection: Collection) -> None:
    """Forget a hold that a new full refresh decides anew; the caller saves the row."""
    drop(collection)
    if collection.completeness == Completeness.HELD:
        collection.completeness = Completeness.PARTIAL
        collection.set_reason(Reason(code=ReasonCode.HOLD_SUPERSEDED))


def lock(collection: Collection) -> Collection | None:
    """Return the row with its hold, locked until the transaction ends, or None.

    Whoever decides and whoever stores a page take turns by this.
    """
    table_rows.lock_rows(collection)
    rows = Collection.objects.select_related("connection")
    locked = rows.filter(pk=collection.pk).first()
    return locked if locked is not None and locked.hold is not None else None


def approve(collection: Collection, *, generation: int | None = None) -> int | None:
    """Delete what is held, less what has been read since.

    Returns how many items that were; None when nothing is held any more, or what is
    held is not of the ``generation`` that was decided about.
    """
    with transaction.atomic():
        found = _still_held(collection, generation)
        if found is None:
            return None
        locked, held = found
        if held.is_whole_collection:
            return _delete_collection(locked, held)
        return _delete_unseen(locked, held)


def _delete_unseen(locked: Collection, held: HeldDeletions) -> int:
    deleted = seen_bitmap.soft_delete_unseen(
        locked, held.deletions, run_id=None, now=timezone.now()
    )
    unreadable = locked.unreadable_count
    _decide(
        locked,
        stored_count=store.count_live(locked),
        completeness=Completeness.PARTIAL if unreadable else Completeness.COMPLETE,
        **columns(unreadable_reason(unreadable, None)),
    )
    return deleted


def _delete_collection(locked: Collection, held: HeldDeletions) -> int:
    deletion = held.deletion or Deletion(kind=DeletionKind.UNSHARED)
    deleted = store.soft_delete_all(locked, deletion, run_id=None, now=timezone.now())
    code = ReasonCode.COLLECTION_DELETED
    _decide(
        locked,
        completeness=Completeness.NO_PERMISSION,
        **columns(Reason.of(code, kind=deletion.kind.value)),
    )
    return deleted


def discard(collection: Collection, *, generation: int | None = None) -> bool:
    """Discard the deletions; the next full refresh, or listing, looks again.

    False as None above.
    """
    with transaction.atomic():
        found = _still_held(collection, generation)
        if found is None:
            return False
        locked, held = found
        looked_for = {"misses": 0} if held.is_whole_collection else {}
        _decide(
            locked,
            completeness=Completeness.PARTIAL,
            **looked_for,
            **columns(Reason(code=ReasonCode.DELETIONS_DISCARDED)),
        )
    return True


def sample_of(collection: Collection) -> list[Item]:
    """Return some of the items that are held, by name."""
    held = collection.hold
    chosen = held.sample if held is not None else ()
    live = Item.objects.live().filter(collection=collection, remote_id__in=chosen)
    return list(live.only("pk", "name", "remote_id").order_by("name", "pk"))


def _still_held(
    collection: Collection, generation: int | None
) -> tuple[Collection, HeldDeletions] | None:
    locked = lock(collection)
    held = locked.hold if locked is not None else None
    if locked is None or held is None:
        return None
    is_same = generation in (None, held.generation)
    # A refresh that began meanwhile has marks of its own and decides anew.
    is_current = held.generation == locked.generation
    return (locked, held) if is_same and is_current else None


def _decide(locked: Collection, **columns: Any) -> None:
    Collection.objects.filter(pk=locked.pk).update(**NONE_HELD, **columns)
    seen_bitmap.forget(locked)
