"""Run one slice of a sync: claim, read collections, record how it went.

A run is a chain of slices. Everything a slice knows is in rows, so that a kill at
any instruction repeats at most one page.
"""

import logging
import time
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from integrations.http.errors import (
    DAILY_QUOTA,
    ApiError,
    Forbidden,
    InvalidResponse,
    QuotaExhausted,
    RateLimited,
    Transient,
    Unauthorized,
)
from integrations.models import Collection, Connection, SyncRun
from integrations.providers.errors import CollectionDeletedError
from integrations.services.common import clients, connection_state
from integrations.services.common.errors import LeaseLostError, NoTokenError
from integrations.services.grants import circuit_breaker
from integrations.services.grants.tokens import TokenSource
from integrations.services.sync import (
    checkpoint,
    discovery,
    failures,
    lease,
    page_text,
    runs,
)
from integrations.services.sync.collection import sync_collection
from integrations.services.sync.lease import Slice

logger = logging.getLogger(__name__)

MOST_FAILURES = 6
# An answer nobody can read is a passing trouble once; twice it is how they answer.
MOST_ODD_ANSWERS = 2
LIMITED = "waiting for the provider's rate limit"
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 300.0


def run_slice(run_id: UUID, *, seconds: float | None = None) -> float | None:
    """Work on a run for a while; return seconds until its next slice, or None.

    None means that there is nothing more to do here: the run has ended, or another
    worker has it. A second delivery ends at once, without a call to the provider.
    """
    claimed = lease.claim(run_id, now=timezone.now())
    if claimed is None:
        return None
    run, lease_id = claimed
    if run.is_cancel_requested:
        runs.finish(run, SyncRun.Outcome.CANCELLED, "cancelled")
        return None
    if run.deliveries > runs.MOST_DELIVERIES:
        connection_state.degrade(run.connection, "quarantined")
        runs.finish(run, SyncRun.Outcome.QUARANTINED, "it ended its worker three times")
        return None
    current = Slice(
        run=run,
        api=clients.api_client(run.connection, TokenSource(run.connection_id)),
        stop_at=time.monotonic() + (seconds or settings.SLICE_SECONDS),
        lease_id=lease_id,
    )
    return _work(current)


def _work(current: Slice) -> float | None:
    """Read until the time is up; every way a slice can end is decided here."""
    run = current.run
    try:
        circuit_breaker.ensure_running(run.connection.provider)
        discovery.discover_if_due(current)
        wait = _read_collections(current)
        if wait is None:
            wait = page_text.read_due(current)
    except LeaseLostError:
        _end_if_called_off(run)
        return None
    except NoTokenError as exc:
        runs.finish(run, SyncRun.Outcome.FAILED, f"no usable permission: {exc.reason}")
        return None
    except Unauthorized:
        connection_state.degrade(run.connection, "unauthorized")
        runs.finish(run, SyncRun.Outcome.FAILED, "the provider refused the token")
        return None
    except RateLimited as exc:
        return _again(current, _wait_after(exc, run.connection), is_limited=True)
    except (Transient, InvalidResponse) as exc:
        return _after_trouble(current, exc)
    except ApiError as exc:
        _end_badly(run, exc)
        return None
    if wait is None:
        _finish(current)
        return None
    return _again(current, wait, is_limited=_is_limited(run))


def _is_limited(run: SyncRun) -> bool:
    """Tell whether what is left waits for the provider's rate limit."""
    return any(
        entry["state"] == "waiting" and entry.get("reason") == LIMITED
        for entry in run.progress.values()
    )


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
    # Everybody else waits for that very second, so take up to five minutes more.
    return (midnight - now).total_seconds() + connection.pk.int % 300


def _end_if_called_off(run: SyncRun) -> None:
    run.refresh_from_db()
    if run.is_open and run.is_cancel_requested:
        runs.finish(run, SyncRun.Outcome.CANCELLED, "cancelled")
    elif run.is_open and not _is_current(run):
        runs.finish(run, SyncRun.Outcome.CANCELLED, "the connection has changed")


def _is_current(run: SyncRun) -> bool:
    connection = run.connection
    connection.refresh_from_db()
    return connection.is_syncable and connection.generation == run.generation


def _read_collections(current: Slice) -> float | None:
    """Read what is unfinished; return seconds until more can be done, or None."""
    has_read = False
    while True:
        current.has_discovered = False
        pending = _pending(current)
        for collection in pending:
            # However late it is, a slice reads at least one page, or none ever would.
            if has_read and current.is_over:
                return 0.0
            if _seconds_to_retry(current, collection) > 0:
                continue
            _read_one(current, collection)
            has_read = True
            if current.has_discovered:
                break
        if not current.has_discovered:
            break
    still = [c for c in pending if _is_pending(current, c)]
    return min((_seconds_to_retry(current, c) for c in still), default=None)


def _pending(current: Slice) -> list[Collection]:
    chosen = current.connection.collections.filter(
        is_selected=True, misses__lt=Collection.MOST_MISSES
    )
    return [c for c in chosen if _is_pending(current, c)]


def _is_pending(current: Slice, collection: Collection) -> bool:
    return current.entry(collection)["state"] in ("pending", "reading", "waiting")


def _seconds_to_retry(current: Slice, collection: Collection) -> float:
    retry_at = parse_datetime(current.entry(collection).get("retry_at") or "")
    if retry_at is None:
        return 0.0
    return max(0.0, (retry_at - timezone.now()).total_seconds())


def _read_one(current: Slice, collection: Collection) -> None:
    """Read one collection; its own troubles stay its own."""
    try:
        sync_collection(current, collection)
    except Unauthorized:
        raise
    except RateLimited as exc:
        if exc.code == DAILY_QUOTA:
            raise
        _wait_for_gate(current, collection, exc)
    except QuotaExhausted as exc:
        failures.mark_blocked(current, collection, exc)
    except CollectionDeletedError as exc:
        failures.mark_deleted(current, collection, exc)
    except (Transient, InvalidResponse) as exc:
        _try_again_later(current, collection, exc)
    except Forbidden as exc:
        failures.mark_forbidden(current, collection, exc)
    except ApiError as exc:
        _give_up(current, collection, exc)


def _give_up(current: Slice, collection: Collection, exc: ApiError) -> None:
    """Leave a full refresh that fails, for what changed; or the collection."""
    failures.log("collection failed", current, collection, exc)
    if not checkpoint.fall_back_to_changes(current, collection, exc):
        failures.mark_failed(current, collection, exc)


def _wait_for_gate(current: Slice, collection: Collection, exc: RateLimited) -> None:
    """Leave a collection whose gate is closed; others may have gates of their own."""
    wait = timedelta(seconds=exc.retry_after or 1.0)
    current.keep(
        collection,
        state="waiting",
        reason=LIMITED,
        retry_at=(timezone.now() + wait).isoformat(),
    )


def _try_again_later(current: Slice, collection: Collection, exc: ApiError) -> None:
    """Give a collection some more tries while the others go on."""
    is_odd = isinstance(exc, InvalidResponse)
    tries = current.entry(collection).get("tries", 0) + 1
    failures.log("collection trouble", current, collection, exc)
    if tries >= (MOST_ODD_ANSWERS if is_odd else MOST_FAILURES):
        _give_up(current, collection, exc)
        return
    asked_for = exc.retry_after if isinstance(exc, Transient) else None
    pause = asked_for or min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (tries - 1))
    current.keep(
        collection,
        state="waiting",
        tries=tries,
        reason=exc.message[:200],
        retry_at=(timezone.now() + timedelta(seconds=pause)).isoformat(),
    )


def _again(current: Slice, wait: float, *, is_limited: bool = False) -> float | None:
    """Give the run back; None when it was called off meanwhile."""
    run, lease_id = current.run, current.lease_id
    if not lease.release(run, lease_id, due_in=wait, is_limited=is_limited):
        _end_if_called_off(current.run)
        return None
    current.run.refresh_from_db()
    return wait


def _after_trouble(current: Slice, exc: ApiError) -> float | None:
    """Back off after a failure that was not one collection's own."""
    run = current.run
    run.failures += 1
    is_odd = isinstance(exc, InvalidResponse)
    if run.failures >= (MOST_ODD_ANSWERS if is_odd else MOST_FAILURES):
        _end_badly(run, exc)
        return None
    asked_for = exc.retry_after if isinstance(exc, Transient) else None
    pause = asked_for or min(LONGEST_PAUSE, FIRST_PAUSE * 2**run.failures)
    return _again(current, pause)


def _end_badly(run: SyncRun, exc: ApiError) -> None:
    reason = "provider_down" if isinstance(exc, Transient) else "sync_failed"
    connection_state.degrade(run.connection, reason)
    runs.finish(run, SyncRun.Outcome.FAILED, _words(exc))


def _words(exc: ApiError) -> str:
    status = f" (status {exc.status})" if exc.status else ""
    return f"{exc.message}{status}"


def _finish(current: Slice) -> None:
    """Say how the run ended, from how its collections did."""
    run, outcomes = current.run, SyncRun.Outcome
    entries = list(run.progress.values())
    unfinished = [e for e in entries if e["state"] != "done"]
    reason = "; ".join(f"{e['name']}: {e.get('reason', '')}" for e in unfinished)
    failed = [e for e in unfinished if e["state"] == "failed"]
    if not unfinished:
        outcome = outcomes.COMPLETE
    elif any(e["state"] in ("done", "partial") for e in entries):
        outcome = outcomes.PARTIAL
    else:
        outcome = outcomes.FAILED
    if failed:
        connection_state.degrade(run.connection, "sync_failed")
    else:
        connection_state.recover(run.connection)
    current.keep()
    runs.finish(run, outcome, reason)
