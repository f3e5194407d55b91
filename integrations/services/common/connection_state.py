"""State transitions of a connection, by conditional statements only."""

import logging
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from integrations.models import Connection, Credential, SyncRun
from integrations.models.reasons import ReasonCode, StateReason
from integrations.services.common import audit

logger = logging.getLogger(__name__)

GRANT_REASONS = (
    StateReason.GRANT_REJECTED,
    StateReason.ROTATION_LOST,
    StateReason.DATABASE_RESTORED,
    StateReason.CREDENTIAL_UNREADABLE,
    StateReason.SITE_KEY_WRONG,
)


def needs_reconnect(
    connection: Connection,
    reason: StateReason,
    *,
    generation: int | None = None,
    version: int | None = None,
) -> bool:
    """Mark a connection that only its user can repair.

    Nothing happens when a newer grant or a newer version has come in meanwhile.
    """
    with transaction.atomic():
        # Locked in the order of connecting and disconnecting: connection, credential.
        rows = Connection.objects.select_for_update(no_key=True)
        if rows.filter(pk=connection.pk).first() is None:
            return False
        if version is not None and not _is_current(connection, generation, version):
            return False
        changed = Connection.objects.filter(
            pk=connection.pk,
            generation=generation or connection.generation,
            state__in=(
                Connection.State.ACTIVE,
                Connection.State.DEGRADED,
                Connection.State.PAUSED,
            ),
        ).update(
            state=Connection.State.NEEDS_RECONNECT,
            reason=reason,
            state_since=timezone.now(),
        )
        if not changed:
            return False
        audit.record("connection.needs_reconnect", subject=connection.pk, reason=reason)
    logger.warning("needs reconnect connection=%s reason=%s", connection.pk, reason)
    return True


def _is_current(connection: Connection, generation: int | None, version: int) -> bool:
    """Look, and keep a newer version out until the state is written.

    A good answer that comes in a moment later then finds the state and repairs it.
    """
    rows = Credential.objects.select_for_update().filter(
        connection=connection,
        generation=generation or connection.generation,
        version=version,
    )
    return rows.first() is not None


def grant_is_good(connection_id: UUID, generation: int) -> None:
    """Reactivate a connection whose grant has just proven to work.

    What was quarantined before is so again: no grant has mended what killed its
    worker.
    """
    held = Connection.objects.filter(
        pk=connection_id,
        generation=generation,
        state__in=(Connection.State.NEEDS_RECONNECT, Connection.State.DEGRADED),
        reason__in=(*GRANT_REASONS, StateReason.UNAUTHORIZED),
    )
    if not held.exists():
        return
    state, reason = Connection.State.ACTIVE, ""
    if _was_quarantined(connection_id, generation):
        state, reason = Connection.State.DEGRADED, StateReason.QUARANTINED
    held.update(state=state, reason=reason, state_since=timezone.now())


def _was_quarantined(connection_id: UUID, generation: int) -> bool:
    """Tell whether the latest run that had a token was the last one for now."""
    runs = SyncRun.objects.filter(connection=connection_id, generation=generation)
    latest = runs.exclude(reason=ReasonCode.NO_TOKEN).first()
    return latest is not None and latest.outcome == SyncRun.Outcome.QUARANTINED


def degrade(connection: Connection, reason: StateReason) -> None:
    """Mark a connection as degraded: a failure that may pass by itself."""
    changed = (
        Connection.objects.filter(
            pk=connection.pk,
            generation=connection.generation,
            state__in=(Connection.State.ACTIVE, Connection.State.DEGRADED),
        )
        .exclude(state=Connection.State.DEGRADED, reason=reason)
        .update(
            state=Connection.State.DEGRADED, reason=reason, state_since=timezone.now()
        )
    )
    if changed:
        logger.warning("degraded connection=%s reason=%s", connection.pk, reason)


def recover(connection: Connection) -> None:
    """Reactivate a degraded connection."""
    Connection.objects.filter(
        pk=connection.pk,
        generation=connection.generation,
        state=Connection.State.DEGRADED,
    ).update(state=Connection.State.ACTIVE, reason="", state_since=timezone.now())


def synced(connection: Connection, *, at: datetime) -> None:
    """Record that a connection's data is fresh."""
    Connection.objects.filter(pk=connection.pk).update(last_synced_at=at)
