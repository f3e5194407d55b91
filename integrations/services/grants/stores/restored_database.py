"""Recognition of a database that was restored from a backup.

The cache, and a ledger on each machine, remember of each connection which refresh token
was stored last, by its fingerprint and time. A row that knows an older one comes from a
backup: its token may be spent by now, or its grant ended. Without both the provider's
answer decides.
"""

import logging
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import NoReturn
from uuid import UUID

from django.core.cache import cache
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from integrations.models import Credential, times
from integrations.models.reasons import StateReason
from integrations.services.common import connection_state, shared_cache
from integrations.services.common.errors import NoTokenError
from integrations.services.grants.stores import grant_ledger

logger = logging.getLogger(__name__)

LIFE_SECONDS = 90 * 24 * 3600
# Stands for the fingerprint where a grant was given back or moved to another server.
ENDED = "ended"


def _key(connection_id: UUID) -> str:
    return f"newest_grant:{connection_id}"


def note_stored(connection_id: UUID, *, at: datetime, fingerprint: str) -> None:
    """Remember which refresh token a connection has, once the database has it."""
    stamp = at.astimezone(UTC).isoformat(timespec="microseconds")
    entry = f"{stamp}|{fingerprint}"
    cache.set(_key(connection_id), entry, timeout=LIFE_SECONDS)
    grant_ledger.note(connection_id, stamp, entry)


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
    """Return what was stored last and when, by the cache or by this machine."""
    told = (cache.get(_key(connection_id)), grant_ledger.entry_of(connection_id))
    known = [noted for noted in map(_parsed, told) if noted is not None]
    return max(known, key=itemgetter(0), default=None)


def _parsed(entry: object) -> tuple[datetime, str] | None:
    """Return the time and fingerprint of an entry; none of a clock that was ahead."""
    if not isinstance(entry, str) or entry.count("|") != 1:
        return None
    stamp, fingerprint = entry.split("|")
    at = parse_datetime(stamp)
    if at is None or times.is_ahead(at, timezone.now()):
        return None
    return at, fingerprint


def publish(machine: str) -> int:
    """Tell the cache what this machine remembers, once after it was emptied.

    Returns how many entries that were. Another machine may have ended what this one
    is about to use. Raises sqlite3.Error or OSError where the ledger cannot be read;
    the next call tells then, as after one that the cache left.
    """
    key = f"newest_grants_of:{machine}"
    if not shared_cache.is_shared() or cache.get(key):
        return 0
    told = 0
    since = timezone.now().astimezone(UTC) - timedelta(seconds=LIFE_SECONDS)
    for some in grant_ledger.entries(since=since.isoformat(timespec="microseconds")):
        told += _tell(some)
        if not shared_cache.is_shared():
            return told
    cache.set(key, "1", timeout=LIFE_SECONDS)
    return told


def _tell(entries: dict[UUID, str]) -> int:
    """Tell the cache what of these is newer than what it knows; return how many."""
    known = cache.get_many([_key(each) for each in entries])
    newer = {
        _key(each): entry
        for each, entry in entries.items()
        if entry > str(known.get(_key(each), ""))
    }
    cache.set_many(newer, timeout=LIFE_SECONDS)
    return len(newer)


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
