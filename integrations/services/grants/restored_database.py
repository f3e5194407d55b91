"""Recognition of a database that was restored from a backup.

The cache remembers of each connection which refresh token was stored last, by its
fingerprint and time. A row that knows an older one comes from a backup: its token may
be spent by now, or its grant ended. Without the cache the provider's answer decides.
"""

import logging
from datetime import datetime
from typing import NoReturn
from uuid import UUID

from django.core.cache import cache
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from integrations.models import Credential, times
from integrations.models.reasons import StateReason
from integrations.services.common import connection_state
from integrations.services.common.errors import NoTokenError

logger = logging.getLogger(__name__)

LIFE_SECONDS = 90 * 24 * 3600
# Stands for the fingerprint where a grant was given back or moved to another server.
ENDED = "ended"


def _key(connection_id: UUID) -> str:
    return f"newest_grant:{connection_id}"


def note_stored(connection_id: UUID, *, at: datetime, fingerprint: str) -> None:
    """Remember which refresh token a connection has, once the database has it."""
    cache.set(
        _key(connection_id), f"{at.isoformat()}|{fingerprint}", timeout=LIFE_SECONDS
    )


def note_ended(connection_id: UUID, *, at: datetime) -> None:
    """Remember that since ``at`` this site has no right to a connection's grant.

    Not where a new one was stored, and noted, after that transaction and before this.
    """
    noted = _noted(connection_id)
    if noted is None or noted[0] <= at:
        note_stored(connection_id, at=at, fingerprint=ENDED)


def is_superseded(credential: Credential) -> bool:
    """Tell whether another refresh token was stored after the row's, or none is."""
    newest = _newer(credential)
    return newest is not None and newest != credential.fingerprint


def has_ended(credential: Credential) -> bool:
    """Tell whether the grant ended after the row was written."""
    return _newer(credential) == ENDED


def _newer(credential: Credential) -> str | None:
    """Return the fingerprint that was stored after the row, None for none."""
    noted = _noted(credential.connection_id)
    if noted is None:
        return None
    at, fingerprint = noted
    return fingerprint if at > credential.refreshed_at else None


def _noted(connection_id: UUID) -> tuple[datetime, str] | None:
    """Return what was stored last and when, unless a clock that was ahead says so."""
    entry = cache.get(_key(connection_id))
    if not isinstance(entry, str) or entry.count("|") != 1:
        return None
    stamp, fingerprint = entry.split("|")
    at = parse_datetime(stamp)
    if at is None or times.is_ahead(at, timezone.now()):
        return None
    return at, fingerprint


def refuse(credential: Credential) -> NoReturn:
    """Mark the connection of a superseded row, and raise NoTokenError."""
    logger.error("database older than a grant connection=%s", credential.connection_id)
    connection_state.needs_reconnect(
        credential.connection,
        StateReason.DATABASE_RESTORED,
        generation=credential.generation,
        version=credential.version,
    )
    raise NoTokenError(StateReason.DATABASE_RESTORED)
