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
from typing import Any
from uuid import UUID

from django.db import Error as AnyDatabaseError
from django.db import connection as database
from django.utils import timezone

from integrations.http.errors import RateLimited, Transient
from integrations.models import Connection, Credential, RefreshAttempt
from integrations.oauth import errors as oauth_errors
from integrations.oauth.errors import OAuthError
from integrations.oauth.tokens import TokenSet
from integrations.providers import SPECS
from integrations.services.common import (
    connection_state,
    crypto,
    oauth_clients,
    queue,
    shutdown,
)
from integrations.services.common.errors import NoTokenError
from integrations.services.grants import (
    circuit_breaker,
    credentials,
    fallback_store,
    refresh_attempts,
    revocation,
    token_cache,
)
from integrations.services.grants.refresh_attempts import Attempt

logger = logging.getLogger(__name__)

WAIT_FOR_WINNER_SECONDS = 4.0
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


def renew(
    connection_id: UUID, *, seen_version: int, why: str, may_wait: bool = True
) -> Credential:
    """Return a credential newer than ``seen_version``, refreshing if need be.

    Raises NoTokenError when the grant is gone, and Transient when another worker
    is at it, the provider is down, or an unknown outcome must be waited for.
    """
    fallback_store.apply_for(connection_id)
    lease_id = uuid.uuid4()
    if not refresh_attempts.take_lease(connection_id, lease_id, seen_version):
        seconds = WAIT_FOR_WINNER_SECONDS if may_wait else 0.0
        return _winners_result(connection_id, seen_version, seconds)
    try:
        attempt = refresh_attempts.commit_intent(connection_id, lease_id, why)
    except BaseException:
        refresh_attempts.release(connection_id, lease_id)
        raise
    # The soft time limit strikes between any two instructions, and between an
    # answer and its storing it would cost the grant.
    with shutdown.time_limit_held_back():
        return _send_and_store(attempt)


def _winners_result(
    connection_id: UUID, seen_version: int, seconds: float
) -> Credential:
    """Wait a little for whoever is refreshing; nobody refreshes for waiting long."""
    until = time.monotonic() + seconds
    while True:
        credential = refresh_attempts.usable_credential(connection_id)
        if credential.version > seen_version:
            return credential
        if credential.lease_id is None and credential.lease_until is not None:
            wait = (credential.lease_until - timezone.now()).total_seconds()
            raise Transient("the provider asked to wait", retry_after=max(wait, 1.0))
        if time.monotonic() >= until:
            raise RateLimited(
                "another worker is renewing this connection", retry_after=5.0
            )
        time.sleep(0.2)


def _send_and_store(attempt: Attempt) -> Credential:
    oauth = oauth_clients.oauth_client(attempt.connection.provider)
    began = time.monotonic()
    if began > attempt.send_before:
        # The process stood still between intent and sending; the lease may be gone.
        refresh_attempts.close_unspent(attempt, retry_in=5.0)
        _record(attempt, RefreshAttempt.Outcome.NOT_SENT, began, status=None)
        raise RateLimited("the worker was held up", retry_after=5.0)
    try:
        tokens = oauth.refresh(attempt.refresh_token)
    except OAuthError as exc:
        _record(attempt, _outcome(exc), began, status=exc.status, code=exc.error)
        return _after_failure(attempt, exc)
    _record(attempt, _store(attempt, tokens), began, status=200)
    circuit_breaker.resume(attempt.connection.provider)
    return refresh_attempts.usable_credential(attempt.connection.pk)


def _store(attempt: Attempt, tokens: TokenSet) -> RefreshAttempt.Outcome:
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
        keep_alive=SPECS[attempt.connection.provider].keep_alive,
    )
    try:
        stored = credentials.store(
            connection_id, attempt.generation, attempt.version, columns
        )
    except AnyDatabaseError:
        logger.exception("refresh answer spilled connection=%s", connection_id)
        return _store_later(attempt, columns)
    if not stored:
        if tokens.refresh_token:
            revocation.give_back(
                provider=attempt.connection.provider,
                account_id=attempt.connection.remote_id,
                token=tokens.refresh_token,
                connection_id=connection_id,
                generation=attempt.generation,
                spent=crypto.fingerprint(attempt.refresh_token),
            )
        return RefreshAttempt.Outcome.SUPERSEDED
    token_cache.forget(connection_id, attempt.generation, attempt.version)
    logger.info("token renewed connection=%s", connection_id)
    return RefreshAttempt.Outcome.REFRESHED


def _store_later(attempt: Attempt, columns: dict[str, Any]) -> RefreshAttempt.Outcome:
    """Put an answer aside first, then see whether the database is back already."""
    fallback_store.keep(attempt, columns)
    for pause in PAUSES_BEFORE_STORING:
        time.sleep(pause)
        try:
            database.close_if_unusable_or_obsolete()
            fallback_store.apply_for(attempt.connection.pk)
        except AnyDatabaseError:
            continue
        return RefreshAttempt.Outcome.SPILLED
    raise Transient("the database is away", retry_after=10.0)


def _outcome(exc: OAuthError) -> RefreshAttempt.Outcome:
    return next(
        (o for kind, o in KINDS if isinstance(exc, kind)),
        RefreshAttempt.Outcome.UNKNOWN,
    )


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
    outcome = _outcome(exc)
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
    if outcome == RefreshAttempt.Outcome.NOT_SENT:
        wait = min(wait, LONGEST_UNSENT)
    wait = wait if exc.retry_after is None else max(exc.retry_after, 1.0)
    refresh_attempts.close_unspent(attempt, retry_in=wait)
    raise Transient("the provider could not renew the token", retry_after=wait) from exc


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
    refresh_attempts.leave_open(attempt)
    current = refresh_attempts.usable_credential(attempt.connection.pk)
    if current.version > attempt.version:
        return current
    wait = refresh_attempts.RETRY_SPACING.total_seconds()
    raise Transient("the outcome of the refresh is unknown", retry_after=wait) from exc


def _grant_rejected(attempt: Attempt, exc: OAuthError) -> Credential:
    """Re-read, then decide: a newer version wins over a refusal of the old one."""
    current = refresh_attempts.usable_credential(attempt.connection.pk)
    if (current.version, current.generation) != (attempt.version, attempt.generation):
        return current
    reason = "rotation_lost" if attempt.follows_unknown else "grant_rejected"
    is_said = connection_state.needs_reconnect(
        attempt.connection,
        reason,
        generation=attempt.generation,
        version=attempt.version,
    )
    if not is_said:
        # Between the two looks a newer one came in, or the user disconnected.
        return refresh_attempts.usable_credential(attempt.connection.pk)
    raise NoTokenError(reason) from exc


def request_refresh(connection: Connection, *, why: str) -> bool:
    """Queue a refresh; False when the broker is away and it will run later."""
    rows = Credential.objects.filter(connection=connection)
    rows.update(refresh_due_at=timezone.now())
    version = rows.values_list("version", flat=True).first()
    if version is None:
        return True
    return queue.send("refresh_connection", connection.pk, why, version)
