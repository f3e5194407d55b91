"""Held deletions: too many to be applied before a user approves them."""

import logging
from collections.abc import Mapping, Sequence

from django.db import transaction
from django.utils import timezone

from integrations.models import Collection, Item
from integrations.models.collection import Completeness
from integrations.models.reasons import Reason, ReasonCode, columns
from integrations.providers.kinds import Deletion
from integrations.services.items import store
from integrations.services.sync import seen_bitmap
from integrations.services.sync.refresh.mistakes import unreadable_reason

logger = logging.getLogger(__name__)

# Deletions beyond this are held until a user approves them.
HELD_ROWS, HELD_SHARE = 20, 0.20
SAMPLE = 20


def is_too_many(missing: int, stored: int) -> bool:
    """Tell whether so many deletions among so many items need a user's word."""
    return missing > HELD_ROWS and missing > stored * HELD_SHARE


def hold(
    collection: Collection,
    missing: int,
    sample: Sequence[str],
    noted: Mapping[str, Deletion],
) -> None:
    """Store the deletion of what was not seen; the marks stay for the decision.

    From now on whatever is read is marked as well, so that what comes back
    meanwhile is not among what is decided about.
    """
    collection.held_deletions = {
        "count": missing,
        "sample": list(sample[:SAMPLE]),
        "deletions": {key: each.to_json() for key, each in noted.items()},
        "generation": collection.generation,
    }
    collection.save(update_fields=["held_deletions"])
    logger.warning("deletions held collection=%s count=%d", collection.pk, missing)


def lock(collection: Collection) -> Collection | None:
    """Return the row with its hold, locked until the transaction ends, or None.

    Whoever decides and whoever stores a page take turns by this.
    """
    rows = Collection.objects.select_for_update(no_key=True, of=("self",))
    locked = rows.select_related("connection").filter(pk=collection.pk).first()
    return locked if locked is not None and locked.held_deletions else None


def approve(collection: Collection, *, generation: int | None = None) -> int | None:
    """Delete what the held refresh and whatever was read since did not see.

    Returns how many items that were; None when nothing is held any more, or what is
    held is not of the ``generation`` that was decided about.
    """
    with transaction.atomic():
        held = _still_held(collection, generation)
        if held is None:
            return None
        deleted = seen_bitmap.soft_delete_unseen(
            held,
            _noted_of(held),
            run_id=None,
            now=timezone.now(),
        )
        unreadable = held.unreadable_count
        _decide(
            held,
            stored_count=store.count_live(held),
            completeness=Completeness.PARTIAL if unreadable else Completeness.COMPLETE,
            **columns(unreadable_reason(unreadable, None)),
        )
    return deleted


def discard(collection: Collection, *, generation: int | None = None) -> bool:
    """Discard the deletions; the next full refresh looks again. False as None above."""
    with transaction.atomic():
        held = _still_held(collection, generation)
        if held is None:
            return False
        _decide(
            held,
            completeness=Completeness.PARTIAL,
            **columns(Reason(code=ReasonCode.DELETIONS_DISCARDED)),
        )
    return True


def _noted_of(held: Collection) -> dict[str, Deletion]:
    noted = held.held_deletions.get("deletions", {})
    return {key: Deletion.from_json(each) for key, each in noted.items()}


def sample_of(collection: Collection) -> list[Item]:
    """Return some of the items that are held, by name."""
    chosen = collection.held_deletions.get("sample", [])
    live = Item.objects.live().filter(collection=collection, remote_id__in=chosen)
    return list(live.only("pk", "name", "remote_id").order_by("name", "pk"))


def _still_held(collection: Collection, generation: int | None) -> Collection | None:
    held = lock(collection)
    if held is None:
        return None
    is_same = generation in (None, held.held_deletions.get("generation"))
    # A refresh that began meanwhile has marks of its own and decides anew.
    is_current = held.held_deletions.get("generation") == held.generation
    return held if is_same and is_current else None


def _decide(held: Collection, **columns: object) -> None:
    Collection.objects.filter(pk=held.pk).update(held_deletions={}, **columns)
    seen_bitmap.forget(held)
