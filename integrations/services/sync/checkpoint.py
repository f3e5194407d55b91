"""Begin a refresh of a collection: full, the rest of a full one, or incremental."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from integrations.http.errors import ApiError
from integrations.models import Collection
from integrations.models.collection import Completeness
from integrations.providers import CONNECTORS
from integrations.providers.connector import BaseConnector, CollectionContext
from integrations.services.sync import policy, seen_bitmap
from integrations.services.sync.lease import Slice
from integrations.services.sync.stored_items import Stored


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


def connector_of(collection: Collection) -> BaseConnector:
    """Return what reads the collection's provider."""
    return CONNECTORS[collection.connection.provider]


def begin(current: Slice, collection: Collection) -> None:
    """Decide between full and incremental, and set the first checkpoint."""
    now = timezone.now()
    collection.refresh_from_db(fields=["details", "name"])
    left = policy.left_over(collection, now)
    if left and not current.run.is_full:
        set_checkpoint(current, collection, left)
        return
    if not policy.is_full_refresh_due(current, collection, now):
        _begin_changes(current, collection, now)
        return
    schema = connector_of(collection).fetch_schema(current.api, context_of(collection))
    begin_full(current, collection, dict(schema), now)


def begin_full(
    current: Slice, collection: Collection, schema: dict[str, Any], now: datetime
) -> None:
    """Start a full refresh at its first page; what was held is decided by its end."""
    with transaction.atomic():
        collection.generation += 1
        collection.schema = schema
        collection.held_deletions = {}
        if collection.completeness == Completeness.HELD:
            collection.completeness = Completeness.PARTIAL
            collection.reason = "deletions were held; everything is being read again"
        # Before the marks: whoever decides about a hold has the row and then those.
        collection.save(
            update_fields=[
                "generation",
                "schema",
                "held_deletions",
                "completeness",
                "reason",
            ]
        )
        seen_bitmap.forget(collection)
        set_checkpoint(
            current, collection, {"phase": "full", "began": now.isoformat(), "seen": 0}
        )


def fall_back_to_changes(current: Slice, collection: Collection, exc: ApiError) -> bool:
    """Read at least what changed when a full refresh fails; the pass waits where it is.

    Tells whether that is possible: not in a first load, and not after a failed
    incremental sync.
    """
    collection.refresh_from_db()
    is_incremental = "since" in collection.checkpoint
    has_failed = current.entry(collection).get("failure")
    if collection.watermark is None or is_incremental or has_failed:
        return False
    current.keep(collection, failure=exc.message[:200], tries=0)
    _begin_changes(current, collection, timezone.now(), left=collection.checkpoint)
    return True


def _begin_changes(
    current: Slice,
    collection: Collection,
    now: datetime,
    *,
    left: dict[str, Any] | None = None,
) -> None:
    """Start an incremental sync; a full refresh that is ``left`` over waits."""
    if left is None:
        _renew_schema(current, collection)
    reads_late_arrivals = left is None and policy.are_late_arrivals_due(collection, now)
    connector = connector_of(collection)
    reach = connector.lookback
    if reads_late_arrivals:
        # What is shown late may have been missed since the last settling as well.
        reach = connector.late_arrival_window + timedelta(
            minutes=settings.LATE_ARRIVAL_MINUTES
        )
    since = (collection.watermark or now) - reach
    checkpoint = {
        "phase": "changes",
        "began": now.isoformat(),
        "since": since.isoformat(),
        "settles": reads_late_arrivals,
    }
    set_checkpoint(current, collection, checkpoint | ({"left": left} if left else {}))


def _renew_schema(current: Slice, collection: Collection) -> None:
    """Ask for the schema again when what was found meanwhile speaks of another."""
    tag = collection.details.get("schema_tag")
    if tag is None or tag == collection.schema.get("tag"):
        return
    context = context_of(collection)
    schema = connector_of(collection).fetch_schema(current.api, context)
    collection.schema = dict(schema)
    collection.save(update_fields=["schema"])


def set_checkpoint(
    current: Slice, collection: Collection, checkpoint: dict[str, Any]
) -> None:
    """Store where a reading is, with the run's own note of it."""
    with transaction.atomic():
        phase = checkpoint.get("phase", "")
        current.keep(collection, state="reading", phase=phase)
        collection.checkpoint = checkpoint
        collection.save(update_fields=["checkpoint"])
