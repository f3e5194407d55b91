"""Credentials: the sealed tokens of a connection's row."""

import zlib
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import F
from django.db.models.functions import Left
from msgspec import Struct

from integrations.http.secrets import Secret
from integrations.models import Connection, Credential
from integrations.models.connection import ConnectionQuerySet
from integrations.models.reasons import StateReason
from integrations.oauth.tokens import TokenSet
from integrations.services.common import connection_state
from integrations.services.common.errors import NoTokenError
from integrations.services.common.sealing import crypto
from integrations.services.grants.stores import restored_database

PURPOSE = "tokens"
# In seconds. A shorter life that a provider tells is not believed, or its tokens would
# be renewed without end; a token that is over before is refused, and renewed for that.
SHORTEST_LIFE = 30
# What pages show of a credential, besides which key sealed it.
TOLD = ("fingerprint", "access_expires_at", "refreshed_at", "refresh_due_at")


class IssuedToken(Struct, frozen=True, kw_only=True):
    """Access token with what tells it from its successors."""

    secret: Secret
    version: int
    generation: int
    expires_at: datetime | None


class CredentialFacts(Struct, frozen=True, kw_only=True):
    """What may be shown of a credential; ``key_id`` is of the key that sealed it."""

    fingerprint: str
    key_id: str
    expires_at: datetime | None
    refreshed_at: datetime
    refresh_due_at: datetime | None


def with_facts(connections: ConnectionQuerySet) -> ConnectionQuerySet:
    """Return connections with what ``facts_of`` tells of them, by the same question.

    No token leaves the database for it.
    """
    start = Left("credential__access_token", crypto.KEY_NAMED_WITHIN)
    shown = {f"token_{name}": F(f"credential__{name}") for name in TOLD}
    return connections.annotate(token_start=start, **shown)


def facts_of(connection: Connection) -> CredentialFacts | None:
    """Return what may be shown of the credential of a connection read ``with_facts``.

    None where there is none.
    """
    told = vars(connection)
    if told["token_refreshed_at"] is None:
        return None
    return CredentialFacts(
        fingerprint=told["token_fingerprint"],
        key_id=crypto.key_id_of_start(told["token_start"]),
        expires_at=told["token_access_expires_at"],
        refreshed_at=told["token_refreshed_at"],
        refresh_due_at=told["token_refresh_due_at"],
    )


def associated_data(column: str, connection_id: UUID, generation: int) -> str:
    """Return the associated data of one sealed column of a credential."""
    return crypto.associated_data("credential", column, connection_id, generation)


def seal_tokens(
    tokens: TokenSet,
    *,
    connection_id: UUID,
    generation: int,
    now: datetime,
    keep_alive: timedelta | None = None,
) -> dict[str, Any]:
    """Return the columns that hold a new pair of tokens, sealed for their row.

    A missing refresh token leaves the old one in place: its columns are then not
    among those returned. ``keep_alive`` is how long the provider lets a grant idle.
    """
    expires_in = tokens.expires_in
    if expires_in is not None:
        expires_in = max(expires_in, SHORTEST_LIFE)
    lifetime = expires_in
    if lifetime is None and keep_alive is not None:
        lifetime = int(keep_alive.total_seconds())
    columns: dict[str, Any] = {
        "access_token": crypto.seal(
            tokens.access_token,
            purpose=PURPOSE,
            associated_data=associated_data("access_token", connection_id, generation),
        ),
        "access_expires_at": _after(now, expires_in),
        "refreshed_at": now,
        "refresh_due_at": due_at(connection_id, now=now, lifetime=lifetime),
        "failures": 0,
        "unknown_outcomes": 0,
        "attempt_id": None,
        "attempt_started_at": None,
        "lease_id": None,
        "lease_until": None,
    }
    if tokens.refresh_token:
        columns["refresh_token"] = crypto.seal(
            tokens.refresh_token,
            purpose=PURPOSE,
            associated_data=associated_data("refresh_token", connection_id, generation),
        )
        columns["fingerprint"] = crypto.fingerprint(tokens.refresh_token)
        columns["refresh_expires_at"] = _after(now, tokens.refresh_expires_in)
    return columns


def _after(now: datetime, seconds: int | None) -> datetime | None:
    return None if seconds is None else now + timedelta(seconds=seconds)


def due_at(
    connection_id: UUID, *, now: datetime, lifetime: int | None
) -> datetime | None:
    """Return when to refresh: ahead of expiry, spread by connection, off the hour.

    ``lifetime`` is in seconds; ``None`` (the provider states none) means never by
    the clock. Short-lived tokens are refreshed after two thirds of their life, and none
    more often than twice a minute.
    """
    if lifetime is None:
        return None
    margin = min(settings.REFRESH_MARGIN, lifetime / 3)
    jitter = margin * (zlib.crc32(connection_id.bytes) % 1000) / 1000
    due = now + timedelta(seconds=max(0.0, lifetime - margin - jitter))
    # Everybody's cron runs at the full hour; providers are slowest then.
    past_hour = due.minute * 60 + due.second
    if past_hour < 60 or past_hour >= 3540:
        due -= timedelta(seconds=min(120.0, margin))
    return max(due, now + timedelta(seconds=SHORTEST_LIFE))


def has_shortest_life(refreshed_at: datetime, expires_at: datetime | None) -> bool:
    """Tell whether a token has the life that is taken for any shorter one."""
    shortest = timedelta(seconds=SHORTEST_LIFE)
    return expires_at is not None and expires_at - refreshed_at <= shortest


def open_access(credential: Credential) -> IssuedToken:
    """Open the access token of a row; raise CryptoError."""
    secret = crypto.unseal(
        credential.access_token,
        purpose=PURPOSE,
        associated_data=associated_data(
            "access_token", credential.connection_id, credential.generation
        ),
    )
    return IssuedToken(
        secret=secret,
        version=credential.version,
        generation=credential.generation,
        expires_at=credential.access_expires_at,
    )


def open_refresh(credential: Credential) -> Secret | None:
    """Open the refresh token of a row, if it has one; raise CryptoError."""
    if not credential.refresh_token:
        return None
    return crypto.unseal(
        credential.refresh_token,
        purpose=PURPOSE,
        associated_data=associated_data(
            "refresh_token", credential.connection_id, credential.generation
        ),
    )


def open_cached(sealed: str, *, connection_id: UUID, generation: int) -> Secret:
    """Open the ciphertext of a cached access token."""
    return crypto.unseal(
        sealed,
        purpose=PURPOSE,
        associated_data=associated_data("access_token", connection_id, generation),
    )


def usable(connection_id: UUID) -> Credential:
    """Re-read the row; raise NoTokenError when there is no grant to refresh."""
    credential = (
        Credential.objects.select_related("connection")
        .filter(connection_id=connection_id)
        .first()
    )
    if credential is None:
        raise NoTokenError(StateReason.NOT_CONNECTED)
    connection = credential.connection
    if not connection.is_connected:
        raise NoTokenError(StateReason.NOT_CONNECTED)
    if connection.state == Connection.State.NEEDS_RECONNECT:
        raise NoTokenError(connection.reason)
    return credential


def store(
    connection_id: UUID, generation: int, version: int, columns: dict[str, Any]
) -> bool:
    """Write sealed tokens unless newer ones are there; return whether it did.

    The fence is generation and version, not the attempt: an answer that comes
    late is still the newest truth as long as nobody stored a newer one.
    """
    stored = Credential.objects.filter(
        connection_id=connection_id, generation=generation, version=version
    ).update(version=version + 1, **columns)
    if stored:
        connection_state.grant_is_good(connection_id, generation)
        _note_newest(connection_id, columns)
    return bool(stored)


def _note_newest(connection_id: UUID, columns: dict[str, Any]) -> None:
    fingerprint = columns.get("fingerprint")
    if fingerprint is None:
        # The answer brought no refresh token: the old one goes on.
        rows = Credential.objects.filter(connection_id=connection_id)
        fingerprint = rows.values_list("fingerprint", flat=True).first() or ""
    restored_database.note_stored(
        connection_id, at=columns["refreshed_at"], fingerprint=fingerprint
    )
