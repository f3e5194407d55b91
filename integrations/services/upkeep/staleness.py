"""Notice connections whose data is older than promised, whatever the reason."""

import logging
from datetime import datetime, timedelta

from integrations.models import Connection
from integrations.models.reasons import StateReason
from integrations.services.common import connection_state

logger = logging.getLogger(__name__)

# The promise of the most frequent schedule; longer ones promise less.
SHORTEST_PROMISE = timedelta(minutes=60)
MOST_AT_ONCE = 1000


def check(*, now: datetime) -> int:
    """Mark what has become stale since the last look; return how many."""
    suspects = Connection.objects.filter(
        state=Connection.State.ACTIVE, last_synced_at__lt=now - SHORTEST_PROMISE
    ).order_by("last_synced_at")[:MOST_AT_ONCE]
    stale = [connection for connection in suspects if connection.is_stale]
    for connection in stale:
        logger.error(
            "connection stale connection=%s last_synced_at=%s",
            connection.pk,
            connection.last_synced_at,
        )
        connection_state.degrade(connection, StateReason.STALE)
    return len(stale)
