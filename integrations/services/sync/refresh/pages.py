"""Fetch pages, and store them with the checkpoint behind them in one transaction."""

import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from django.db import Error as DatabaseError
from django.db import InterfaceError, transaction
from django.db.models import F
from django.db.models.functions import Greatest
from django.utils import timezone

from integrations.http.errors import ApiError
from integrations.models import Collection
from integrations.models.sync.progress import Phase, ProgressState
from integrations.providers.connector import CollectionContext
from integrations.providers.kinds import Deletion
from integrations.providers.records import Page
from integrations.services.common.errors import LeaseLostError
from integrations.services.items.history import comparison
from integrations.services.items.storage import store
from integrations.services.items.storage.store import PageCounts
from integrations.services.items.tables.indexing import rows as table_rows
from integrations.services.sync.calls import clock
from integrations.services.sync.collections import discovered
from integrations.services.sync.deletions import (
    held_deletions,
    seen_bitmap,
    soft_delete,
)
from integrations.services.sync.leases.lease import RunLease
from integrations.services.sync.refresh import checkpoint, start
from integrations.services.sync.refresh.checkpoint import (
    Checkpoint,
    FullRefresh,
    Incremental,
)
from integrations.services.sync.refresh.context import connector_of, context_of
from integrations.services.sync.stored.stored_items import next_to_probe

logger = logging.getLogger(__name__)

Refresh = TypeVar("Refresh", FullRefresh, Incremental)

# Pages that come quicker than they are stored are stored together, so many rows and
# seconds of them at most: a kill repeats no more, or one page that is larger.
MOST_ROWS, MOST_SECONDS = 500, 1.0
# Storing hides behind a longer wait than this.
SOON_SECONDS = 0.01
# After these nothing can be stored.
FATAL = (LeaseLostError, DatabaseError, InterfaceError, MemoryError)


def read_listing(lease: RunLease, collection: Collection, found: FullRefresh) -> None:
    """Read the next page of the full listing, and those that are there already.

    What goes wrong with one of those is raised once those before it are stored.
    """
    asked_at, until = timezone.now(), time.monotonic() + MOST_SECONDS
    connector, context = connector_of(collection), _context_of(lease, collection)
    page = connector.fetch_page(lease.api, context, cursor=found.cursor)
    found = _begun(lease, found, asked_at)
    pages, behind = [page], checkpoint.after_page(found, page)
    failure: Exception | None = None
    while _may_go_on(lease, pages) and time.monotonic() < until:
        try:
            page = connector.fetch_page(lease.api, context, cursor=behind.cursor)
            behind = checkpoint.after_page(behind, page)
        except FATAL:
            raise
        except Exception as exc:  # noqa: BLE001 (whoever handles it gets it below)
            failure = exc
            break
        pages.append(page)
    _commit(lease, collection, _joined(pages), found, behind)
    if failure is not None:
        raise failure


def _context_of(lease: RunLease, collection: Collection) -> CollectionContext:
    tries = lease.progress_of(collection).tries
    return replace(context_of(collection), tries=tries)


def _may_go_on(lease: RunLease, pages: Sequence[Page]) -> bool:
    """Tell whether another page is stored together with these, because it is there."""
    return (
        pages[-1].next_cursor is not None
        and _tells_rows_only(pages[-1])
        and _rows_with_another(pages) <= MOST_ROWS
        and not (lease.is_others_turn or lease.is_spent)
        and lease.api.has_prefetched(within=SOON_SECONDS)
    )


def _rows_with_another(pages: Sequence[Page]) -> int:
    """Return the number of rows with another page, as large as the last one."""
    return sum(len(page.items) for page in (*pages, pages[-1]))


def _tells_rows_only(page: Page) -> bool:
    """Tell whether a page can be joined with the next one, as most can."""
    none = Page(**_rows_of([]), next_cursor=None)
    return replace(page, **_rows_of([]), next_cursor=None, total=None) == none


def _joined(pages: Sequence[Page]) -> Page:
    """Return pages as one; what is told beside rows, only the last one may tell."""
    return replace(pages[-1], **_rows_of(pages)) if len(pages) > 1 else pages[0]


def _rows_of(pages: Sequence[Page]) -> dict[str, Any]:
    deleted: dict[str, Deletion] = {}
    for page in pages if any(page.deleted for page in pages) else ():
        for item in page.items:
            deleted.pop(item.id, None)
        deleted |= page.deleted
    return {
        "deleted": deleted,
        "items": [item for page in pages for item in page.items],
        "unreadable": sum(page.unreadable for page in pages),
        "unreadable_ids": [each for page in pages for each in page.unreadable_ids],
        "mistakes": [each for page in pages for each in page.mistakes],
    }


def read_deletions(lease: RunLease, collection: Collection, found: Checkpoint) -> None:
    """Read the next page of what the provider knows to be deleted."""
    page = connector_of(collection).fetch_deleted(
        lease.api, context_of(collection), cursor=found.cursor
    )
    _commit(lease, collection, page, found, checkpoint.after_page(found, page))


def skip_deletions(
    lease: RunLease, collection: Collection, found: Checkpoint, exc: ApiError
) -> None:
    """Go on without the list of what was deleted: the provider refused it."""
    logger.warning(
        "no list of deletions collection=%s error=%s status=%s correlation_id=%s",
        collection.pk,
        type(exc).__name__,
        exc.status,
        exc.correlation_id,
    )
    start.set_checkpoint(lease, collection, checkpoint.without_deletions(found))


def read_changes(lease: RunLease, collection: Collection, found: Incremental) -> None:
    """Read the next page of what changed since the watermark.

    The first one also looks for some stored items, in rotation.
    """
    connector, context = connector_of(collection), _context_of(lease, collection)
    probes: list[str] = []
    if found.cursor is None:
        probes = next_to_probe(collection, connector.most_probes)
        context = replace(context, probes=probes)
    asked_at = timezone.now()
    page = connector.fetch_page(
        lease.api, context, cursor=found.cursor, since=found.since
    )
    found = _begun(lease, found, asked_at)
    _commit(lease, collection, page, found, checkpoint.after_page(found, page))
    if probes:
        collection.probed_until = probes[-1]
        collection.save(update_fields=["probed_until"])


def _begun(lease: RunLease, found: Refresh, asked_at: datetime) -> Refresh:
    """Return the checkpoint of a page; the first says when the refresh began."""
    if not checkpoint.is_at_first_page(found):
        return found
    return replace(found, began=clock.provider_time(lease, asked_at))


def _commit(
    lease: RunLease,
    collection: Collection,
    page: Page,
    found: Checkpoint,
    behind: Checkpoint,
) -> None:
    now = timezone.now()
    with transaction.atomic():
        _lock(collection, page)
        is_listing = found.phase is Phase.LISTING
        counts = store_items(lease, collection, page, is_listing=is_listing, now=now)
        # First: what lives on in another collection takes its row along.
        discovered.store_discovered(lease, collection, page, now=now)
        behind, deleted = soft_delete.take(
            lease, collection, page, found=found, behind=behind, now=now
        )
        delta = counts.live_delta - deleted
        if isinstance(behind, Incremental):
            behind = replace(behind, delta=behind.delta + abs(delta))
        lease.count(collection, counts, deleted=deleted)
        lease.note(
            collection,
            state=ProgressState.READING,
            phase=behind.phase,
            total=page.total,
            tries=0,
            reason=None,
            retry_at=None,
        )
        stored = checkpoint.to_json(behind)
        # Before the run: a page without rows has locked nothing yet.
        Collection.objects.filter(pk=collection.pk).update(
            checkpoint=stored,
            stored_count=Greatest(F("stored_count") + delta, 0),
        )
        lease.renew()
    collection.checkpoint = stored


def _lock(collection: Collection, page: Page) -> None:
    """Lock what a page tells of, before its marks and its run.

    Most pages hold nothing but items, and those lock where they are stored; a page
    that tells nothing writes its checkpoint only.
    """
    tells_else = page.unreadable_ids or page.deleted or page.moved
    if page.other_collections or page.collections:
        table_rows.lock_rows(collection, is_linking=True)
    elif collection.full_refresh_wanted_at is not None or (
        tells_else and not page.items
    ):
        # Where spot checks want everything again, digests are forgotten first.
        table_rows.lock_rows(collection)


def store_items(
    lease: RunLease,
    collection: Collection,
    page: Page,
    *,
    is_listing: bool,
    now: datetime,
) -> PageCounts:
    """Store the items, and mark as seen what a full listing or a hold has to know of.

    The caller holds the transaction.
    """
    is_held = collection.hold is not None and held_deletions.lock(collection)
    if is_listing and collection.full_refresh_wanted_at is not None:
        comparison.forget_wrong_digests(collection, page.items, now=now)
    counts = store.store_page(
        collection, page.items, run_id=lease.run.pk, now=now, texts=page.contents
    )
    if is_listing or is_held:
        unread = store.live_keys(collection, page.unreadable_ids)
        seen_bitmap.mark(collection, [*counts.seen_keys, *unread.values()])
    return replace(counts, unreadable=counts.unreadable + page.unreadable)
