"""Intent of a refresh: what is about to be spent, committed before it is sent."""

import time
import uuid
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from msgspec import Struct

from integrations.http.errors import REFRESHING, RateLimited, Transient
from integrations.http.secrets import Secret
from integrations.models import Connection, Credential, RefreshAttempt
from integrations.models.reasons import StateReason
from integrations.services.common import connection_state
from integrations.services.common.errors import NoTokenError
from integrations.services.common.sealing import crypto
from integrations.services.grants import (
    circuit_breaker,
    credentials,
    introspection,
    readability,
)
from integrations.services.grants.refresh_attempts import lease
from integrations.services.grants.stores import restored_database

RETRY_SPACING, LONGEST_SPACING = timedelta(seconds=30), timedelta(minutes=15)
LEAST_PATIENCE = timedelta(seconds=75)


class Attempt(Struct, frozen=True, kw_only=True):
    """One refresh attempt: what it spends, and what fences its result."""

    id: UUID
    lease_id: UUID
    connection: Connection
    generation: int
    version: int
    refresh_token: Secret
    follows_unknown: bool
    send_before: float


def commit(connection_id: UUID, lease_id: UUID, why: str) -> Attempt:
    """Re-read the row under the lease and commit the intent; raise if it may not be."""
    credential, refresh_token = _prepare(connection_id, lease_id)
    attempt = Attempt(
        id=uuid.uuid4(),
        lease_id=lease_id,
        connection=credential.connection,
        generation=credential.generation,
        version=credential.version,
        refresh_token=refresh_token,
        follows_unknown=credential.attempt_id is not None,
        send_before=time.monotonic() + lease.MARGIN_SECONDS / 2,
    )
    _commit(attempt, credential, why)
    return attempt


def _prepare(connection_id: UUID, lease_id: UUID) -> tuple[Credential, Secret]:
    credential = credentials.usable(connection_id)
    if credential.lease_id != lease_id:
        raise _busy("the lease was taken over", 5.0)
    circuit_breaker.ensure_running(credential.connection.provider)
    refresh_token = _refresh_token(credential)
    _check_newest(credential, refresh_token)
    _check_open_attempt(credential, refresh_token)
    circuit_breaker.take_probe(credential.connection.provider)
    return credential, refresh_token


def _refresh_token(credential: Credential) -> Secret:
    try:
        refresh_token = credentials.open_refresh(credential)
    except crypto.CryptoError as exc:
        readability.note(credential, exc)
        raise NoTokenError(StateReason.CREDENTIAL_UNREADABLE) from exc
    if refresh_token is None:
        connection_state.needs_reconnect(
            credential.connection,
            StateReason.GRANT_REJECTED,
            version=credential.version,
        )
        raise NoTokenError(StateReason.GRANT_REJECTED)
    return refresh_token


def _check_newest(credential: Credential, refresh_token: Secret) -> None:
    """Refuse to spend a token of a restored backup, unless it is proven unspent."""
    if not restored_database.is_superseded(credential):
        return
    if restored_database.has_ended(credential):
        restored_database.refuse(credential)
    try:
        is_unspent = introspection.is_unspent(credential, refresh_token)
    except introspection.NO_ANSWER as exc:
        raise Transient("nobody can say what became of it", retry_after=15.0) from exc
    if not is_unspent:
        restored_database.refuse(credential)


def _commit(attempt: Attempt, credential: Credential, why: str) -> None:
    now = timezone.now()
    # Durable: an intent that could still be rolled back would be none.
    with transaction.atomic(durable=True):
        _close_open_attempts(attempt.connection.pk)
        # Before the credential: its foreign key locks the connection's row, which
        # disconnecting locks first as well.
        RefreshAttempt.objects.create(
            id=attempt.id,
            connection=attempt.connection,
            why=why,
            started_at=now,
            fingerprint=credential.fingerprint,
            generation=attempt.generation,
            version=attempt.version,
        )
        intended = Credential.objects.filter(
            pk=credential.pk, lease_id=attempt.lease_id, version=attempt.version
        ).update(
            attempt_id=attempt.id,
            attempt_started_at=now,
            # Asking about an open attempt has taken some of the lease's time.
            lease_until=now + lease.length(),
            unknown_outcomes=F("unknown_outcomes") + int(attempt.follows_unknown),
        )
        if not intended:
            raise _busy("the lease was taken over", 5.0)


def _close_open_attempts(connection_id: UUID) -> None:
    RefreshAttempt.objects.filter(
        connection_id=connection_id, outcome=RefreshAttempt.Outcome.STARTED
    ).update(outcome=RefreshAttempt.Outcome.ABANDONED)


def _check_open_attempt(credential: Credential, refresh_token: Secret) -> None:
    """Refuse to spend a token again too soon, or when that can only do harm.

    A provider that can be asked is: asking spends nothing, and a second use of a
    rotated token could end a grant whose answer is still on its way.
    """
    started_at = credential.attempt_started_at
    if credential.attempt_id is None or started_at is None:
        return
    age = timezone.now() - started_at
    if age < timedelta(0):
        # The clock was set back; the spacing begins anew.
        Credential.objects.filter(
            pk=credential.pk, attempt_id=credential.attempt_id
        ).update(attempt_started_at=timezone.now())
        age = timedelta(0)
    _wait_for(_spacing(credential.unknown_outcomes) - age)
    try:
        is_unspent = introspection.is_unspent(credential, refresh_token)
    except introspection.NO_ANSWER as exc:
        is_first = credential.unknown_outcomes < 1
        if is_first and age > _patience() and not introspection.was_spent(credential):
            return
        raise Transient("nobody can say what became of it", retry_after=15.0) from exc
    # Where nobody can be asked, the second time that it was sent was the last.
    is_sent_twice = is_unspent is None and credential.unknown_outcomes >= 1
    if is_unspent is not False and not is_sent_twice:
        return
    _wait_for(_patience() - age)
    _close_open_attempts(credential.connection_id)
    connection_state.needs_reconnect(
        credential.connection, StateReason.ROTATION_LOST, version=credential.version
    )
    raise NoTokenError(StateReason.ROTATION_LOST)


def _patience() -> timedelta:
    """Return how long an answer is hoped for that a worker may yet bring.

    A token that was seen to be spent has one, and that worker may have stood still.
    """
    return max(LEAST_PATIENCE, lease.length())


def _wait_for(time_left: timedelta) -> None:
    seconds = time_left.total_seconds()
    if seconds > 0:
        raise _busy("the last refresh is still unresolved", seconds)


def _busy(message: str, seconds: float) -> RateLimited:
    return RateLimited(message, retry_after=seconds, code=REFRESHING)


def _spacing(unknown_outcomes: int) -> timedelta:
    """Return the pause before a token is spent again: 30 s, then ever longer.

    After the second time only a provider that says that it is unspent is sent it.
    """
    return min(RETRY_SPACING * 4 ** min(unknown_outcomes, 3), LONGEST_SPACING)
