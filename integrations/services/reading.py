"""Read one collection: full pass or increment, page by page, with its checkpoint.

The checkpoint says which phase a reading is in and where; it commits together with
the page it belongs to. Phases: ``full`` lists everything, ``gone`` asks what the
provider knows to be deleted, ``sweep`` hides what a proven full pass did not see,
``changes`` asks for what changed since the watermark.
"""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from integrations.http.errors import (
    ApiError,
    InvalidResponse,
)
from integrations.models import Collection
from integrations.providers import CONNECTORS
from integrations.providers.connector import CollectionContext, Connector
from integrations.providers.errors import ListingExpiredError
from integrations.providers.records import Page
from integrations.services import items, passes, revealing, sweeping
from integrations.services.items import PageCounts
from integrations.services.slices import Slice
from integrations.services.stored import Stored

logger = logging.getLogger(__name__)

MOST_RESTARTS = 3
Words = Collection.Completeness


def read(current: Slice, collection: Collection) -> None:
    """Read on where the checkpoint is, until done or until others have their turn."""
    if current.entry(collection)["state"] == "pending" or not collection.phase:
        if _is_out_of_reach(current, collection):
            current.keep(collection, state="skipped", reason=collection.reason)
            return
        _begin(current, collection)
    steps = {"full": _read_full, "gone": _read_gone, "changes": _read_changes}
    while collection.phase:
        if collection.phase == "sweep":
            _sweep(current, collection)
            return
        try:
            steps[collection.phase](current, collection)
        except ListingExpiredError:
            _restart_listing(current, collection)
        if (current.is_over or current.has_revealed) and collection.phase:
            return


def _restart_listing(current: Slice, collection: Collection) -> None:
    """Start the phase again at its first page, a bounded number of times a run."""
    restarts = current.entry(collection).get("restarts", 0) + 1
    if restarts > MOST_RESTARTS:
        raise InvalidResponse("the listing expired again and again")
    checkpoint = {**collection.checkpoint, "cursor": None}
    with transaction.atomic():
        current.keep(collection, restarts=restarts)
        if collection.phase == "full":
            checkpoint |= {"seen": 0, "unreadable": 0}
            items.forget_seen(collection)
        collection.checkpoint = checkpoint
        collection.save(update_fields=["checkpoint"])


def context_of(collection: Collection) -> CollectionContext:
    """Return what a connector needs to know to read the collection."""
    connection = collection.connection
    return CollectionContext(
        remote_id=collection.remote_id,
        name=collection.name,
        account_id=connection.remote_id,
        account=connection.account,
        schema=collection.schema,
        version=settings.PROVIDERS[connection.provider].version,
        stored=Stored(collection),
    )


def _connector(collection: Collection) -> Connector:
    return CONNECTORS[collection.connection.provider]


def _is_out_of_reach(current: Slice, collection: Collection) -> bool:
    """Tell whether a call would only be refused: no permission, or no quota left."""
    until = collection.blocked_until
    if until is not None and until > timezone.now():
        return True
    missing = set(collection.required_scopes) - set(current.connection.granted_scopes)
    is_refused = collection.completeness == Words.NO_PERMISSION
    return is_refused and bool(missing) and not current.run.is_full


def _begin(current: Slice, collection: Collection) -> None:
    """Decide between a full pass and an increment, and set the first checkpoint."""
    now = timezone.now()
    collection.refresh_from_db(fields=["details", "name"])
    if passes.is_full_pass_due(current, collection, now):
        if passes.can_resume(collection, now):
            current.keep(collection, state="reading", phase=collection.phase)
            return
        schema = dict(
            _connector(collection).fetch_schema(current.api, context_of(collection))
        )
        _begin_full(current, collection, schema, now)
        return
    _renew_schema(current, collection)
    is_settling = passes.is_settling_due(collection, now)
    connector = _connector(collection)
    reach = connector.changes_overlap
    if is_settling:
        # What is shown late may have been missed since the last settling as well.
        reach = connector.settle_after + timedelta(minutes=settings.SETTLE_MINUTES)
    since = (collection.watermark or now) - reach
    _set_checkpoint(
        current,
        collection,
        {
            "phase": "changes",
            "began": now.isoformat(),
            "since": since.isoformat(),
            "settles": is_settling,
        },
    )


def _renew_schema(current: Slice, collection: Collection) -> None:
    """Ask for the schema again when what was found meanwhile speaks of another."""
    tag = collection.details.get("schema_tag")
    if tag is None or tag == collection.schema.get("tag"):
        return
    context = context_of(collection)
    schema = _connector(collection).fetch_schema(current.api, context)
    collection.schema = dict(schema)
    collection.save(update_fields=["schema"])


def _begin_full(
    current: Slice, collection: Collection, schema: dict[str, Any], now: datetime
) -> None:
    with transaction.atomic():
        items.forget_seen(collection)
        collection.generation += 1
        collection.schema = schema
        collection.save(update_fields=["generation", "schema"])
        _set_checkpoint(
            current, collection, {"phase": "full", "began": now.isoformat(), "seen": 0}
        )


def _set_checkpoint(
    current: Slice, collection: Collection, checkpoint: dict[str, Any]
) -> None:
    with transaction.atomic():
        phase = checkpoint.get("phase", "")
        current.keep(collection, state="reading", phase=phase)
        collection.checkpoint = checkpoint
        collection.save(update_fields=["checkpoint"])


def _advanced(collection: Collection, page: Page, **notes: Any) -> dict[str, Any]:
    """Return the checkpoint behind a page; refuse one that would not move."""
    cursor = page.next_cursor
    if cursor is not None and cursor == collection.checkpoint.get("cursor"):
        raise InvalidResponse("the listing does not move on")
    return {**collection.checkpoint, "cursor": cursor, **notes}


def _commit_page(
    current: Slice, collection: Collection, page: Page, checkpoint: dict[str, Any]
) -> PageCounts:
    """Store a page and its checkpoint in one transaction."""
    now = timezone.now()
    is_pass = collection.phase == "full"
    with transaction.atomic():
        counts = items.store_page(
            collection, page.items, run_id=current.run.pk, now=now
        )
        if is_pass:
            items.mark_seen(collection, counts.seen_keys)
        hidden = _hide_gone(current, collection, page, now)
        revealing.store(current, collection, page, now=now)
        current.keep(
            collection,
            counts,
            hidden=hidden,
            phase=checkpoint.get("phase", ""),
            unreadable_rows=page.unreadable,
            total=page.total,
            tries=0,
        )
        delta = counts.live_delta - hidden
        Collection.objects.filter(pk=collection.pk).update(
            checkpoint=checkpoint,
            stored_count=Greatest(F("stored_count") + delta, 0),
            last_read_at=now,
        )
    collection.checkpoint = checkpoint
    return counts


def _hide_gone(
    current: Slice, collection: Collection, page: Page, now: datetime
) -> int:
    if not page.gone:
        return 0
    return items.hide_gone(collection, page.gone, run_id=current.run.pk, now=now)


def _read_full(current: Slice, collection: Collection) -> None:
    """Read the next page of the full listing."""
    page = _connector(collection).fetch_page(
        current.api,
        context_of(collection),
        cursor=collection.checkpoint.get("cursor"),
    )
    seen = collection.checkpoint.get("seen", 0) + len(page.items) + page.unreadable
    unreadable = collection.checkpoint.get("unreadable", 0) + page.unreadable
    checkpoint = _advanced(collection, page, seen=seen, unreadable=unreadable)
    checkpoint |= {
        name: words[:200]
        for name, words in (("gap", page.gap), ("note", page.note))
        if words
    }
    if page.next_cursor is None:
        checkpoint["phase"] = "gone"
    _commit_page(current, collection, page, checkpoint)


def _read_gone(current: Slice, collection: Collection) -> None:
    """Read the next page of what the provider knows to be deleted."""
    page = _connector(collection).fetch_gone(
        current.api,
        context_of(collection),
        cursor=collection.checkpoint.get("cursor"),
    )
    checkpoint = _advanced(collection, page)
    is_pass = "seen" in collection.checkpoint
    if page.next_cursor is None:
        checkpoint["phase"] = "sweep" if is_pass else ""
    _commit_page(current, collection, page, checkpoint)
    if not collection.phase:
        _end_increment(current, collection)


def _read_changes(current: Slice, collection: Collection) -> None:
    """Read the next page of what changed since the watermark."""
    since = parse_datetime(collection.checkpoint["since"])
    if since is None:
        raise InvalidResponse("the checkpoint is unreadable")
    page = _connector(collection).fetch_changes(
        current.api,
        context_of(collection),
        since=since,
        cursor=collection.checkpoint.get("cursor"),
    )
    checkpoint = _advanced(collection, page)
    if page.next_cursor is None:
        checkpoint["phase"] = "gone" if checkpoint.get("settles") else ""
    _commit_page(current, collection, page, checkpoint)
    if not collection.phase:
        _end_increment(current, collection)


def _end_increment(current: Slice, collection: Collection) -> None:
    """Move the watermark to where the increment began, not to where it ended."""
    began = parse_datetime(collection.checkpoint["began"])
    with transaction.atomic():
        current.keep(collection, state="done", phase="", reason="")
        collection.watermark = began
        if collection.checkpoint.get("settles"):
            collection.settled_at = began
        collection.checkpoint = {}
        if collection.completeness == Words.COMPLETE:
            collection.reason = ""
        collection.save(
            update_fields=["watermark", "settled_at", "checkpoint", "reason"]
        )


def _sweep(current: Slice, collection: Collection) -> None:
    """End a full pass: hide what it did not see, and say how complete this is."""
    context = context_of(collection)
    try:
        remote_count = _connector(collection).fetch_count(current.api, context)
    except ApiError:
        # A count is a cross-check; without one the pass has still reached its end.
        logger.info("no remote count collection=%s", collection.pk)
        remote_count = None
    sweeping.end_full_pass(current, collection, remote_count=remote_count)
