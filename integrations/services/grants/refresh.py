"""Refresh of credentials: one at a time, each refresh token spent at most once.

The protocol, correct without Redis on SQLite and PostgreSQL alike:

1. lease: one conditional UPDATE that also names the version seen;
2. intent: re-read the row, and commit the attempt before sending;
3. send; the lease is longer than every deadline of the request;
4. outcome: store the answer as the very next statement, fenced by generation and
   version.

An attempt that stays open means that a worker vanished after its intent: the
outcome is unknown, and one spaced retry is allowed.
"""

import time
import uuid
from uuid import UUID

from django.utils import timezone

from integrations.http.errors import REFRESHING, RateLimited, Transient
from integrations.models import Connection, Credential, RefreshAttempt
from integrations.oauth.errors import OAuthError
from integrations.services.common import queue, shutdown
from integrations.services.common.clients import oauth_clients
from integrations.services.grants import circuit_breaker, credentials
from integrations.services.grants.refresh_attempts import intent, lease, outcome
from integrations.services.grants.refresh_attempts.intent import Attempt
from integrations.services.grants.stores import fallback_store

WAIT_FOR_WINNER_SECONDS = 4.0


def refresh_credential(
    connection_id: UUID, *, seen_version: int, why: str, may_wait: bool = True
) -> Credential:
    """Return a credential newer than ``seen_version``, refreshing if need be.

    Raises NoTokenError when the grant is gone, and Transient when another worker
    is at it, the provider is down, or an unknown outcome must be waited for.
    """
    fallback_store.restore(connection_id)
    lease_id = uuid.uuid4()
    if not lease.take(connection_id, lease_id, seen_version):
        seconds = WAIT_FOR_WINNER_SECONDS if may_wait else 0.0
        return _winners_result(connection_id, seen_version, seconds)
    try:
        attempt = intent.commit(connection_id, lease_id, why)
    except BaseException:
        lease.release(connection_id, lease_id)
        raise
    # The soft time limit strikes between any two instructions, and between an
    # answer and its storing it would cost the grant; so would the end of the worker.
    with shutdown.spending():
        return _send_and_store(attempt)


def _winners_result(
    connection_id: UUID, seen_version: int, seconds: float
) -> Credential:
    """Wait shortly for the worker that holds the lease, and return its result."""
    until = time.monotonic() + seconds
    while True:
        credential = credentials.usable(connection_id)
        if credential.version > seen_version:
            return credential
        if credential.lease_id is None and credential.lease_until is not None:
            wait = (credential.lease_until - timezone.now()).total_seconds()
            raise Transient("the provider asked to wait", retry_after=max(wait, 1.0))
        if time.monotonic() >= until:
            raise RateLimited(
                "another worker is refreshing this connection",
                retry_after=5.0,
                code=REFRESHING,
            )
        time.sleep(0.2)


def _send_and_store(attempt: Attempt) -> Credential:
    oauth = oauth_clients.oauth_client(attempt.connection.provider)
    began = time.monotonic()
    if began > attempt.send_before:
        # The process stood still between intent and sending; the lease may be gone.
        outcome.close_unspent(attempt, retry_in=5.0, is_sent=False)
        outcome.record(attempt, RefreshAttempt.Outcome.NOT_SENT, began, status=None)
        raise RateLimited("the worker was held up", retry_after=5.0, code=REFRESHING)
    try:
        tokens = oauth.refresh(attempt.refresh_token)
    except OAuthError as exc:
        outcome.record(
            attempt, outcome.of(exc), began, status=exc.status, code=exc.error
        )
        return outcome.handle_failure(attempt, exc)
    outcome.record(attempt, outcome.store(attempt, tokens), began, status=200)
    circuit_breaker.resume(attempt.connection.provider)
    return credentials.usable(attempt.connection.pk)


def request_refresh(connection: Connection, *, why: str) -> bool:
    """Queue a refresh; False when the broker is away and it will run later."""
    rows = Credential.objects.filter(connection=connection)
    rows.update(refresh_due_at=timezone.now())
    version = rows.values_list("version", flat=True).first()
    if version is None:
        return True
    return queue.send("refresh_connection", connection.pk, why, version)
