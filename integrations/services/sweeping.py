"""End a full pass: hide what it proved to be gone, or hold that for a person."""

import logging
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from integrations.models import Collection
from integrations.providers import CONNECTORS
from integrations.services import items, search
from integrations.services.slices import Slice

logger = logging.getLogger(__name__)

Words = Collection.Completeness
# A sweep that would hide more than this is held until a person approves it.
HELD_ROWS, HELD_SHARE = 20, 0.20
SAMPLE = 20


def end_full_pass(
    current: Slice, collection: Collection, *, remote_count: int | None
) -> None:
    """Hide, or hold, what the pass did not see; set watermark and completeness."""
    collection.refresh_from_db()
    now = timezone.now()
    missing, sample = _count_unseen(collection)
    seen = int(collection.checkpoint.get("seen", 0))
    gap = str(collection.checkpoint.get("gap", ""))
    is_short = bool(gap) or _is_short(seen, remote_count)
    is_held = _is_too_many(missing, collection.stored_count)
    hidden = 0
    with transaction.atomic():
        if missing and not is_short and not is_held:
            hidden = _hide_unseen(collection, run_id=current.run.pk, now=now)
        word, reason = _verdict(
            collection, seen, remote_count, missing if is_held else 0
        )
        state = "done" if word == Words.COMPLETE else "partial"
        current.keep(collection, hidden=hidden, state=state, phase="", reason=reason)
        _close(
            collection,
            now=now,
            verdict=(word, reason),
            remote_count=remote_count,
        )
        if is_held and not is_short:
            _hold(collection, missing, sample)
        items.forget_seen_unless_held(collection)
    search.tell_planner()


def _is_short(seen: int, remote_count: int | None) -> bool:
    """Tell whether a listing ended far before the provider's own count."""
    if remote_count is None:
        return False
    return remote_count - seen > HELD_ROWS and seen < remote_count * (1 - HELD_SHARE)


def _is_too_many(missing: int, stored: int) -> bool:
    return missing > HELD_ROWS and missing > stored * HELD_SHARE


def _verdict(
    collection: Collection, seen: int, remote_count: int | None, held: int
) -> tuple[str, str]:
    gap = collection.checkpoint.get("gap", "")
    if gap:
        return (Words.CAPPED if "10,000" in gap else Words.PARTIAL), gap
    if _is_short(seen, remote_count):
        return (
            Words.PARTIAL,
            f"the listing ended after {seen} of {remote_count} items",
        )
    if held:
        return Words.HELD, f"{held} deletions wait for approval"
    unreadable = collection.checkpoint.get("unreadable", 0)
    if unreadable:
        return Words.PARTIAL, f"{unreadable} items could not be read"
    return Words.COMPLETE, ""


def _close(
    collection: Collection,
    *,
    now: datetime,
    verdict: tuple[str, str],
    remote_count: int | None,
) -> None:
    word, reason = verdict
    began = parse_datetime(collection.checkpoint.get("began") or "") or now
    Collection.objects.filter(pk=collection.pk).update(
        # Counted anew once a pass, so that no drift outlives it.
        stored_count=items.count_live(collection),
        remote_count=remote_count,
        completeness=word,
        reason=reason,
        note=collection.checkpoint.get("note", ""),
        watermark=began,
        unreadable_count=collection.checkpoint.get("unreadable", 0),
        last_full_pass_at=now,
        held_deletions={},
        checkpoint={},
    )
    collection.refresh_from_db()


def _count_unseen(collection: Collection) -> tuple[int, list[str]]:
    """Count what the pass did not see, and name a few of them."""
    count = 0
    sample: list[str] = []
    for _key, remote_id in items.unseen(collection):
        count += 1
        if len(sample) < SAMPLE:
            sample.append(remote_id)
    return count, sample


def _hide_unseen(collection: Collection, *, run_id: UUID | None, now: datetime) -> int:
    """Hide what the pass did not see, a chunk at a time, whatever their number."""
    gone_words = (
        collection.details.get("gone_words")
        or CONNECTORS[collection.connection.provider].gone_words
    )
    hidden = 0
    chunk: dict[int, str] = {}
    for key, _remote_id in items.unseen(collection):
        chunk[key] = gone_words
        if len(chunk) == items.CHUNK:
            hidden += items.hide(collection, chunk, run_id=run_id, now=now)
            chunk = {}
    return hidden + items.hide(collection, chunk, run_id=run_id, now=now)


def _hold(collection: Collection, missing: int, sample: list[str]) -> None:
    collection.held_deletions = {
        "count": missing,
        "sample": sample,
        "generation": collection.generation,
    }
    collection.save(update_fields=["held_deletions"])
    logger.warning("deletions held collection=%s count=%d", collection.pk, missing)


def hide_all(
    collection: Collection, reason: str, *, run_id: UUID | None, now: datetime
) -> int:
    """Hide every item of a collection, in the caller's transaction."""
    hidden = 0
    while keys := items.some_live_keys(collection):
        hidden += items.hide(
            collection, dict.fromkeys(keys, reason), run_id=run_id, now=now
        )
    Collection.objects.filter(pk=collection.pk).update(stored_count=0)
    return hidden


def approve_held(collection: Collection) -> int:
    """Hide what the held pass did not see; return how many items that were."""
    if not collection.held_deletions:
        return 0
    with transaction.atomic():
        hidden = _hide_unseen(collection, run_id=None, now=timezone.now())
        Collection.objects.filter(pk=collection.pk).update(
            stored_count=items.count_live(collection),
            completeness=Words.COMPLETE,
            reason="",
            held_deletions={},
        )
        items.forget_seen(collection)
    return hidden


def discard_held(collection: Collection) -> None:
    """Keep the items; the next full pass looks again."""
    with transaction.atomic():
        Collection.objects.filter(pk=collection.pk).update(
            completeness=Words.PARTIAL,
            reason="deletions were discarded by a person",
            held_deletions={},
        )
        items.forget_seen(collection)
