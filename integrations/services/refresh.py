"""Renew credentials: one refresh at a time, each refresh token spent at most once.

The protocol, correct without Redis on SQLite and PostgreSQL alike:

1. take a lease by one conditional UPDATE that also names the version seen;
2. re-read the row, and commit the intent (an attempt) before sending;
3. send; the lease is longer than every deadline of the request;
4. store the answer as the very next statement, fenced by generation and version.

An attempt that stays open means that a worker vanished after its intent: the
outcome is unknown, and one spaced retry is allowed.
"""

import logging
import time
import uuid
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import F, Q
from django.utils import timezone

from integrations.http.errors import RateLimited, Transient
from integrations.http.secrets import Secret
from integrations.models import Connection, Credential, RefreshAttempt
from integrations.oauth import errors as oauth_errors
from integrations.oauth.errors import OAuthError
from integrations.oauth.tokens import TokenSet
from integrations.services import (
    connection_state,
    credentials,
    crypto,
    oauth_clients,
    provider_state,
    queue,
    revocations,
    spill,
    token_cache,
)
from integrations.services.errors import NoTokenError

logger = logging.getLogger(__name__)

LEASE_SLACK = 15.0
RETRY_SPACING = timedelta(seconds=30)
WAIT_FOR_WINNER_SECONDS = 4.0
FIRST_BACKOFF, LONGEST_BACKOFF = 15.0, 900.0


def lease_length() -> timedelta:
    """Return how long a refresh holds its connection: beyond every deadline."""
    return timedelta(seconds=settings.HTTP_TOTAL_TIMEOUT + LEASE_SLACK)


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """Name one attempt: what it spends and what fences its result."""

    id: UUID
    connection: Connection
    generation: int
    version: int
    refresh_token: Secret
    follows_unknown: bool
    send_before: float


def renew(connection_id: UUID, *, seen_version: int, why: str) -> Credential:
    """Return a credential newer than ``seen_version``, refreshing if need be.

    Raises NoTokenError when the grant is gone, and Transient when another worker
    is at it, the provider is down, or an unknown outcome must be waited for.
    """
    spill.apply_for(connection_id)
    lease_id = uuid.uuid4()
    if not _take_lease(connection_id, lease_id, seen_version):
        return _winners_result(connection_id, seen_version)
    try:
        attempt = _commit_intent(connection_id, lease_id, why)
    except BaseException:
        _release(connection_id, lease_id)
        raise
    return _send_and_store(attempt)


def _take_lease(connection_id: UUID, lease_id: UUID, seen_version: int) -> bool:
    now = timezone.now()
    taken = (
        Credential.objects.filter(connection_id=connection_id, version=seen_version)
        .filter(Q(lease_until__isnull=True) | Q(lease_until__lt=now))
        .update(lease_id=lease_id, lease_until=now + lease_length())
    )
    return bool(taken)


def _release(connection_id: UUID, lease_id: UUID) -> None:
    Credential.objects.filter(connection_id=connection_id, lease_id=lease_id).update(
        lease_id=None, lease_until=None
    )


def _winners_result(connection_id: UUID, seen_version: int) -> Credential:
    """Wait a little for whoever is refreshing; nobody refreshes for waiting long."""
    until = time.monotonic() + WAIT_FOR_WINNER_SECONDS
    while True:
        credential = _usable_credential(connection_id)
        if credential.version > seen_version:
            return credential
        if time.monotonic() >= until:
            raise RateLimited(
                "another worker is renewing this connection", retry_after=5.0
            )
        time.sleep(0.2)


def _usable_credential(connection_id: UUID) -> Credential:
    credential = (
        Credential.objects.select_related("connection")
        .filter(connection_id=connection_id)
        .first()
    )
    if credential is None:
        raise NoTokenError("not_connected")
    connection = credential.connection
    if connection.state == Connection.State.NEEDS_RECONNECT:
        raise NoTokenError(connection.reason)
    return credential


def _prepare(connection_id: UUID, lease_id: UUID) -> tuple[Credential, Secret]:
    """Re-read under the lease and make sure that the token may be spent now."""
    credential = _usable_credential(connection_id)
    if credential.lease_id != lease_id:
        raise RateLimited("the lease was taken over", retry_after=5.0)
    provider_state.ensure_running(credential.connection.provider)
    refresh_token = _refresh_token(credential)
    _check_open_attempt(credential, refresh_token)
    return credential, refresh_token


def _commit_intent(connection_id: UUID, lease_id: UUID, why: str) -> Attempt:
    """Commit what is about to be spent, before it is."""
    began, now = time.monotonic(), timezone.now()
    credential, refresh_token = _prepare(connection_id, lease_id)
    follows_unknown = credential.attempt_id is not None
    attempt_id = uuid.uuid4()
    with transaction.atomic():
        intended = Credential.objects.filter(
            pk=credential.pk, lease_id=lease_id, version=credential.version
        ).update(
            attempt_id=attempt_id,
            attempt_version=credential.version,
            attempt_started_at=now,
            unknown_outcomes=F("unknown_outcomes") + (1 if follows_unknown else 0),
        )
        if not intended:
            raise RateLimited("the lease was taken over", retry_after=5.0)
        _close_open_attempts(connection_id)
        RefreshAttempt.objects.create(
            id=attempt_id,
            connection=credential.connection,
            why=why,
            started_at=now,
            fingerprint=credential.fingerprint,
            generation=credential.generation,
            version=credential.version,
        )
    return Attempt(
        id=attempt_id,
        connection=credential.connection,
        generation=credential.generation,
        version=credential.version,
        refresh_token=refresh_token,
        follows_unknown=follows_unknown,
        send_before=began + LEASE_SLACK / 2,
    )


def _refresh_token(credential: Credential) -> Secret:
    try:
        refresh_token = credentials.open_refresh(credential)
    except crypto.CryptoError as exc:
        raise NoTokenError("credential_unreadable") from exc
    if refresh_token is None:
        connection_state.needs_reconnect(
            credential.connection, "grant_rejected", version=credential.version
        )
        raise NoTokenError("grant_rejected")
    return refresh_token


def _check_open_attempt(credential: Credential, refresh_token: Secret) -> None:
    """Refuse to spend a token again too soon, or once too often."""
    started_at = credential.attempt_started_at
    if credential.attempt_id is None or started_at is None:
        return
    again_at = started_at + _spacing(credential.unknown_outcomes)
    wait = (again_at - timezone.now()).total_seconds()
    if wait > 0:
        raise RateLimited("the last refresh is still unresolved", retry_after=wait)
    if credential.unknown_outcomes < 1:
        return
    # The one retry is spent as well. Only the provider can tell whether the
    # token still lives, and asking spends nothing.
    alive = _is_grant_alive(credential.connection.provider, refresh_token)
    if alive is None:
        raise Transient("the outcome of the last refresh is unknown", retry_after=60.0)
    if not alive:
        connection_state.needs_reconnect(
            credential.connection, "rotation_lost", version=credential.version
        )
        raise NoTokenError("rotation_lost")


def _spacing(unknown_outcomes: int) -> timedelta:
    seconds = RETRY_SPACING.total_seconds() * 2 ** min(unknown_outcomes, 5)
    return timedelta(seconds=min(seconds, LONGEST_BACKOFF))


def _is_grant_alive(provider: str, refresh_token: Secret) -> bool | None:
    """Ask the provider whether a refresh token still lives; None if it cannot say."""
    oauth = oauth_clients.oauth_client(provider)
    if not oauth.config.introspect_url:
        return None
    try:
        return oauth.introspect(refresh_token, hint="refresh_token").active
    except OAuthError:
        return None


def _close_open_attempts(connection_id: UUID) -> None:
    RefreshAttempt.objects.filter(
        connection_id=connection_id, outcome=RefreshAttempt.Outcome.STARTED
    ).update(outcome=RefreshAttempt.Outcome.ABANDONED)


def _send_and_store(attempt: Attempt) -> Credential:
    oauth = oauth_clients.oauth_client(attempt.connection.provider)
    began = time.monotonic()
    if began > attempt.send_before:
        # The process stood still between intent and sending; the lease may be gone.
        _not_sent(attempt)
        raise RateLimited("the worker was held up", retry_after=5.0)
    try:
        tokens = oauth.refresh(attempt.refresh_token)
    except OAuthError as exc:
        _record(attempt, _outcome(exc), began, status=exc.status, code=exc.error)
        return _after_failure(attempt, exc)
    stored = _store(attempt, tokens)
    outcomes = RefreshAttempt.Outcome
    outcome = outcomes.REFRESHED if stored else outcomes.SUPERSEDED
    _record(attempt, outcome, began, status=200)
    return _usable_credential(attempt.connection.pk)


def _store(attempt: Attempt, tokens: TokenSet) -> bool:
    """Store a good answer; say whether it became the current one.

    The fence is generation and version, not the attempt: an answer that comes
    late is still the newest truth as long as nobody stored a newer one.
    """
    connection_id = attempt.connection.pk
    columns = credentials.seal_tokens(
        tokens,
        connection_id=connection_id,
        generation=attempt.generation,
        now=timezone.now(),
    )
    try:
        stored = credentials.store(
            connection_id, attempt.generation, attempt.version, columns
        )
    except DatabaseError:
        logger.exception("refresh answer spilled connection=%s", connection_id)
        spill.keep(connection_id, attempt.generation, attempt.version, columns)
        raise Transient("the database is away", retry_after=10.0) from None
    if not stored:
        _revoke_unused(attempt, tokens)
        return False
    token_cache.forget(connection_id, attempt.version)
    logger.info("token renewed connection=%s", connection_id)
    return True


def _revoke_unused(attempt: Attempt, tokens: TokenSet) -> None:
    """Give back tokens that lost the race, unless they are the stored ones."""
    if not tokens.refresh_token:
        return
    unused = crypto.fingerprint(tokens.refresh_token)
    current = Credential.objects.filter(connection_id=attempt.connection.pk).first()
    if current is not None and unused == current.fingerprint:
        return
    if unused == crypto.fingerprint(attempt.refresh_token):
        return
    connection = attempt.connection
    revocations.keep(connection.provider, connection.remote_id, tokens.refresh_token)


def _outcome(exc: OAuthError) -> RefreshAttempt.Outcome:
    outcomes = RefreshAttempt.Outcome
    table: tuple[tuple[type[OAuthError], RefreshAttempt.Outcome], ...] = (
        (oauth_errors.GrantRejected, outcomes.GRANT_REJECTED),
        (oauth_errors.ClientRejected, outcomes.CLIENT_REJECTED),
        (oauth_errors.RequestRejected, outcomes.REQUEST_REJECTED),
        (oauth_errors.Conflict, outcomes.CONFLICT),
        (oauth_errors.TokenRateLimited, outcomes.RATE_LIMITED),
        (oauth_errors.TokenServerError, outcomes.SERVER),
        (oauth_errors.NotSent, outcomes.NOT_SENT),
        (oauth_errors.MalformedTokenResponse, outcomes.MALFORMED),
        (oauth_errors.OutcomeUnknown, outcomes.UNKNOWN),
    )
    return next((o for kind, o in table if isinstance(exc, kind)), outcomes.UNKNOWN)


def _record(
    attempt: Attempt,
    outcome: RefreshAttempt.Outcome,
    began: float,
    *,
    status: int | None,
    code: str = "",
) -> None:
    RefreshAttempt.objects.filter(pk=attempt.id).update(
        outcome=outcome,
        duration_ms=int((time.monotonic() - began) * 1000),
        status=status,
        error_code=(code or "")[:80],
    )
    logger.info(
        "refresh ended connection=%s outcome=%s status=%s",
        attempt.connection.pk,
        outcome.value,
        status,
    )


def _after_failure(attempt: Attempt, exc: OAuthError) -> Credential:
    """Decide by the closed set of outcomes; always raises, or returns the winner's."""
    outcomes = RefreshAttempt.Outcome
    outcome = _outcome(exc)
    if outcome in (outcomes.UNKNOWN, outcomes.MALFORMED, outcomes.CONFLICT):
        return _outcome_unknown(attempt, exc)
    if outcome == outcomes.GRANT_REJECTED:
        return _grant_rejected(attempt, exc)
    if outcome == outcomes.CLIENT_REJECTED:
        provider_state.pause(attempt.connection.provider, exc)
    elif outcome == outcomes.REQUEST_REJECTED:
        provider_state.note(attempt.connection.provider, "token_request_rejected")
    wait = exc.retry_after or backoff(_failures(attempt))
    _not_sent(attempt, retry_in=wait)
    raise Transient("the provider could not renew the token", retry_after=wait) from exc


def _failures(attempt: Attempt) -> int:
    found = Credential.objects.filter(connection_id=attempt.connection.pk)
    return found.values_list("failures", flat=True).first() or 0


def backoff(failures: int) -> float:
    """Return seconds to wait after so many failures, full jitter by the clock."""
    ceiling = min(LONGEST_BACKOFF, FIRST_BACKOFF * float(2 ** min(failures, 10)))
    return ceiling * (0.5 + (time.time_ns() % 1000) / 2000)


def _not_sent(attempt: Attempt, *, retry_in: float = 5.0) -> None:
    """Close an attempt that certainly spent nothing, or was certainly refused."""
    Credential.objects.filter(
        connection_id=attempt.connection.pk, attempt_id=attempt.id
    ).update(
        attempt_id=None,
        attempt_version=None,
        attempt_started_at=None,
        lease_id=None,
        lease_until=None,
        failures=F("failures") + 1,
        refresh_due_at=timezone.now() + timedelta(seconds=retry_in),
    )


def _outcome_unknown(attempt: Attempt, exc: OAuthError) -> Credential:
    """Leave the attempt open, so that the next worker spaces its one retry."""
    if isinstance(exc, oauth_errors.MalformedTokenResponse):
        provider_state.note(attempt.connection.provider, "malformed_token_answer")
    wait = RETRY_SPACING.total_seconds()
    Credential.objects.filter(
        connection_id=attempt.connection.pk, attempt_id=attempt.id
    ).update(
        lease_id=None,
        lease_until=None,
        failures=F("failures") + 1,
        refresh_due_at=timezone.now() + RETRY_SPACING,
    )
    current = _usable_credential(attempt.connection.pk)
    if current.version > attempt.version:
        return current
    raise Transient("the outcome of the refresh is unknown", retry_after=wait) from exc


def _grant_rejected(attempt: Attempt, exc: OAuthError) -> Credential:
    """Re-read, then decide: a newer version wins over a refusal of the old one."""
    current = _usable_credential(attempt.connection.pk)
    if (current.version, current.generation) != (attempt.version, attempt.generation):
        return current
    reason = "rotation_lost" if attempt.follows_unknown else "grant_rejected"
    connection_state.needs_reconnect(
        attempt.connection,
        reason,
        generation=attempt.generation,
        version=attempt.version,
    )
    raise NoTokenError(reason) from exc


def request_refresh(connection: Connection, *, why: str) -> bool:
    """Queue a refresh; False when the broker is away and it will run later."""
    Credential.objects.filter(connection=connection).update(
        refresh_due_at=timezone.now()
    )
    return queue.send("refresh_connection", connection.pk, why)
