"""Outcome of a refresh: an answer stored as the very next statement, or a failure."""

import logging
import time
from datetime import timedelta
from typing import Any

from django.db import Error as AnyDatabaseError
from django.db import connection as database
from django.db.models import F
from django.utils import timezone

from integrations.http.errors import Transient
from integrations.models import Credential, RefreshAttempt
from integrations.models.reasons import StateReason
from integrations.oauth import errors as oauth_errors
from integrations.oauth.errors import OAuthError
from integrations.oauth.tokens import TokenSet
from integrations.providers import SPECS
from integrations.services.common import connection_state, metrics
from integrations.services.common.errors import NoTokenError
from integrations.services.common.sealing import crypto
from integrations.services.grants import (
    circuit_breaker,
    credentials,
    revocation,
    token_cache,
)
from integrations.services.grants.refresh_attempts.intent import RETRY_SPACING, Attempt
from integrations.services.grants.stores import fallback_store

logger = logging.getLogger(__name__)

FIRST_BACKOFF, LONGEST_BACKOFF, LONGEST_UNSENT = 15.0, 300.0, 60.0
# A restarted database is back within these seconds; a longer outage is the sweep's.
PAUSES_BEFORE_STORING = (0.2, 0.8)
KINDS: tuple[tuple[type[OAuthError], RefreshAttempt.Outcome], ...] = (
    (oauth_errors.GrantRejected, RefreshAttempt.Outcome.GRANT_REJECTED),
    (oauth_errors.ClientRejected, RefreshAttempt.Outcome.CLIENT_REJECTED),
    (oauth_errors.RequestRejected, RefreshAttempt.Outcome.REQUEST_REJECTED),
    (oauth_errors.Conflict, RefreshAttempt.Outcome.CONFLICT),
    (oauth_errors.TokenRateLimited, RefreshAttempt.Outcome.RATE_LIMITED),
    (oauth_errors.TokenServerError, RefreshAttempt.Outcome.SERVER),
    (oauth_errors.NotSent, RefreshAttempt.Outcome.NOT_SENT),
    (oauth_errors.MalformedTokenResponse, RefreshAttempt.Outcome.MALFORMED),
    (oauth_errors.OutcomeUnknown, RefreshAttempt.Outcome.UNKNOWN),
)


def record(
    attempt: Attempt,
    outcome: RefreshAttempt.Outcome,
    began: float,
    *,
    status: int | None,
    code: str = "",
) -> None:
    """Record how an attempt ended."""
    RefreshAttempt.objects.filter(pk=attempt.id).update(
        outcome=outcome,
        duration_ms=int((time.monotonic() - began) * 1000),
        status=status,
        error_code=(code or "")[:80],
    )
    metrics.count(
        metrics.REFRESHES,
        provider=attempt.connection.provider,
        outcome=outcome.value,
    )
    logger.info(
        "refresh ended connection=%s outcome=%s status=%s",
        attempt.connection.pk,
        outcome.value,
        status,
    )


def of(exc: OAuthError) -> RefreshAttempt.Outcome:
    """Return the outcome that an error of the token endpoint stands for."""
    return next(
        (o for kind, o in KINDS if isinstance(exc, kind)),
        RefreshAttempt.Outcome.UNKNOWN,
    )


def store(attempt: Attempt, tokens: TokenSet) -> RefreshAttempt.Outcome:
    """Store a good answer and return whether it became the current one.

    The fence is generation and version, not the attempt: an answer that comes
    late is still the newest truth as long as nobody stored a newer one.
    """
    connection_id = attempt.connection.pk
    columns = credentials.seal_tokens(
        tokens,
        connection_id=connection_id,
        generation=attempt.generation,
        now=timezone.now(),
        keep_alive=SPECS[attempt.connection.provider].keep_alive,
    )
    try:
        stored = credentials.store(
            connection_id, attempt.generation, attempt.version, columns
        )
    except AnyDatabaseError:
        logger.exception("refresh answer not stored connection=%s", connection_id)
        return _store_later(attempt, columns)
    if not stored:
        if tokens.refresh_token:
            revocation.revoke_late_tokens(
                provider=attempt.connection.provider,
                account_id=attempt.connection.remote_id,
                access_token=tokens.access_token,
                refresh_token=tokens.refresh_token,
                connection_id=connection_id,
                generation=attempt.generation,
                spent=crypto.fingerprint(attempt.refresh_token),
            )
        return RefreshAttempt.Outcome.SUPERSEDED
    token_cache.forget(connection_id, attempt.generation, attempt.version)
    logger.info("token refreshed connection=%s", connection_id)
    return RefreshAttempt.Outcome.REFRESHED


def _store_later(attempt: Attempt, columns: dict[str, Any]) -> RefreshAttempt.Outcome:
    """Write to the fallback store first, then try the database again."""
    fallback_store.write(attempt, columns)
    for pause in PAUSES_BEFORE_STORING:
        time.sleep(pause)
        try:
            database.close_if_unusable_or_obsolete()
            fallback_store.restore(attempt.connection.pk)
        except AnyDatabaseError:
            continue
        return RefreshAttempt.Outcome.FALLBACK_STORED
    raise Transient("the database is away", retry_after=10.0)


def handle_failure(attempt: Attempt, exc: OAuthError) -> Credential:
    """Handle a failure by its outcome: raise, or return what another worker stored."""
    outcome = of(exc)
    if outcome in (
        RefreshAttempt.Outcome.UNKNOWN,
        RefreshAttempt.Outcome.MALFORMED,
        RefreshAttempt.Outcome.CONFLICT,
    ):
        return _outcome_unknown(attempt, exc)
    if outcome == RefreshAttempt.Outcome.GRANT_REJECTED:
        return _grant_rejected(attempt, exc)
    if outcome == RefreshAttempt.Outcome.CLIENT_REJECTED:
        circuit_breaker.pause(attempt.connection.provider, exc)
    elif outcome == RefreshAttempt.Outcome.REQUEST_REJECTED:
        circuit_breaker.note(attempt.connection.provider, "token_request_rejected")
    wait = backoff(_failures(attempt))
    is_sent = outcome != RefreshAttempt.Outcome.NOT_SENT
    if not is_sent:
        wait = min(wait, LONGEST_UNSENT)
    wait = wait if exc.retry_after is None else max(exc.retry_after, 1.0)
    close_unspent(attempt, retry_in=wait, is_sent=is_sent)
    raise Transient(
        "the provider could not refresh the token", retry_after=wait
    ) from exc


def _failures(attempt: Attempt) -> int:
    found = Credential.objects.filter(connection_id=attempt.connection.pk)
    return found.values_list("failures", flat=True).first() or 0


def backoff(failures: int) -> float:
    """Return seconds to wait after so many failures, jittered by the clock."""
    ceiling = min(LONGEST_BACKOFF, FIRST_BACKOFF * float(2 ** min(failures, 10)))
    return ceiling * (0.5 + (time.time_ns() % 1000) / 2000)


def _outcome_unknown(attempt: Attempt, exc: OAuthError) -> Credential:
    """Leave the attempt open, so that the next worker spaces its one retry."""
    if isinstance(exc, oauth_errors.MalformedTokenResponse):
        circuit_breaker.note(attempt.connection.provider, "malformed_token_answer")
    leave_open(attempt)
    current = credentials.usable(attempt.connection.pk)
    if current.version > attempt.version:
        return current
    wait = RETRY_SPACING.total_seconds()
    raise Transient("the outcome of the refresh is unknown", retry_after=wait) from exc


def _grant_rejected(attempt: Attempt, exc: OAuthError) -> Credential:
    """Re-read, then decide: a newer version wins over a refusal of the old one."""
    current = credentials.usable(attempt.connection.pk)
    if (current.version, current.generation) != (attempt.version, attempt.generation):
        return current
    reason = (
        StateReason.ROTATION_LOST
        if attempt.follows_unknown
        else StateReason.GRANT_REJECTED
    )
    is_marked = connection_state.needs_reconnect(
        attempt.connection,
        reason,
        generation=attempt.generation,
        version=attempt.version,
    )
    if not is_marked:
        # Between the two looks a newer one came in, or the user disconnected.
        return credentials.usable(attempt.connection.pk)
    raise NoTokenError(reason) from exc


def leave_open(attempt: Attempt) -> None:
    """Leave an attempt of unknown outcome open for the next worker to resolve."""
    Credential.objects.filter(
        connection_id=attempt.connection.pk,
        attempt_id=attempt.id,
        lease_id=attempt.lease_id,
    ).update(
        lease_id=None,
        lease_until=None,
        failures=F("failures") + 1,
        refresh_due_at=timezone.now() + RETRY_SPACING,
    )


def close_unspent(attempt: Attempt, *, retry_in: float, is_sent: bool) -> None:
    """Close an attempt that certainly spent nothing, and hold others off as long.

    The lease then belongs to nobody and is not free: whoever asks is told to come
    back. What an earlier attempt left unknown stays unknown, and this one was the
    second and last time that the token was sent, if it was.
    """
    now = timezone.now()
    again_at = now + timedelta(seconds=retry_in)
    columns: dict[str, object] = {
        "failures": F("failures") + 1,
        "refresh_due_at": again_at,
        "lease_id": None,
        "lease_until": again_at,
    }
    if attempt.follows_unknown:
        columns["attempt_started_at"] = now
        if not is_sent:
            columns["unknown_outcomes"] = F("unknown_outcomes") - 1
    else:
        columns |= {
            "attempt_id": None,
            "attempt_started_at": None,
        }
    Credential.objects.filter(
        connection_id=attempt.connection.pk, attempt_id=attempt.id
    ).update(**columns)
