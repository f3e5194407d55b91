"""Start what is due: syncs and refreshes; their due times are rows.

A slot is taken by one statement or one lock, so any number of schedulers is harmless.
"""

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db.models import (
    DateTimeField,
    DurationField,
    ExpressionWrapper,
    IntegerField,
    Q,
    QuerySet,
    Value,
)
from django.db.models.functions import Cast
from django.utils import timezone

from integrations.http.errors import ApiError
from integrations.models import Connection, Credential, SyncRun, times
from integrations.models.times import CLOCK_SKEW
from integrations.services.common import queue
from integrations.services.common.apart import Apart
from integrations.services.common.clock import database_now
from integrations.services.common.database.row_locks import update_in_order
from integrations.services.common.errors import NoTokenError
from integrations.services.connections import (
    account_deletion,
    consents,
    disconnect,
    selection,
)
from integrations.services.grants import readability, refresh, revocation
from integrations.services.grants.refresh_attempts import intent, lease
from integrations.services.grants.stores import fallback_store
from integrations.services.items.downloads import orders
from integrations.services.items.search import reindex
from integrations.services.items.tables.indexing import indexes
from integrations.services.sync import due_runs, quarantine, runs
from integrations.services.upkeep import daily_counts, overlap, retention, staleness
from integrations.services.writing.batches import bulk
from integrations.services.writing.delivering import dispatch
from integrations.services.writing.imports import jobs
from integrations.services.writing.undo import discarding

logger = logging.getLogger(__name__)

# The tasks that beat starts; each leaves a heartbeat of its own.
TICKS = ("dispatch_due", "enqueue_lost", "refresh_due", "sweep", "watch")
MOST_AT_ONCE = 1000
# What a sweep calls rows that were too old, before what they are.
PRUNED = "pruned "
# The columns that say when a sync is due, and what it is then asked for by.
DUE = (
    ("retry_at", SyncRun.Trigger.RETRY),
    ("next_sync_at", SyncRun.Trigger.SCHEDULE),
)
# Shorter than the time between two ticks.
DISPATCH_SECONDS = 10.0
# A slot that was taken and came to nothing is due again after this long.
REFRESH_CLAIM = timedelta(seconds=30)
KEPT_ALIVE = (
    Connection.State.ACTIVE,
    Connection.State.DEGRADED,
    Connection.State.PAUSED,
)


def dispatch_due(*, now: datetime | None = None) -> int:
    """Open and enqueue a run for every connection whose time has come.

    Due are those of the schedule, and spaced retries before them. Batch follows batch
    until nothing is due or the next tick is near; returns how many runs were opened.
    """
    now = now or timezone.now()
    if not due_runs.is_any_due(now=now):
        return 0
    stop_at = time.monotonic() + DISPATCH_SECONDS
    opened = 0
    for column, trigger in DUE:
        taken = MOST_AT_ONCE
        while taken == MOST_AT_ONCE and time.monotonic() < stop_at:
            taken, newly = due_runs.start(column, trigger, now=now, most=MOST_AT_ONCE)
            opened += newly
    return opened


def _due_credentials(now: datetime) -> QuerySet[Credential]:
    """Return what is due, and what a worker left in the middle of an attempt."""
    idle = lease.is_free(now)
    # An attempt somebody left open is due as well, unless a claim says when.
    unclaimed = Q(refresh_due_at__isnull=True) | Q(
        refresh_due_at__gt=now + REFRESH_CLAIM
    )
    abandoned = unclaimed & Q(
        Q(attempt_started_at__lt=now - intent.RETRY_SPACING)
        | times.ahead("attempt_started_at", now),
        attempt_id__isnull=False,
    )
    return (
        Credential.objects.filter(idle, connection__state__in=KEPT_ALIVE)
        .filter(Q(refresh_due_at__lte=now) | abandoned)
        .order_by("refresh_due_at")
    )


def refresh_due(*, now: datetime | None = None) -> int:
    """Queue a refresh for every credential that is due or was left in mid-attempt."""
    now = now or timezone.now()
    columns = ("connection_id", "refresh_due_at", "version")
    due = _due_credentials(now).values_list(*columns)
    queued = 0
    for connection_id, due_at, version in list(due[:MOST_AT_ONCE]):
        taken = Credential.objects.filter(
            connection_id=connection_id, refresh_due_at=due_at
        ).update(refresh_due_at=now + REFRESH_CLAIM)
        # Named with its version, so that a second delivery finds it refreshed; and
        # gone with its claim, so that no queue grows while nobody works on it.
        if taken and queue.send(
            "refresh_connection",
            connection_id,
            "schedule",
            version,
            expires=REFRESH_CLAIM.total_seconds(),
        ):
            queued += 1
    return queued


def refresh_in_foreground(*, now: datetime | None = None) -> tuple[int, int]:
    """Refresh everything that is due here and now; return (refreshed, failed)."""
    due = _due_credentials(now or timezone.now())
    refreshed = failed = 0
    for connection_id, version in list(due.values_list("connection_id", "version")):
        try:
            refresh.refresh_credential(
                connection_id, seen_version=version, why="console"
            )
            refreshed += 1
        except (ApiError, NoTokenError) as exc:
            failed += 1
            logger.warning("refresh failed connection=%s error=%s", connection_id, exc)
    return refreshed, failed


def enqueue_lost(*, now: datetime | None = None) -> dict[str, int]:
    """Publish again what nobody is on; quick, and returns how many of each.

    What fails in one of them keeps none of the others, and is raised in the end.
    """
    overlap.repeat_due()
    steps: dict[str, Callable[[], int]] = {
        "runs": lambda: runs.enqueue_lost(now=now or database_now()),
        "cancelled": lambda: bulk.discard_left() + discarding.discard_left(),
        "edits": dispatch.send_due,
        "imports": jobs.send_due,
        "search": reindex.send_due,
        "table_indexes": indexes.send_due,
        "downloads": orders.send_due,
        "consents": consents.send_due,
    }
    with Apart("enqueue_lost") as parts:
        return parts.count(steps)


def sweep(*, now: datetime | None = None) -> dict[str, int]:
    """Bring back what else is stuck or postponed, and delete what is old.

    It may take long: providers are asked, and rows deleted. Returns how many of each.
    What fails in one of them keeps none of the others, and is raised in the end.
    """
    now = now or timezone.now()
    pull_in(now=now)
    steps: dict[str, Callable[[], int]] = {
        "restored": fallback_store.restore_all,
        "revoked": revocation.revoke_due,
        "purges": sweep_purges,
        "left_out": selection.sweep_left_out,
        "erasures": account_deletion.sweep,
        "stale": partial(staleness.check, now=now),
        "counted": partial(daily_counts.note, now=now),
        "unreadable": readability.check,
        "unquarantined": quarantine.lift_for_new_release,
        "links": overlap.name_links,
        "dropped": partial(indexes.drop_unused, now=now),
        "expired": partial(orders.expire, now=now),
    }
    pruned: dict[str, int] = {}
    with Apart("sweep") as parts:
        swept = parts.count(steps)
        with parts.part(step="pruned"):
            pruned = retention.prune(now=now)
    return swept | {f"{PRUNED}{name}": number for name, number in pruned.items()}


def pull_in(*, now: datetime) -> int:
    """Bring forward the due times that a clock which was ahead has set.

    No sync is due later than an interval from now, nothing was synced in the future,
    and no token refreshed. Returns how many there were.
    """
    interval = ExpressionWrapper(
        # SQLite multiplies no other kind of number by a time.
        Cast("sync_interval_minutes", IntegerField()) * Value(timedelta(minutes=1)),
        output_field=DurationField(),
    )
    latest = ExpressionWrapper(
        Value(now + CLOCK_SKEW, output_field=DateTimeField()) + interval,
        output_field=DateTimeField(),
    )
    # How old the data is, is not known then.
    is_unknown = times.ahead("last_synced_at", now) & Q(next_sync_at__gt=now)
    syncs = Connection.objects.syncable().filter(
        Q(next_sync_at__gt=latest) | is_unknown
    )
    is_late = times.ahead("retry_at", now, longest=SyncRun.LONGEST_WAIT)
    attempts = Connection.objects.syncable().filter(is_late)
    is_of_ahead = times.ahead("refreshed_at", now) | times.ahead(
        "attempt_started_at", now
    )
    refreshes = Credential.objects.filter(
        is_of_ahead, refresh_due_at__gt=now + REFRESH_CLAIM
    )
    return sum(
        (
            _update_some(syncs, next_sync_at=now),
            _update_some(attempts, retry_at=now),
            _update_some(refreshes, refresh_due_at=now),
        )
    )


def _update_some(rows: QuerySet[Any], **columns: datetime) -> int:
    # Looked for first, because a statement that writes keeps others from writing.
    keys = list(rows.order_by().values_list("pk", flat=True)[:MOST_AT_ONCE])
    return update_in_order(rows.filter(pk__in=keys), **columns) if keys else 0


def sweep_purges() -> int:
    """Go on deleting the items of connections whose user asked for it."""
    purging = Connection.objects.filter(
        is_purging=True, state=Connection.State.DISCONNECTED
    )[:20]
    with Apart("sweep_purges") as parts:
        for connection in purging:
            with parts.part(connection=connection.pk):
                disconnect.purge(connection)
    return len(purging)
