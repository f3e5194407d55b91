"""Select the collections that are synced; soft-delete the items of the others."""

from collections.abc import Collection as Some
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from integrations.models import Connection, SyncRun
from integrations.models.reasons import ReasonCode
from integrations.providers.kinds import Deletion, DeletionKind
from integrations.services.common import audit, queue
from integrations.services.common.database.row_locks import lock_collections
from integrations.services.items.storage import store
from integrations.services.sync import runs
from integrations.services.sync.deletions import seen_bitmap
from integrations.services.sync.refresh import start

# Up to this many items are deleted while the user waits; the rest by a worker.
DELETED_AT_ONCE = 2000
DESELECTED = Deletion(kind=DeletionKind.DESELECTED)


def select_collections(
    connection: Connection,
    chosen: Some[UUID],
    *,
    offered: Some[UUID],
    actor: User | None,
) -> tuple[int, int]:
    """Read the chosen of the offered collections from now on; return (added, left out).

    What was not offered stays as it is. What is left out is soft-deleted; what is
    chosen again is read in full, because only that tells what became of it meanwhile.
    """
    with transaction.atomic():
        lock_collections(connection.collections.all())
        # Compared here: what was offered may be more than a statement can hold.
        known = list(connection.collections.defer("schema", "details"))
        added = [c.pk for c in known if c.pk in chosen and not c.is_selected]
        left_out = [
            c for c in known if c.pk in offered and c.pk not in chosen and c.is_selected
        ]
        _take_up(connection, added)
        _leave_out(connection, [c.pk for c in left_out])
        if not added and not left_out:
            return 0, 0
        # A worker in the middle of a page would bring back what is deleted here.
        runs.cancel_open(connection, ReasonCode.SELECTION_CHANGED)
        audit.record(
            "collections.chosen",
            user=actor,
            subject=connection.pk,
            added=len(added),
            left_out=len(left_out),
        )
    if sum(c.stored_count for c in left_out) <= DELETED_AT_ONCE:
        soft_delete_deselected(connection)
    else:
        queue.send("sweep")
    if added and connection.is_syncable:
        runs.request_sync(connection, trigger=SyncRun.Trigger.USER)
    return len(added), len(left_out)


def _take_up(connection: Connection, added: list[UUID]) -> None:
    rows = connection.collections.filter(pk__in=added)
    rows.update(is_selected=True)
    start.read_anew(rows)


def _leave_out(connection: Connection, left_out: list[UUID]) -> None:
    rows = connection.collections.filter(pk__in=left_out)
    rows.update(is_selected=False)
    start.abandon(rows)


def soft_delete_deselected(connection: Connection) -> int:
    """Delete what is stored of the collections that are not chosen, bit by bit."""
    deleted = 0
    for collection in connection.collections.filter(
        is_selected=False, stored_count__gt=0
    ):
        seen_bitmap.forget(collection)
        while keys := store.some_live_keys(collection):
            deletions = dict.fromkeys(keys, DESELECTED)
            with transaction.atomic():
                deleted += store.soft_delete(
                    collection, deletions, run_id=None, now=timezone.now()
                )
        connection.collections.filter(pk=collection.pk).update(stored_count=0)
    return deleted


def sweep_left_out() -> int:
    """Delete what was too much at once; return how many items that were."""
    waiting = Connection.objects.filter(
        collections__is_selected=False, collections__stored_count__gt=0
    ).distinct()[:20]
    return sum(soft_delete_deselected(connection) for connection in waiting)
