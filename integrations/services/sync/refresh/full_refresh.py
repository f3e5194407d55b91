"""End a full refresh: soft-delete what it did not see, or hold that for a user."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from msgspec import Struct, field

from integrations.models import Collection
from integrations.models.collection import Completeness
from integrations.models.reasons import Reason, ReasonCode, columns
from integrations.models.sync.progress import ProgressState
from integrations.providers.capabilities import ReadsLinks
from integrations.providers.kinds import IncompleteKind
from integrations.services.items.search import full_text
from integrations.services.items.storage import store
from integrations.services.items.tables.indexing import rows as table_rows
from integrations.services.sync.deletions import (
    held_deletions,
    mass_loss,
    seen_bitmap,
    soft_delete,
)
from integrations.services.sync.leases.lease import RunLease
from integrations.services.sync.refresh import checkpoint, counting, extras, schemas
from integrations.services.sync.refresh.checkpoint import FullRefresh
from integrations.services.sync.refresh.context import (
    connector_of,
    context_of,
    read_again,
)
from integrations.services.sync.refresh.counting import RemoteCount
from integrations.services.sync.refresh.mistakes import cut_reason, unreadable_reason

# A provider's own count lags behind by a few rows; more than that is a hole.
LAG_ROWS, LAG_SHARE = 5, 0.001


class Verdict(Struct, frozen=True, kw_only=True):
    """How a full refresh ended; nothing may be deleted unless it ``is_proof``."""

    completeness: Completeness
    reason: Reason | None = None
    is_proof: bool = True
    is_short: bool = False
    sample: list[str] = field(default_factory=list)
    missing: int = 0

    @property
    def is_held(self) -> bool:
        """Tell whether its deletions wait for a user."""
        return self.completeness == Completeness.HELD


def end(lease: RunLease, collection: Collection, found: FullRefresh) -> None:
    """Delete, or hold, what was not seen; set watermark and completeness."""
    count = counting.fetch_count(lease, collection)
    read_again(collection)
    now = timezone.now()
    verdict = _judge(lease, collection, found, count.number)
    with transaction.atomic():
        table_rows.lock_rows(collection)
        deleted = _apply(lease, collection, found, verdict, now)
        _note_end(lease, collection, verdict, deleted=deleted, mistake=count.mistake)
        _close(collection, found, verdict, now=now, count=count)
        if verdict.is_held:
            held_deletions.hold_unseen(
                collection, verdict.missing, verdict.sample, found.noted
            )
        else:
            seen_bitmap.forget(collection)
    full_text.tell_planner()


def _apply(
    lease: RunLease,
    collection: Collection,
    found: FullRefresh,
    verdict: Verdict,
    now: datetime,
) -> int:
    """Delete what was noted, and with a proof what was not seen; return how many."""
    if verdict.is_held:
        return 0
    deleted = 0
    if verdict.is_proof or not soft_delete.are_too_many(lease, collection, found):
        deleted = soft_delete.apply_deletions(lease, collection, found.noted, now=now)
    if verdict.is_proof and verdict.missing:
        deleted += seen_bitmap.soft_delete_unseen(
            collection, found.noted, run_id=lease.run.pk, now=now
        )
    return deleted


def _note_end(
    lease: RunLease,
    collection: Collection,
    verdict: Verdict,
    *,
    deleted: int,
    mistake: Reason | None,
) -> None:
    is_complete = verdict.completeness == Completeness.COMPLETE
    lease.count(collection, deleted=deleted)
    lease.note(
        collection,
        state=ProgressState.DONE if is_complete else ProgressState.PARTIAL,
        phase=None,
        reason=verdict.reason or mistake,
    )
    lease.renew()


def _judge(
    lease: RunLease,
    collection: Collection,
    found: FullRefresh,
    remote_count: int | None,
) -> Verdict:
    """Decide what a full refresh that reached its end has proven."""
    shortfall = _shortfall(collection, found, remote_count)
    if shortfall is not None:
        return shortfall
    unread = unreadable_reason(found.unreadable, found.mistakes)
    if found.nameless:
        # Any of what was not seen may be one of those.
        return Verdict(completeness=Completeness.PARTIAL, reason=unread, is_proof=False)
    missing, sample = _count_unseen(collection)
    if missing and mass_loss.is_of_collection(
        lease, collection, missing, before=found.deleted
    ):
        return Verdict(
            completeness=Completeness.HELD,
            reason=Reason.of(ReasonCode.DELETIONS_HELD, count=missing),
            missing=missing,
            sample=sample,
        )
    if unread is None and found.cut is not None:
        word, unread = Completeness.CAPPED, cut_reason(found.cut)
    else:
        word = Completeness.PARTIAL if unread else Completeness.COMPLETE
    return Verdict(completeness=word, reason=unread, missing=missing)


def _shortfall(
    collection: Collection, found: FullRefresh, remote_count: int | None
) -> Verdict | None:
    """Return the verdict on a listing that was not whole, None on one that was."""
    if incomplete := found.incomplete:
        is_capped = incomplete.kind is IncompleteKind.CAPPED
        return Verdict(
            completeness=Completeness.CAPPED if is_capped else Completeness.PARTIAL,
            reason=Reason.of(
                ReasonCode(incomplete.kind.value), number=incomplete.number
            ),
            is_proof=False,
        )
    if remote_count is None:
        return None
    # A page that came twice may stand where another should have been.
    listed = min(found.listed, seen_bitmap.count(collection) + found.unreadable)
    if _is_short(found, listed, remote_count):
        return Verdict(
            completeness=Completeness.PARTIAL,
            reason=Reason.of(
                ReasonCode.SHORT_LISTING, listed=listed, total=remote_count
            ),
            is_proof=False,
            is_short=True,
        )
    return None


def _is_short(found: FullRefresh, listed: int, remote_count: int) -> bool:
    """Tell whether a listing ended before the provider's own count.

    What the provider itself called deleted may still be counted by it for a while.
    """
    lacking = remote_count - listed - found.deleted - len(found.noted)
    return lacking > max(LAG_ROWS, remote_count * LAG_SHARE)


def _close(
    collection: Collection,
    found: FullRefresh,
    verdict: Verdict,
    *,
    now: datetime,
    count: RemoteCount,
) -> None:
    changed: dict[str, Any] = {
        # Counted anew once a full refresh, so that no drift outlives it.
        "stored_count": store.count_live(collection),
        "remote_count": count.number,
        "completeness": verdict.completeness,
        **columns(verdict.reason),
        **columns(_pending(collection, found, count), name="pending_reason"),
        "unreadable_count": found.unreadable,
        **held_deletions.NONE_HELD,
        "before_refusal": None,
        "checkpoint": checkpoint.to_json(None),
        "short_refresh_at": now if verdict.is_short else None,
        "full_refresh_wanted_at": None,
    }
    if verdict.is_short:
        # It has proven nothing: what changed since the last proof is still to read.
        changed["watermark"] = collection.watermark or found.began
        if not changed["pending_reason"]:
            lag = schemas.lag_of(collection.schema)
            changed |= columns(lag, name="pending_reason")
    else:
        changed |= {
            "watermark": found.began,
            "first_full_refresh_at": collection.first_full_refresh_at or now,
            "last_full_refresh_at": now,
            "schema": schemas.without_lag(collection.schema),
            **_links_as_of(collection, found.began),
        }
    for name, value in changed.items():
        setattr(collection, name, value)
    collection.save(update_fields=list(changed))


def _links_as_of(collection: Collection, began: datetime) -> dict[str, Any]:
    """Return as of when links are known, now that all have been listed."""
    connector: object = connector_of(collection)
    has_links = isinstance(connector, ReadsLinks) and bool(
        connector.link_properties(context_of(collection))
    )
    return {
        "links_read_at": began if has_links else None,
        "links_pass_began_at": None,
        "links_position": None,
    }


def _pending(
    collection: Collection, found: FullRefresh, count: RemoteCount
) -> Reason | None:
    """Return what has not been looked into, or was refused though it is optional."""
    if found.pending is not None:
        code = ReasonCode(found.pending.kind.value)
        return Reason.of(code, number=found.pending.number)
    asked = (extras.DELETIONS, *count.asked)
    return extras.note_of(
        collection, asked=asked, refused=(*found.refused, *count.refused)
    )


def _count_unseen(collection: Collection) -> tuple[int, list[str]]:
    """Count what the refresh did not see, and name a few of them."""
    count = 0
    sample: list[str] = []
    for _key, remote_id in seen_bitmap.unseen(collection):
        count += 1
        if len(sample) < held_deletions.SAMPLE:
            sample.append(remote_id)
    return count, sample
