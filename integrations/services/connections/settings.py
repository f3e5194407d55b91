"""Change how a connection behaves: pause, resume, rename, schedule."""

from django.contrib.auth.models import User
from django.utils import timezone

from integrations.models import Connection, SyncRun
from integrations.models.reasons import ReasonCode, StateReason
from integrations.services.common import audit
from integrations.services.sync import runs
from integrations.services.writing import waiting


def pause(
    connection: Connection, *, actor: User | None, by_staff: bool = False
) -> None:
    """Stop reading a connection until somebody resumes it."""
    by_user = StateReason.PAUSED_BY_USER
    reason = StateReason.PAUSED_BY_STAFF if by_staff else by_user
    changed = (
        Connection.objects.syncable()
        .filter(pk=connection.pk)
        .update(
            state=Connection.State.PAUSED, reason=reason, state_since=timezone.now()
        )
    )
    if changed:
        runs.cancel_open(connection, ReasonCode.PAUSED)
        audit.record("connection.paused", user=actor, subject=connection.pk)


def resume(
    connection: Connection, *, actor: User | None, by_staff: bool = False
) -> None:
    """Go on reading a paused connection, beginning now."""
    now = timezone.now()
    changed = Connection.objects.filter(
        pk=connection.pk, state=Connection.State.PAUSED
    ).update(
        state=Connection.State.ACTIVE, reason="", state_since=now, next_sync_at=now
    )
    if changed:
        audit.record("connection.resumed", user=actor, subject=connection.pk)
        trigger = SyncRun.Trigger.STAFF if by_staff else SyncRun.Trigger.USER
        runs.request_sync(connection, trigger=trigger)
        waiting.wake(connection)


def rename(connection: Connection, label: str) -> None:
    """Give a connection the user's own name; an empty one takes it back."""
    Connection.objects.filter(pk=connection.pk).update(label=label.strip()[:120])


def set_interval(
    connection: Connection, minutes: int, *, full_refresh_hours: int | None = None
) -> None:
    """Sync a connection every so many minutes, 5 to 43200 of them.

    ``full_refresh_hours`` is how often to read everything; None is as often as usual.
    """
    Connection.objects.filter(pk=connection.pk).update(
        sync_interval_minutes=minutes,
        full_refresh_hours=full_refresh_hours,
        next_sync_at=timezone.now(),
    )
