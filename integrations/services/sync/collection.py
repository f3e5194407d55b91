"""Read one collection, in full or incrementally, page by page, with its checkpoint.

The checkpoint says which phase a reading is in and where; it commits together with
the page it belongs to. Phases: ``full`` lists everything, ``gone`` asks what the
provider knows to be deleted, ``sweep`` hides what a proven full refresh did not see,
``changes`` asks for what changed since the watermark.
"""

import dataclasses
import hashlib
import logging
from typing import Any

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from integrations.http.errors import (
    ApiError,
    InvalidRequest,
    InvalidResponse,
    QuotaExhausted,
)
from integrations.models import Collection
from integrations.models.collection import Completeness
from integrations.providers.errors import ListingExpiredError
from integrations.providers.records import Page
from integrations.services.items import store
from integrations.services.items.store import PageCounts
from integrations.services.sync import (
    deletions,
    discovered,
    full_refresh,
    held_deletions,
    seen_bitmap,
)
from integrations.services.sync.checkpoint import (
    begin,
    begin_full,
    connector_of,
    context_of,
)
from integrations.services.sync.lease import Slice

logger = logging.getLogger(__name__)

MOST_RESTARTS = 3
ENDED = ("done", "partial", "failed")


def sync_collection(current: Slice, collection: Collection) -> None:
    """Read on where the checkpoint is, until done or until others have their turn."""
    if current.entry(collection)["state"] == "pending" or not collection.phase:
        if _is_out_of_reach(current, collection):
            current.keep(collection, state="skipped", reason=collection.reason)
            return
        begin(current, collection)
    steps = {"full": _read_full, "gone": _read_deleted, "changes": _read_changes}
    while collection.phase:
        if collection.phase == "sweep":
            _sweep(current, collection)
            return
        try:
            steps[collection.phase](current, collection)
        except ListingExpiredError:
            _restart_listing(current, collection)
        except InvalidRequest as exc:
            _restart_refused(current, collection, exc)
        has_ended = current.entry(collection)["state"] in ENDED
        if has_ended or current.is_over or current.has_discovered:
            return


def _restart_refused(
    current: Slice, collection: Collection, exc: InvalidRequest
) -> None:
    """Start again once when what is refused may be the cursor, which is opaque."""
    is_first = not current.entry(collection).get("restarts")
    has_cursor = collection.checkpoint.get("cursor") is not None
    if isinstance(exc, QuotaExhausted) or not has_cursor or not is_first:
        raise exc
    _restart_listing(current, collection)


def _restart_listing(current: Slice, collection: Collection) -> None:
    """Start the phase again at its first page, a bounded number of times a run."""
    restarts = current.entry(collection).get("restarts", 0) + 1
    if restarts > MOST_RESTARTS:
        raise InvalidResponse("the listing expired again and again")
    checkpoint = {**collection.checkpoint, "cursor": None}
    checkpoint.pop("cycle", None)
    with transaction.atomic():
        current.keep(collection, restarts=restarts)
        if collection.phase == "full":
            checkpoint |= {"seen": 0, "unreadable": 0, "nameless": 0, "gone": {}}
            seen_bitmap.forget(collection)
        collection.checkpoint = checkpoint
        collection.save(update_fields=["checkpoint"])


def _is_out_of_reach(current: Slice, collection: Collection) -> bool:
    """Tell whether a call would only be refused: no permission, or no quota left."""
    until = collection.blocked_until
    if until is not None and until > timezone.now():
        return True
    missing = set(collection.required_scopes) - set(current.connection.granted_scopes)
    is_refused = collection.completeness == Completeness.NO_PERMISSION
    return is_refused and bool(missing) and not current.run.is_full


def _advanced(collection: Collection, page: Page, **notes: Any) -> dict[str, Any]:
    """Return the checkpoint behind a page; refuse one that would not move."""
    cursor = page.next_cursor
    checkpoint = {**collection.checkpoint, "cursor": cursor, **notes}
    if cursor is None:
        checkpoint.pop("cycle", None)
        return checkpoint
    if cursor == collection.checkpoint.get("cursor"):
        raise InvalidResponse("the listing does not move on")
    return checkpoint | {"cycle": _watched(checkpoint.get("cycle"), cursor)}


def _watched(cycle: dict[str, Any] | None, cursor: str) -> dict[str, Any]:
    """Compare a cursor with an earlier one that is renewed ever more seldom.

    So cursors that go round are noticed after three rounds at most, and nothing
    but one of them is kept (Brent's way to find a cycle).
    """
    mark = hashlib.sha256(cursor.encode()).hexdigest()[:32]
    cycle = cycle or {"mark": "", "steps": 0, "length": 1}
    if mark == cycle["mark"]:
        raise InvalidResponse("the listing goes round in a circle")
    if cycle["steps"] + 1 < cycle["length"]:
        return {**cycle, "steps": cycle["steps"] + 1}
    return {"mark": mark, "steps": 0, "length": cycle["length"] * 2}


def _commit_page(
    current: Slice, collection: Collection, page: Page, checkpoint: dict[str, Any]
) -> None:
    """Store a page and its checkpoint in one transaction."""
    now = timezone.now()
    with transaction.atomic():
        is_held = bool(collection.held_deletions) and held_deletions.lock(collection)
        counts = store.store_page(
            collection,
            page.items,
            run_id=current.run.pk,
            now=now,
            texts=page.contents,
        )
        if collection.phase == "full" or is_held:
            unread = store.live_keys(collection, page.unreadable_ids)
            seen_bitmap.mark(collection, [*counts.seen_keys, *unread.values()])
        # First: what lives on in another collection takes its row along.
        discovered.store_discovered(current, collection, page, now=now)
        deleted = deletions.take(current, collection, page, checkpoint, now=now)
        delta = counts.live_delta - deleted
        if delta:
            checkpoint["delta"] = checkpoint.get("delta", 0) + abs(delta)
        current.keep(
            collection,
            _with_unreadable(counts, page),
            deleted=deleted,
            phase=checkpoint.get("phase", ""),
            total=page.total,
            tries=0,
        )
        Collection.objects.filter(pk=collection.pk).update(
            checkpoint=checkpoint,
            stored_count=Greatest(F("stored_count") + delta, 0),
        )
    collection.checkpoint = checkpoint


def _with_unreadable(counts: PageCounts, page: Page) -> PageCounts:
    return dataclasses.replace(counts, unreadable=counts.unreadable + page.unreadable)


def _read_full(current: Slice, collection: Collection) -> None:
    """Read the next page of the full listing."""
    page = connector_of(collection).fetch_page(
        current.api,
        context_of(collection),
        cursor=collection.checkpoint.get("cursor"),
    )
    listed = len(page.items) + page.unreadable
    checkpoint = _advanced(
        collection,
        page,
        seen=collection.checkpoint.get("seen", 0) + listed,
        unreadable=_unreadable(collection, page),
        nameless=collection.checkpoint.get("nameless", 0) + _nameless(page),
    )
    checkpoint |= {
        name: words[:200]
        for name, words in (
            ("incomplete_reason", page.incomplete_reason),
            ("note", page.pending_reason),
        )
        if words
    }
    if page.next_cursor is None:
        checkpoint["phase"] = "gone"
    _commit_page(current, collection, page, checkpoint)


def _nameless(page: Page) -> int:
    """Count unreadable rows of which not even the id is known."""
    return max(0, page.unreadable - len(page.unreadable_ids))


def _unreadable(collection: Collection, page: Page) -> int:
    return int(collection.checkpoint.get("unreadable", 0)) + page.unreadable


def _read_deleted(current: Slice, collection: Collection) -> None:
    """Read the next page of what the provider knows to be deleted."""
    page = connector_of(collection).fetch_deleted(
        current.api,
        context_of(collection),
        cursor=collection.checkpoint.get("cursor"),
    )
    checkpoint = _advanced(collection, page)
    if page.next_cursor is None:
        checkpoint["phase"] = "sweep" if deletions.is_pass(checkpoint) else ""
    _commit_page(current, collection, page, checkpoint)
    if not collection.phase:
        _end_incremental(current, collection)


def _read_changes(current: Slice, collection: Collection) -> None:
    """Read the next page of what changed since the watermark."""
    since = parse_datetime(collection.checkpoint["since"])
    if since is None:
        raise InvalidResponse("the checkpoint is unreadable")
    page = connector_of(collection).fetch_changes(
        current.api,
        context_of(collection),
        since=since,
        cursor=collection.checkpoint.get("cursor"),
    )
    checkpoint = _advanced(collection, page, unreadable=_unreadable(collection, page))
    if page.next_cursor is None:
        checkpoint["phase"] = "gone" if checkpoint.get("settles") else ""
    _commit_page(current, collection, page, checkpoint)
    if not collection.phase:
        _end_incremental(current, collection)


def _end_incremental(current: Slice, collection: Collection) -> None:
    """Hide what was noted as gone, unless that is too much to be believed.

    Then everything is read, because only a full refresh can hold it for a user.
    """
    is_too_much = deletions.are_too_many(collection)
    if is_too_much and collection.completeness == Completeness.COMPLETE:
        begin_full(current, collection, collection.schema, timezone.now())
        return
    count = _recount(current, collection)
    with transaction.atomic():
        deleted = 0
        if not is_too_much:
            deleted = deletions.apply_deletions(current, collection, now=timezone.now())
        _close_incremental(current, collection, deleted=deleted, remote_count=count)


def _recount(current: Slice, collection: Collection) -> int | None:
    """Ask for the provider's count when it has probably moved, else keep it."""
    checkpoint = collection.checkpoint
    has_moved = checkpoint.get("delta") or checkpoint.get("gone")
    if not has_moved and not checkpoint.get("settles"):
        return collection.remote_count
    count = _fetch_count(current, collection)
    return collection.remote_count if count is None else count


def _close_incremental(
    current: Slice, collection: Collection, *, deleted: int, remote_count: int | None
) -> None:
    """Move the watermark to where the incremental sync began, not to where it ended."""
    checkpoint = collection.checkpoint
    began = parse_datetime(checkpoint["began"])
    unreadable = checkpoint.get("unreadable", 0)
    if unreadable and collection.completeness == Completeness.COMPLETE:
        collection.completeness = Completeness.PARTIAL
        collection.reason = f"{unreadable} items could not be read"
    elif collection.completeness == Completeness.COMPLETE:
        collection.reason = ""
    _say_how_it_ended(current, collection, deleted=deleted)
    collection.watermark = began
    if checkpoint.get("settles"):
        collection.late_arrivals_read_at = began
    collection.remote_count = remote_count
    collection.checkpoint = checkpoint.get("left") or {}
    collection.save(
        update_fields=[
            "watermark",
            "late_arrivals_read_at",
            "checkpoint",
            "completeness",
            "reason",
            "remote_count",
        ]
    )
    if deleted:
        Collection.objects.filter(pk=collection.pk).update(
            stored_count=Greatest(F("stored_count") - deleted, 0)
        )


def _say_how_it_ended(current: Slice, collection: Collection, *, deleted: int) -> None:
    """Note the end: failed after a full refresh that did, partial without proof."""
    failure = current.entry(collection).get("failure", "")
    state, reason = "done", ""
    if failure:
        collection.reason = f"reading everything failed: {failure}"[:300]
        state, reason = "failed", collection.reason
    elif collection.completeness != Completeness.COMPLETE:
        state, reason = "partial", collection.reason
    current.keep(collection, deleted=deleted, state=state, phase="", reason=reason)


def _fetch_count(current: Slice, collection: Collection) -> int | None:
    context = context_of(collection)
    try:
        return connector_of(collection).fetch_count(current.api, context)
    except ApiError:
        # A count is a cross-check; whatever was read is as good without one.
        logger.info("no remote count collection=%s", collection.pk)
        return None


def _sweep(current: Slice, collection: Collection) -> None:
    """End a full refresh: hide what it did not see, and say how complete this is."""
    remote_count = _fetch_count(current, collection)
    full_refresh.end_full_refresh(current, collection, remote_count=remote_count)
