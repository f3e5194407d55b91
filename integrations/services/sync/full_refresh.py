"""End a full refresh: hide what it proved to be gone, or hold that for a user."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from integrations.models import Collection
from integrations.models.collection import Completeness
from integrations.services.items import search, store
from integrations.services.sync import deletions, held_deletions, seen_bitmap
from integrations.services.sync.lease import Slice

# A provider's own count lags behind by a few rows; more than that is a hole.
LAG_ROWS, LAG_SHARE = 5, 0.001


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Say how a pass ended; nothing may be hidden unless it ``is_proof``."""

    word: str
    reason: str = ""
    is_proof: bool = True
    is_short: bool = False
    sample: list[str] = field(default_factory=list)
    missing: int = 0


def end_full_refresh(
    current: Slice, collection: Collection, *, remote_count: int | None
) -> None:
    """Hide, or hold, what the pass did not see; set watermark and completeness."""
    collection.refresh_from_db()
    now = timezone.now()
    verdict = _judge(collection, remote_count)
    reasons = collection.checkpoint.get("gone", {})
    deleted = 0
    with transaction.atomic():
        is_held = verdict.word == Completeness.HELD
        if not is_held and (verdict.is_proof or not deletions.are_too_many(collection)):
            deleted = deletions.apply_deletions(current, collection, now=now)
        if not is_held and verdict.is_proof:
            deleted += seen_bitmap.soft_delete_unseen(
                collection, reasons, run_id=current.run.pk, now=now
            )
        state = "done" if verdict.word == Completeness.COMPLETE else "partial"
        current.keep(
            collection, deleted=deleted, state=state, phase="", reason=verdict.reason
        )
        _close(collection, verdict, now=now, remote_count=remote_count)
        if is_held:
            held_deletions.hold(collection, verdict.missing, verdict.sample, reasons)
        else:
            seen_bitmap.forget(collection)
    search.tell_planner()


def _judge(collection: Collection, remote_count: int | None) -> Verdict:
    """Decide what a pass that reached its end has proven."""
    checkpoint = collection.checkpoint
    listed = int(checkpoint.get("seen", 0))
    if incomplete_reason := str(checkpoint.get("incomplete_reason", "")):
        word = (
            Completeness.CAPPED
            if "10,000" in incomplete_reason
            else Completeness.PARTIAL
        )
        return Verdict(word=word, reason=incomplete_reason, is_proof=False)
    if _is_short(checkpoint, remote_count):
        reason = f"the listing ended after {listed} of {remote_count} items"
        return Verdict(
            word=Completeness.PARTIAL, reason=reason, is_proof=False, is_short=True
        )
    unreadable = checkpoint.get("unreadable", 0)
    unread = f"{unreadable} items could not be read" if unreadable else ""
    if checkpoint.get("nameless"):
        # Any of what was not seen may be one of those.
        return Verdict(word=Completeness.PARTIAL, reason=unread, is_proof=False)
    missing, sample = _count_unseen(collection)
    before = checkpoint.get("deleted", 0)
    if held_deletions.is_too_many(missing + before, collection.stored_count + before):
        return Verdict(
            word=Completeness.HELD,
            reason=f"{missing} deletions wait for approval",
            missing=missing,
            sample=sample,
        )
    word = Completeness.PARTIAL if unread else Completeness.COMPLETE
    return Verdict(word=word, reason=unread)


def _is_short(checkpoint: dict[str, Any], remote_count: int | None) -> bool:
    """Tell whether a listing ended before the provider's own count.

    What the provider itself called deleted may still be counted by it for a while.
    """
    if remote_count is None:
        return False
    deleted = checkpoint.get("deleted", 0) + len(checkpoint.get("gone", ()))
    lacking = remote_count - int(checkpoint.get("seen", 0)) - deleted
    return lacking > max(LAG_ROWS, remote_count * LAG_SHARE)


def _close(
    collection: Collection,
    verdict: Verdict,
    *,
    now: datetime,
    remote_count: int | None,
) -> None:
    began = parse_datetime(collection.checkpoint.get("began") or "") or now
    columns: dict[str, Any] = {
        # Counted anew once a pass, so that no drift outlives it.
        "stored_count": store.count_live(collection),
        "remote_count": remote_count,
        "completeness": verdict.word,
        "reason": verdict.reason,
        "pending_reason": collection.checkpoint.get("note", ""),
        "unreadable_count": collection.checkpoint.get("unreadable", 0),
        "held_deletions": {},
        "checkpoint": {},
    }
    if verdict.is_short:
        # It has proven nothing: what changed since the last proof is still to read.
        columns |= {
            "short_refresh_at": now,
            "watermark": collection.watermark or began,
        }
    else:
        columns |= {
            "short_refresh_at": None,
            "watermark": began,
            "last_full_refresh_at": now,
        }
    Collection.objects.filter(pk=collection.pk).update(**columns)
    collection.refresh_from_db()


def _count_unseen(collection: Collection) -> tuple[int, list[str]]:
    """Count what the pass did not see, and name a few of them."""
    count = 0
    sample: list[str] = []
    for _key, remote_id in seen_bitmap.unseen(collection):
        count += 1
        if len(sample) < held_deletions.SAMPLE:
            sample.append(remote_id)
    return count, sample


def soft_delete_all(
    collection: Collection, reason: str, *, run_id: UUID | None, now: datetime
) -> int:
    """Hide every item of a collection, in the caller's transaction."""
    deleted = 0
    while keys := store.some_live_keys(collection):
        deleted += store.soft_delete(
            collection, dict.fromkeys(keys, reason), run_id=run_id, now=now
        )
    Collection.objects.filter(pk=collection.pk).update(stored_count=0)
    return deleted
