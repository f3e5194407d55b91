"""Imports as work for a worker: started by their user, brought back by the sweep."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from integrations.models import Connection, Import, ImportRow
from integrations.services.common import audit, queue
from integrations.services.common.clock import database_now
from integrations.services.common.errors import LeaseLostError
from integrations.services.writing.imports import checking, mapping, results, running
from integrations.services.writing.imports.lease import ImportLease, claim, heartbeat
from integrations.services.writing.outbox import EditingOffError

MOST_AT_ONCE: Final = 100
# A message may wait in its queue for so long before it is taken for lost.
SENT_AGAIN_AFTER: Final = timedelta(seconds=15)
State = Import.State


def start_check(source: Import) -> bool:
    """Have an import checked by its mapping; False where that cannot be yet.

    What an earlier check found is forgotten.
    """
    if mapping.problems_of(source):
        return False
    with transaction.atomic():
        changed = _move(source, State.CHECKING, (State.MAPPING, State.CHECKED))
        if changed:
            source.rows.update(
                state=ImportRow.State.READ, identity="", item=None, problems=[]
            )
            queue.send("run_import", source.pk)
    return changed


def reopen(source: Import) -> bool:
    """Let the columns of an import that was not begun be matched anew."""
    return _move(source, State.MAPPING, (State.CHECKING, State.CHECKED))


def confirm(source: Import, *, user: User) -> bool:
    """Begin to send the rows; False for an import that is not ready for it."""
    with transaction.atomic():
        changed = _move(source, State.RUNNING, (State.CHECKED,))
        if changed:
            counts = results.counts_of(source)
            audit.record("import.begun", user=user, subject=source.pk, **counts)
            queue.send("run_import", source.pk)
    return changed


def cancel(source: Import, *, user: User | None) -> bool:
    """Send no more rows; those that are on their way are waited for."""
    with transaction.atomic():
        changed = _move(source, State.CANCELLING, (State.RUNNING,))
        if changed:
            audit.record("import.cancelling", user=user, subject=source.pk)
            queue.send("run_import", source.pk)
    return changed


def cancel_all(connection: Connection, *, user: User | None) -> None:
    """Cancel whatever import of a connection is being sent."""
    for source in connection.imports.filter(state=State.RUNNING):
        cancel(source, user=user)


def kept_until(source: Import) -> datetime | None:
    """Return when an import is cancelled whose account is not connected again."""
    connection = source.connection
    if connection.is_connected or source.state != State.RUNNING:
        return None
    return connection.state_since + timedelta(days=settings.HISTORY_DAYS)


def _move(source: Import, to: State, states: tuple[State, ...]) -> bool:
    """Move an import to another state; whoever is on it has lost its lease then."""
    rows = Import.objects.filter(pk=source.pk, state__in=states)
    changed = rows.update(
        state=to, lease_id=None, lease_until=None, due_at=timezone.now()
    )
    if changed:
        source.state = to
    return bool(changed)


def work_on(import_id: UUID) -> float | None:
    """Do the next part of an import; return seconds until another, None for none.

    A second delivery of one that a worker is on ends without doing anything.
    """
    lease = claim(import_id, now=database_now())
    if lease is None:
        return None
    try:
        with heartbeat.renewing(lease):
            if lease.source.state == State.CHECKING:
                checking.check(lease)
                return None
            return running.run(lease)
    except LeaseLostError:
        return None
    except EditingOffError:
        return _wait(lease)


def _wait(lease: ImportLease) -> float | None:
    """Leave an import until editing is on again; return in how many seconds to look."""
    wait = running.HELD_SECONDS
    try:
        lease.release(due_at=timezone.now() + timedelta(seconds=wait))
    except LeaseLostError:
        return None
    return wait


def wake(connection: Connection) -> None:
    """Have a connection's imports go on now: it has been renewed or resumed."""
    free = connection.imports.filter(state__in=Import.OPEN, lease_id__isnull=True)
    keys = list(free.values_list("pk", flat=True)[:MOST_AT_ONCE])
    free.update(due_at=timezone.now())
    queue.send_all("run_import", keys)


def send_due() -> int:
    """Queue what is due and was left, by a lost message or a dead worker."""
    now = database_now()
    # What still has a lease has lost its worker.
    is_left = Q(due_at__lte=now - SENT_AGAIN_AFTER) | Q(lease_until__isnull=False)
    due = Import.objects.workable(now).filter(is_left)
    keys = list(due.order_by("due_at").values_list("pk", flat=True)[:MOST_AT_ONCE])
    # What is in the queue already is no more due than it was.
    Import.objects.filter(pk__in=keys, lease_id__isnull=True).update(due_at=now)
    return queue.send_all("run_import", keys)


def prune(*, now: datetime) -> int:
    """Delete what was uploaded and not begun, and the files of what has ended.

    What is still being sent is kept, however long its provider lets it wait; but
    without a connection no longer than the history.
    """
    left = Import.objects.filter(
        state=State.RUNNING,
        connection__state=Connection.State.DISCONNECTED,
        connection__state_since__lt=now - timedelta(days=settings.HISTORY_DAYS),
    )
    for source in left[:MOST_AT_ONCE]:
        cancel(source, user=None)
    old = now - Import.KEPT
    waiting = (State.MAPPING, State.CHECKING, State.CHECKED)
    abandoned = Import.objects.filter(
        state__in=waiting, created_at__lt=old, due_at__lt=old
    )
    deleted = 0
    for source in abandoned[:MOST_AT_ONCE]:
        source.delete()
        deleted += 1
    # One that was cancelled may never hear what became of its last rows.
    is_over = Q(source__ended_at__lt=old) | Q(
        source__state=State.CANCELLING, source__created_at__lt=old
    )
    rows = ImportRow.objects.filter(is_over).exclude(content="")
    keys = list(rows.order_by("pk").values_list("pk", flat=True)[:2000])
    return deleted + ImportRow.objects.filter(pk__in=keys).update(
        content="", identity=""
    )
