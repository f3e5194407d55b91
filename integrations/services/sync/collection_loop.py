"""Read the collections of a connection in turn; each keeps its own failures."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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
from integrations.providers.errors import CollectionDeletedError, NothingSharedError
from integrations.services.common import shutdown
from integrations.services.common.clients.connector_errors import connector_boundary
from integrations.services.common.errors import ConnectorError
from integrations.services.items.search.texts import forget_indexer
from integrations.services.sync import failures
from integrations.services.sync.collections import opened_collections
from integrations.services.sync.lanes import Lanes
from integrations.services.sync.leases.lease import RunLease
from integrations.services.sync.refresh import start
from integrations.services.sync.refresh.collection import (
    send_ahead,
    sync_collection,
)

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
                _read_sent_ahead(lease, pending)
                return 0.0
            _attempt(sync_collection, lease, collection)
            has_read = True
            if lease.has_discovered:
                break
        if not lease.has_discovered:
            break
    still = [c for c in pending if lease.progress_of(c).state.is_open]
    return min((_seconds_to_retry(lease, c) for c in still), default=None)


def _in_turns(lease: RunLease, pending: Sequence[Collection]) -> Iterator[Collection]:
    """Yield what need not wait, until each has ended or has to wait.

    While one of several lanes is read, the next pages of the others are on their way.
    """
    lanes = Lanes(each for each in pending if _is_ready(lease, each))
    while turn := lanes.first_of_each():
        lease.gives_way = len(turn) > 1
        if lease.gives_way:
            _send_ahead(lease, turn.values())
        lane = _first_come(lease, turn)
        collection = turn[lane]
        if is_ready := _is_ready(lease, collection):
            yield collection
        state = lease.progress_of(collection).state
        if not is_ready or state is not ProgressState.READING:
            forget_indexer(collection)
            lanes.leave(lane)
        else:
            lanes.put_behind(lane)


def _first_come(lease: RunLease, turn: Mapping[str, Collection]) -> str:
    """Return the lane that is read next: of those in turn the first that can be.

    An answer that is on its way holds up no other lane, and is waited for only where
    all are.
    """
    if len(turn) > 1 and all(map(lease.api.is_awaited, turn)):
        lease.api.wait_for_one(turn)
    awaited = {lane for lane in turn if lease.api.is_awaited(lane)}
    return next((lane for lane in turn if lane not in awaited), next(iter(turn)))


def _send_ahead(lease: RunLease, turn: Iterable[Collection]) -> None:
    """Send for the next page of each; what goes wrong with one is its own."""
    for collection in turn:
        if _is_ready(lease, collection):
            _attempt(send_ahead, lease, collection)


def _read_sent_ahead(lease: RunLease, pending: Sequence[Collection]) -> None:
    """Store the pages that are on their way, because they have cost a call each.

    What failed is left to the next slice, and so is all of it by a worker that is
    asked to stop.
    """
    lease.api.may_repeat = False
    for collection in pending:
        is_sent = collection.pk in lease.ahead and _is_ready(lease, collection)
        if is_sent and not shutdown.is_asked():
            _attempt(sync_collection, lease, collection)


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


def _is_ready(lease: RunLease, collection: Collection) -> bool:
    is_open = lease.progress_of(collection).state.is_open
    return is_open and _seconds_to_retry(lease, collection) <= 0


def _seconds_to_retry(lease: RunLease, collection: Collection) -> float:
    retry_at = lease.progress_of(collection).retry_at
    if retry_at is None:
        return 0.0
    return max(0.0, (retry_at - timezone.now()).total_seconds())


def _attempt(
    step: Callable[[RunLease, Collection], None],
    lease: RunLease,
    collection: Collection,
) -> None:
    """Do a step with one collection; its own failures stay its own."""
    try:
        with connector_boundary("sync", collection=collection.pk):
            step(lease, collection)
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
