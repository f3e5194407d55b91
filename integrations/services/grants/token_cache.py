"""Cache of access tokens as ciphertext, for their remaining life.

An entry stands under connection, generation and version, so that it can never be
mistaken for a newer one. It saves a query; nothing depends on it.
"""

import logging
from uuid import UUID

from django.core.cache import cache
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from integrations.models import Credential
from integrations.services.common.sealing import crypto
from integrations.services.grants import credentials
from integrations.services.grants.credentials import IssuedToken

logger = logging.getLogger(__name__)

# A token without a stated life is looked up in its row again after this long.
UNSTATED_LIFE_SECONDS = 300


def _key(connection_id: UUID, generation: int, version: int) -> str:
    return f"token:{connection_id}:{generation}:{version}"


def put(credential: Credential) -> None:
    """Cache the row's ciphertext until the token's life is over."""
    expires_at = credential.access_expires_at
    life = UNSTATED_LIFE_SECONDS
    if expires_at is not None:
        life = int((expires_at - timezone.now()).total_seconds())
    if life <= 0:
        return
    stamp = expires_at.isoformat() if expires_at else ""
    cache.set(
        _key(credential.connection_id, credential.generation, credential.version),
        f"{stamp}|{credential.access_token}",
        timeout=life,
    )


def get(connection_id: UUID, seen: IssuedToken | None) -> IssuedToken | None:
    """Return the token a caller has seen, if it is still cached and alive."""
    if seen is None:
        return None
    entry = cache.get(_key(connection_id, seen.generation, seen.version))
    if not isinstance(entry, str) or entry.count("|") != 1:
        return None
    stamp, sealed = entry.split("|")
    expires_at = parse_datetime(stamp) if stamp else None
    if expires_at is not None and expires_at <= timezone.now():
        return None
    try:
        secret = credentials.open_cached(
            sealed, connection_id=connection_id, generation=seen.generation
        )
    except (crypto.CryptoError, ValueError):
        logger.warning("cached token unreadable connection=%s", connection_id)
        return None
    return IssuedToken(
        secret=secret,
        version=seen.version,
        generation=seen.generation,
        expires_at=expires_at,
    )


def forget(connection_id: UUID, generation: int, version: int) -> None:
    """Drop the cached ciphertext of one version."""
    cache.delete(_key(connection_id, generation, version))
