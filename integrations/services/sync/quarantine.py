"""Quarantine: what kept killing its worker is not started again by the schedule.

A user or staff who asks for a sync starts it, and so does a new release, which may
have mended what killed it.
"""

import logging

from django.db.models import Q, QuerySet
from django.utils import timezone

from integrations.models import Connection, SyncRun
from integrations.models.reasons import Reason, ReasonCode, StateReason
from integrations.services.common import release

logger = logging.getLogger(__name__)

QUARANTINED = Q(state=Connection.State.DEGRADED, reason=StateReason.QUARANTINED)


def reason() -> Reason:
    """Return why a run is quarantined, with the release that it happened to."""
    return Reason.of(ReasonCode.LEASE_LOST, release=release.current())


def lift_for_new_release(*, most: int = 1000) -> int:
    """Let the schedule go on with what another release has quarantined."""
    lifted = 0
    for connection in _quarantined()[:most]:
        run = connection.runs.filter(outcome=SyncRun.Outcome.QUARANTINED).first()
        # Of a run that is deleted nobody knows whether this release has mended it.
        if run is None or run.reason_data.get("release") == release.current():
            continue
        lifted += (
            _quarantined()
            .filter(pk=connection.pk)
            .update(
                state=Connection.State.ACTIVE,
                reason="",
                state_since=timezone.now(),
                next_sync_at=timezone.now(),
            )
        )
        logger.info("quarantine lifted by a new release connection=%s", connection.pk)
    return lifted


def _quarantined() -> QuerySet[Connection]:
    return Connection.objects.filter(QUARANTINED)
