"""Read the collections of a connection in turn; each keeps its own failures."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from django.utils import timezone

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
from integrations.models import Collection
from integrations.models.reasons import Reason
from integrations.models.sync.progress import ProgressState
from integrations.providers.capabilities import GroupsCollections
from integrations.providers.errors import CollectionDeletedError, NothingSharedError
from integrations.services.common.clients.connector_errors import connector_boundary
from integrations.services.common.errors import ConnectorError
from integrations.services.sync import failures
from integrations.services.sync.collections import opened_collections
from integrations.services.sync.leases.lease import RunLease
from integrations.services.sync.refresh import start
from integrations.services.sync.refresh.collection import sync_collection
from integrations.services.sync.refresh.context import connector_of

# More of them at once would leave a listing alone until its cursor is forgotten.
MOST_IN_TURNS = 10
FIRST_PAUSE = 5.0


def read_collections(lease: RunLease) -> float | None:
    """Read what is unfinished; return seconds until more can be done, or None."""
    has_read = False
    while True:
        lease.has_discovered = False
        pending = _pending(lease)
        for collection in _in_turns(lease, pending):
            # However late it is, a slice reads at least one page, or none ever would.
            if has_read and lease.is_over:
                return 0.0
            _read_one(lease, collection)
            has_read = True
            if lease.has_discovered:
                break
        if not lease.has_discovered:
            break
    still = [c for c in pending if lease.progress_of(c).state.is_open]
    return min((_seconds_to_retry(lease, c) for c in still), default=None)


def _in_turns(lease: RunLease, pending: Sequence[Collection]) -> Iterator[Collection]:
    """Yield what need not wait, until each has ended or has to wait."""
    ready = [c for c in pending if _seconds_to_retry(lease, c) <= 0]
    while turn := _next_turn(ready):
        lease.gives_way = len(turn) > 1
        for collection in turn:
            yield collection
            if lease.progress_of(collection).state is not ProgressState.READING:
                ready.remove(collection)


def _next_turn(ready: Sequence[Collection]) -> list[Collection]:
    """Return what is read next: one collection, or one of each of several groups.

    Those of a group share a limit, so groups are read in turns, a page of each.
    """
    groups: dict[str, Collection] = {}
    for collection in ready:
        connector: object = connector_of(collection)
        grouping = connector if isinstance(connector, GroupsCollections) else None
        place = grouping.group_of(collection.details) if grouping else None
        groups.setdefault(place.group_id if place else "", collection)
    alone = groups.get("")
    return [alone] if alone else [*groups.values()][:MOST_IN_TURNS]


def wait_reason(lease: RunLease) -> Reason | None:
    """Return what is waited for by the collection that goes on first."""
    waiting = [
        entry
        for entry in lease.run.entries.values()
        if entry.state is ProgressState.WAITING and entry.reason and entry.retry_at
    ]
    first = min(waiting, key=lambda e: e.retry_at or timezone.now(), default=None)
    if first is None or first.reason is None:
        return None
    attempt = first.tries + 1 if first.tries else None
    return Reason.of(first.reason.code, **{**first.reason.data, "attempt": attempt})


def _pending(lease: RunLease) -> list[Collection]:
    chosen = lease.connection.collections.filter(
        is_selected=True, misses__lt=Collection.MOST_MISSES
    )
    unfinished = [c for c in chosen if lease.progress_of(c).state.is_open]
    return opened_collections.opened_first(unfinished)


def _seconds_to_retry(lease: RunLease, collection: Collection) -> float:
    retry_at = lease.progress_of(collection).retry_at
    if retry_at is None:
        return 0.0
    return max(0.0, (retry_at - timezone.now()).total_seconds())


def _read_one(lease: RunLease, collection: Collection) -> None:
    """Read one collection; its own failures stay its own."""
    try:
        with connector_boundary("sync", collection=collection.pk):
            sync_collection(lease, collection)
    except Unauthorized:
        raise
    except ConnectorError as exc:
        lease.roll_back()
        _give_up(lease, collection, exc)
    except RateLimited as exc:
        if exc.code == DAILY_QUOTA:
            raise
        _wait(lease, collection, exc, seconds=exc.retry_after or 1.0)
    except QuotaExhausted as exc:
        failures.mark_blocked(lease, collection, exc, until=exc.until)
    except CollectionDeletedError as exc:
        failures.mark_deleted(lease, collection, exc)
    except (Transient, InvalidResponse) as exc:
        _try_again_later(lease, collection, exc)
    except Forbidden as exc:
        failures.mark_forbidden(lease, collection, exc)
    except ApiError as exc:
        _give_up(lease, collection, exc)


def _give_up(lease: RunLease, collection: Collection, exc: ApiError) -> None:
    """Leave a full refresh that fails, for what changed; or the collection."""
    failures.log("collection failed", lease, collection, exc)
    reason, facts = failures.reason_of(exc), failures.facts_of(exc)
    if not start.fall_back_to_changes(lease, collection, failure=reason, facts=facts):
        failures.mark_failed(lease, collection, exc)


def _wait(
    lease: RunLease,
    collection: Collection,
    exc: ApiError,
    *,
    seconds: float,
    tries: int = 0,
) -> None:
    """Leave a collection for a while; others may have limits of their own.

    A long wait keeps no run open: the run ends, and others go on from there.
    """
    until = timezone.now() + timedelta(seconds=seconds)
    if seconds > failures.LONGEST_PAUSE:
        failures.log("collection blocked", lease, collection, exc)
        failures.mark_blocked(lease, collection, exc, until=until)
        return
    lease.note(
        collection,
        state=ProgressState.WAITING,
        tries=tries,
        reason=failures.reason_of(exc),
        retry_at=until,
        **failures.facts_of(exc),
    )
    lease.renew()


def _try_again_later(lease: RunLease, collection: Collection, exc: ApiError) -> None:
    """Give a collection some more tries while the others go on."""
    tries = lease.progress_of(collection).tries + 1
    failures.log("collection trouble", lease, collection, exc)
    if tries >= failures.MOST_IN_A_ROW:
        if isinstance(exc, NothingSharedError):
            failures.mark_empty(lease, collection, exc)
            return
        _give_up(lease, collection, exc)
        return
    seconds = pause_after(exc, tries - 1)
    _wait(lease, collection, exc, seconds=seconds, tries=tries)


def pause_after(exc: ApiError, failures_before: int) -> float:
    """Return seconds to wait: what was asked for, else ever longer."""
    asked_for = exc.retry_after if isinstance(exc, Transient) else None
    return asked_for or backoff(failures_before)


def backoff(failures_before: int) -> float:
    """Return seconds to wait after so many failures: ever longer."""
    return min(failures.LONGEST_PAUSE, FIRST_PAUSE * 2**failures_before)
