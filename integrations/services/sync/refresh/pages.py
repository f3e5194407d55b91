"""Fetch pages, and store them with the checkpoint behind them in one transaction."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from django.db import connection as database
from django.db import transaction
from django.utils import timezone
from msgspec.structs import replace

from integrations.http.errors import ApiError
from integrations.models import Collection
from integrations.models.sync.progress import Phase, ProgressState
from integrations.providers.records import Page
from integrations.services.common.database.row_writes import uuid_value
from integrations.services.items.history import comparison
from integrations.services.items.storage import store
from integrations.services.items.storage.recognition import recognizer
from integrations.services.items.storage.store import PageCounts
from integrations.services.items.tables.indexing import rows as table_rows
from integrations.services.sync.calls import clock
from integrations.services.sync.collections import discovered, discovery
from integrations.services.sync.deletions import (
    held_deletions,
    seen_bitmap,
    soft_delete,
)
from integrations.services.sync.leases.lease import PageRequest, RunLease
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

# The values are bound parameters.
_STATEMENT = "UPDATE integrations_collection SET checkpoint = %s{counted} WHERE id = %s"
_COUNTED = (
    ", stored_count = CASE WHEN stored_count + %s > 0 THEN stored_count + %s ELSE 0 END"
)


def read_listing(lease: RunLease, collection: Collection, found: FullRefresh) -> None:
    """Read the next page of the full listing, and store it by itself.

    A kill repeats one page at most, however quick a provider answers.
    """
    context = _page_request(lease, collection, found).context
    context = replace(context, recognize=recognizer(collection))
    fetch = connector_of(collection).fetch_page
    page, asked_at = _dated(
        lease, lambda: fetch(lease.api, context, cursor=found.cursor)
    )
    _store(lease, collection, page, _begun(lease, found, asked_at))


def may_send_ahead(lease: RunLease, collection: Collection) -> bool:
    """Tell whether this slice may still ask for a page that it reads later."""
    is_first = collection.last_full_refresh_at is None
    return not (lease.is_over or (is_first and lease.is_nearly_spent))


def send_ahead(lease: RunLease, collection: Collection, found: Checkpoint) -> None:
    """Send for the page of items that is read next, if the connector can.

    When it is read, it is asked for by the same request.
    """
    if found.phase not in (Phase.LISTING, Phase.CHANGES):
        return
    page_request = _page_request(lease, collection, found)
    is_sent = connector_of(collection).prefetch_page(
        lease.api,
        page_request.context,
        cursor=found.cursor,
        since=found.since if isinstance(found, Incremental) else None,
    )
    if is_sent:
        lease.ahead[collection.pk] = page_request


def _page_request(
    lease: RunLease, collection: Collection, found: Checkpoint
) -> PageRequest:
    """Return what the next page is asked for with; what was sent ahead, if anything.

    The first page of changes also looks for some stored items, in rotation.
    """
    sent = lease.ahead.pop(collection.pk, None)
    if sent is not None and sent.checkpoint == found:
        return sent
    probes: Sequence[str] = []
    if isinstance(found, Incremental) and found.cursor is None:
        probes = next_to_probe(collection, connector_of(collection).most_probes)
    tries = lease.progress_of(collection).tries
    context = replace(context_of(collection), tries=tries, probes=probes)
    return PageRequest(context=context, checkpoint=found)


def _dated(lease: RunLease, fetch: Callable[[], Page]) -> tuple[Page, datetime]:
    """Return a page, and when the first request for it was made.

    Not whoever reads it knows that, but the client: what was sent for ahead may answer
    another reading than the one that it was meant for.
    """
    lease.api.oldest_asked_at = None
    now = timezone.now()
    page = fetch()
    return page, min(now, lease.api.oldest_asked_at or now)


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
    """Read the next page of what changed since the watermark."""
    context = _page_request(lease, collection, found).context
    fetch = connector_of(collection).fetch_page
    page, asked_at = _dated(
        lease,
        lambda: fetch(lease.api, context, cursor=found.cursor, since=found.since),
    )
    _store(lease, collection, page, _begun(lease, found, asked_at))
    if probes := context.probes:
        collection.probed_until = probes[-1]
        collection.save(update_fields=["probed_until"])


def _store(
    lease: RunLease, collection: Collection, page: Page, found: Checkpoint
) -> None:
    """Store a page of items while the answer of the one behind it is on its way."""
    behind = checkpoint.after_page(found, page)
    if may_send_ahead(lease, collection):
        send_ahead(lease, collection, behind)
    _commit(lease, collection, page, found, behind)


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
    # Before the lock, which is on all of them: most tell nothing new.
    seen = discovery.changed_ones(lease.connection, page.seen_collections)
    page = replace(page, seen_collections=seen)
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
        write_checkpoint(collection, stored, delta)
        lease.renew()
    collection.checkpoint = stored


def write_checkpoint(collection: Collection, stored: Any, delta: int) -> None:
    """Write where to go on, and how many more items are stored than before.

    Plain SQL, as the lease is renewed: each page does it.
    """
    field = Collection._meta.get_field("checkpoint")  # noqa: SLF001 (documented)
    told = field.get_db_prep_save(stored, database)
    counted = [delta, delta] if delta else []
    statement = _STATEMENT.format(counted=_COUNTED if delta else "")
    with database.cursor() as cursor:
        cursor.execute(statement, [told, *counted, uuid_value(collection.pk)])


def _lock(collection: Collection, page: Page) -> None:
    """Lock what a page tells of, before its marks and its run.

    Most pages hold nothing but items, and those lock where they are stored; a page
    that tells nothing writes its checkpoint only.
    """
    tells_else = page.unreadable_ids or page.deleted or page.moved
    if page.other_collections or page.collections or page.seen_collections:
        table_rows.lock_rows(collection, is_linking=True)
    elif collection.full_refresh_wanted_at is not None or (
        tells_else and not (page.items or page.same)
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
        collection,
        page.items,
        run_id=lease.run.pk,
        now=now,
        texts=page.contents,
        same=page.same,
        sources=page.sources,
    )
    if is_listing or is_held:
        unread = store.live_keys(collection, page.unreadable_ids)
        seen_bitmap.mark(collection, [*counts.seen_keys, *unread.values()])
    return replace(counts, unreadable=counts.unreadable + page.unreadable)
