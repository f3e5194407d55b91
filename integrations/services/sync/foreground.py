"""Run a sync here and now, for the console, by the same slices the workers run."""

import time
from collections.abc import Callable

from django.utils import timezone

from integrations.models import Connection, SyncRun
from integrations.services.sync import engine, runs

POLL_SECONDS = 1.0
LONGEST_NAP_SECONDS = 2.0


def sync_in_foreground(
    connection: Connection,
    *,
    full: bool = False,
    on_progress: Callable[[SyncRun], None],
) -> SyncRun:
    """Sync one connection and return its finished run.

    A run that workers already have is followed to its end; if they leave it, its
    slices go on here. Raises NotSyncableError.
    """
    run, is_new = runs.open_run(connection, trigger=SyncRun.Trigger.CONSOLE, full=full)
    while run.is_open:
        engine.run_slice(run.pk)
        run.refresh_from_db()
        on_progress(run)
        if run.is_open:
            time.sleep(_nap(run))
    if not is_new and full and not run.is_full:
        return sync_in_foreground(connection, full=True, on_progress=on_progress)
    return run


def _nap(run: SyncRun) -> float:
    """Return seconds until the run is due, or until the next look at it."""
    if run.lease_id is not None:
        return POLL_SECONDS
    until_due = (run.due_at - timezone.now()).total_seconds()
    return min(max(until_due, 0.0), LONGEST_NAP_SECONDS)
