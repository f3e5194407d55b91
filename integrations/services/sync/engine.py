"""Run one slice of a sync: claim, read collections, record how it went.

A run is a chain of slices. Everything a slice knows is in rows, so that a kill at
any instruction repeats at most one page, and the requests that were sent ahead: for
the page behind it, and one for each of the other lanes that are read in turns.
"""

import logging
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.db import connection as database
from django.utils import timezone

from integrations.http.errors import (
    DAILY_QUOTA,
    ApiError,
    InvalidResponse,
    QuotaExhausted,
    RateLimited,
    Transient,
    Unauthorized,
)
from integrations.http.observability import trace
from integrations.models import Connection, SyncRun
from integrations.models.reasons import Reason, ReasonCode, StateReason
from integrations.models.sync.progress import ProgressState
from integrations.services.common import connection_state
from integrations.services.common.clients import api_clients as clients
from integrations.services.common.clients.connector_errors import connector_boundary
from integrations.services.common.clock import database_now
from integrations.services.common.database import row_locks
from integrations.services.common.errors import (
    ConnectorError,
    LeaseLostError,
    NoTokenError,
)
from integrations.services.grants.tokens import TokenSource
from integrations.services.items.search.texts import forget_indexers
from integrations.services.sync import (
    collection_loop,
    failures,
    quarantine,
    retries,
    runs,
)
from integrations.services.sync.calls import budget, clock, spend
from integrations.services.sync.calls.run_answers import RunAnswers
from integrations.services.sync.collections import discovery, seen_columns
from integrations.services.sync.leases import lease
from integrations.services.sync.leases.heartbeat import heartbeat
from integrations.services.sync.leases.lease import RunLease
from integrations.services.sync.refresh import link_refresh
from integrations.services.sync.spot_checks import checking
from integrations.services.sync.texts import page_text

logger = logging.getLogger(__name__)

READERS = (
    collection_loop.read_collections,
    link_refresh.read_due,
    page_text.read_due,
)


def run_slice(run_id: UUID, *, seconds: float | None = None) -> float | None:
    """Work on a run for a while; return seconds until its next slice, or None.

    None means that there is nothing more to do here: the run has ended, or another
    worker has it. A second delivery ends at once, without a call to the provider.
    """
    claimed = lease.claim(run_id, now=database_now())
    return work_on(*claimed, seconds=seconds) if claimed else None


def work_on(
    run: SyncRun, lease_id: UUID, *, seconds: float | None = None
) -> float | None:
    """Work for a while on a run whose lease was taken; return as `run_slice` does."""
    with trace.traced(trace.run_id, str(run.pk)):
        return _work_on(run, lease_id, seconds)


def _work_on(run: SyncRun, lease_id: UUID, seconds: float | None) -> float | None:
    if run.is_cancel_requested:
        _finish_cancelled(run, ReasonCode.CANCELLED)
        return None
    if run.deliveries > runs.MOST_DELIVERIES:
        _end(
            run,
            lease_id,
            SyncRun.Outcome.QUARANTINED,
            quarantine.reason(),
            state=StateReason.QUARANTINED,
        )
        return None
    try:
        with connector_boundary("client", connection=run.connection_id):
            tokens = TokenSource(run.connection_id)
            api = clients.api_client(run.connection, tokens)
            api.answers = RunAnswers(run.pk)
    except ConnectorError as exc:
        _end_badly(run, lease_id, exc)
        return None
    current = RunLease(
        run=run,
        api=api,
        stop_at=time.monotonic() + (seconds or settings.SLICE_SECONDS),
        lease_id=lease_id,
        most_calls=budget.calls_left(run.connection),
        known_skew=clock.known_skew(run.connection.provider),
    )
    try:
        with heartbeat.renewing(current):
            return _work(current)
    finally:
        api.drop_prefetched()
        # Threads are many, and each would hold a table of words until its next sync.
        forget_indexers()
        _note(current)


def _note(current: RunLease) -> None:
    """Note the clock and the calls of a slice; without that it has ended as well."""
    try:
        clock.note(current)
        current.note_calls()
        spend.note(current.run.connection_id, current.api.calls)
    except (OperationalError, InterfaceError) as exc:
        error = type(exc).__name__
        logger.warning("calls not noted run=%s error=%s", current.run.pk, error)


def _work(current: RunLease) -> float | None:
    """Read until the time is up; every way a slice can end is decided here."""
    run = current.run
    try:
        wait = _read(current)
    except LeaseLostError:
        _after_loss(current)
        return None
    except NoTokenError as exc:
        reason = Reason.of(ReasonCode.NO_TOKEN, state=exc.reason)
        _end(run, current.lease_id, SyncRun.Outcome.FAILED, reason)
        return None
    except Unauthorized as exc:
        outcome, reason = SyncRun.Outcome.FAILED, _reason_of(exc)
        state = StateReason.UNAUTHORIZED
        _end(run, current.lease_id, outcome, reason, state=state)
        return None
    except RateLimited as exc:
        return _wait(current, exc, _wait_after(exc, run.connection))
    except QuotaExhausted as exc:
        return _wait(current, exc, (exc.until - timezone.now()).total_seconds())
    except (Transient, InvalidResponse) as exc:
        return _after_failure(current, exc)
    except ApiError as exc:
        _end_badly(run, current.lease_id, exc)
        return None
    except (OperationalError, InterfaceError) as exc:
        return _after_outage(current, exc)
    if wait is None:
        return None
    # Only failures in a row are too many.
    run.failures = 0
    return _again(current, wait, collection_loop.wait_reason(current))


def _read(current: RunLease) -> float | None:
    """Read what is due, in the order of what matters; return seconds to wait, if any.

    When nothing is left the run is finished, and a few spot checks come last.
    """
    discovery.discover_if_due(current)
    seen_columns.note_if_untold(current)
    for read in READERS:
        if (wait := read(current)) is not None:
            return wait
    checking.go_on(current)
    _finish(current)
    return None


def _wait_after(exc: RateLimited, connection: Connection) -> float:
    """Return seconds to wait: what was said, or until midnight at the account's."""
    if exc.code != DAILY_QUOTA:
        return exc.retry_after or 1.0
    try:
        zone = ZoneInfo(str(connection.account.get("time_zone") or "UTC"))
    except (ZoneInfoNotFoundError, ValueError):
        zone = ZoneInfo("UTC")
    now = timezone.now().astimezone(zone)
    midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0)
    # In one zone Python subtracts what clocks show, also where they are set that night.
    left = midnight.astimezone(UTC) - now.astimezone(UTC)
    # Everybody else waits for that very second, so take up to five minutes more.
    return left.total_seconds() + connection.pk.int % 300


def _wait(
    current: RunLease, exc: ApiError, seconds: float, **facts: Any
) -> float | None:
    """Wait for the provider; a long wait keeps no run open, the next one goes on."""
    if seconds <= failures.LONGEST_PAUSE:
        return _again(current, seconds, failures.reason_of(exc, **facts))
    now = timezone.now()
    until = now + timedelta(seconds=seconds)
    reason = failures.block_all(current, exc, until=until)
    _finish(current, wait=reason, not_before=min(until, now + retries.LONGEST_PLAN))
    return None


def _after_loss(current: RunLease) -> None:
    """End a run that was cancelled or has no grant; otherwise somebody else has it."""
    run = current.run
    lease.note_alive(run.pk, current.lease_id)
    run.refresh_from_db()
    if run.is_open and run.is_cancel_requested:
        _finish_cancelled(run, ReasonCode.CANCELLED)
    elif run.is_open and not _is_current(run):
        _finish_cancelled(run, ReasonCode.CONNECTION_CHANGED)


def _finish_cancelled(run: SyncRun, code: ReasonCode) -> None:
    runs.finish(run, SyncRun.Outcome.CANCELLED, Reason(code=code))


def _is_current(run: SyncRun) -> bool:
    connection = run.connection
    connection.refresh_from_db()
    return connection.is_syncable and connection.generation == run.generation


def _again(current: RunLease, wait: float, reason: Reason | None) -> float | None:
    """Release the lease; None when the run was cancelled meanwhile."""
    run, lease_id = current.run, current.lease_id
    if not lease.release(run, lease_id, due_in=wait, reason=reason):
        _after_loss(current)
        return None
    current.run.refresh_from_db()
    return wait


def _after_failure(current: RunLease, exc: ApiError) -> float | None:
    """Back off after a failure that was not one collection's own."""
    run = current.run
    run.failures += 1
    if run.failures >= failures.MOST_IN_A_ROW:
        _end_badly(run, current.lease_id, exc)
        return None
    pause = collection_loop.pause_after(exc, run.failures)
    return _wait(current, exc, pause, attempt=run.failures + 1)


def _after_outage(current: RunLease, exc: Exception) -> float | None:
    """Back off after our own database failed; while it is away, the lease runs out."""
    logger.warning("database away run=%s error=%s", current.run.pk, type(exc).__name__)
    database.close_if_unusable_or_obsolete()
    current.roll_back()
    run = current.run
    run.failures += 1
    reason = Reason.of(ReasonCode.DATABASE_AWAY, attempt=run.failures + 1)
    if run.failures >= failures.MOST_IN_A_ROW:
        _end(run, current.lease_id, SyncRun.Outcome.FAILED, reason)
        return None
    pause = collection_loop.backoff(run.failures)
    return _again(current, pause, reason)


def _end_badly(run: SyncRun, lease_id: UUID, exc: ApiError) -> None:
    is_passing = isinstance(exc, Transient)
    state = StateReason.PROVIDER_DOWN if is_passing else StateReason.SYNC_FAILED
    wait = exc.retry_after if isinstance(exc, Transient) else None
    not_before = timezone.now() + timedelta(seconds=wait) if wait else None
    reason, failed = _reason_of(exc), SyncRun.Outcome.FAILED
    _end(run, lease_id, failed, reason, state=state, not_before=not_before)


@transaction.atomic
def _end(
    run: SyncRun,
    lease_id: UUID,
    outcome: SyncRun.Outcome,
    reason: Reason | None,
    *,
    state: StateReason | None = None,
    not_before: datetime | None = None,
) -> bool:
    """End a run and degrade its connection, unless another worker is on it by now."""
    row_locks.lock_connection(run.connection)
    ended = runs.finish(run, outcome, reason, not_before=not_before, lease_id=lease_id)
    if ended and state:
        connection_state.degrade(run.connection, state)
    return ended


def _reason_of(exc: ApiError) -> Reason:
    """Return the reason of the whole run, with what the provider can be asked about."""
    facts = {name: fact for name, fact in failures.facts_of(exc).items() if fact}
    return failures.reason_of(exc, **facts)


def _finish(
    current: RunLease,
    *,
    wait: Reason | None = None,
    not_before: datetime | None = None,
) -> None:
    """Finish the run with the outcome of its collections.

    To ``wait`` until ``not_before`` is no trouble of the connection.
    """
    run, outcomes = current.run, SyncRun.Outcome
    states = [entry.state for entry in run.entries.values()]
    unfinished = [state for state in states if state is not ProgressState.DONE]
    if not unfinished:
        outcome = outcomes.COMPLETE
    elif any(entry.state in retries.READ for entry in run.noted.collections.values()):
        outcome = outcomes.PARTIAL
    else:
        outcome = outcomes.FAILED
    current.renew()
    reason = None
    if unfinished:
        reason = wait or Reason(code=ReasonCode.COLLECTIONS)
    elif _has_found_nothing(run):
        reason = Reason(code=ReasonCode.EMPTY)
    has_failed = ProgressState.FAILED in states and wait is None
    state = StateReason.SYNC_FAILED if has_failed else None
    with transaction.atomic():
        ended = _end(
            run,
            current.lease_id,
            outcome,
            reason,
            state=state,
            not_before=not_before if unfinished else None,
        )
        if ended and state is None:
            connection_state.recover(run.connection)


def _has_found_nothing(run: SyncRun) -> bool:
    """Tell whether there was nothing to read, rather than nothing that changed."""
    stored = run.connection.collections.filter(stored_count__gt=0)
    return not (run.seen or run.changed or run.deleted or stored.exists())
