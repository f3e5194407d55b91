"""Access tokens: cache, then row, then refresh; the only way to a token."""

import time
from collections.abc import Callable
from typing import Final
from uuid import UUID

from integrations.http.secrets import Secret
from integrations.models import Connection, Credential
from integrations.models.reasons import StateReason
from integrations.services.common.errors import NoTokenError
from integrations.services.common.sealing import crypto
from integrations.services.grants import (
    credentials,
    introspection,
    readability,
    refresh,
    token_cache,
)
from integrations.services.grants.credentials import IssuedToken
from integrations.services.grants.stores import restored_database

# The calls of a page follow each other, and go with one token.
REUSED_SECONDS: Final = 0.5


def token_for(connection_id: UUID, *, seen: IssuedToken | None = None) -> IssuedToken:
    """Return a usable access token, refreshing it when its life is over.

    ``seen`` is the token this caller had last, by which the cache is asked.
    Raises NoTokenError when the connection has no usable grant, and Transient
    when there will be a token later.
    """
    cached = token_cache.get(connection_id, seen)
    if cached is not None:
        return cached
    credential = current_credential(connection_id)
    if restored_database.has_ended(credential):
        restored_database.refuse(credential)
    if credential.is_expired:
        credential = refresh.refresh_credential(
            connection_id, seen_version=credential.version, why="expired"
        )
    return _open_and_cache(credential)


def current_credential(connection_id: UUID) -> Credential:
    """Read the row of a connection that may be used; raise NoTokenError."""
    credential = (
        Credential.objects.filter(connection_id=connection_id)
        .exclude(
            connection__state__in=(
                Connection.State.DISCONNECTED,
                Connection.State.NEEDS_RECONNECT,
            )
        )
        .first()
    )
    if credential is None:
        raise NoTokenError(StateReason.NOT_CONNECTED)
    return credential


def _open_and_cache(credential: Credential) -> IssuedToken:
    try:
        issued = credentials.open_access(credential)
    except crypto.CryptoError as exc:
        readability.note(credential, exc)
        raise NoTokenError(StateReason.CREDENTIAL_UNREADABLE) from exc
    token_cache.put(credential)
    return issued


class TokenSource:
    """Source of one connection's tokens, which refreshes once after a 401.

    A token that was read less than ``REUSED_SECONDS`` ago, by ``clock``, is not looked
    up again: as a call that is on its way, it may be sent so long after a disconnect.
    """

    def __init__(
        self, connection_id: UUID, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._connection_id = connection_id
        self._clock = clock
        self._reused_until = 0.0
        self._issued: IssuedToken | None = None
        self._forced_version: int | None = None

    def __call__(self) -> Secret:
        """Return the access token to send; called for every HTTP attempt."""
        # Held here, because another thread of the same source may forget it meanwhile.
        issued = self._issued
        if issued is None or self._clock() >= self._reused_until:
            issued = token_for(self._connection_id, seen=issued)
            self._issued = issued
            self._reused_until = self._clock() + REUSED_SECONDS
        return issued.secret

    def refresh(self, rejected: Secret) -> bool:
        """Return whether another token than `rejected` is worth one more try."""
        issued = self._issued
        if issued is None or issued.secret != rejected:
            return True
        # However this ends, what was refused is sent no more without a look.
        self._reused_until = 0.0
        token_cache.forget(self._connection_id, issued.generation, issued.version)
        credential = current_credential(self._connection_id)
        if (credential.generation, credential.version) != (
            issued.generation,
            issued.version,
        ):
            self._issued = None
            return True
        if self._forced_version == issued.version:
            return False
        self._forced_version = issued.version + 1
        refresh.refresh_credential(
            self._connection_id, seen_version=issued.version, why=introspection.REFUSED
        )
        self._issued = None
        return True
