"""A worker's lease on a run: claim, renew, count, note, release."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone
from msgspec import Struct
from msgspec.structs import replace

from integrations.http.client import ApiClient
from integrations.models import Collection, Connection, SyncRun, times
from integrations.models.reasons import Reason, ReasonCode, columns
from integrations.models.sync.progress import (
    CollectionProgress,
    ProgressState,
    RunProgress,
)
from integrations.providers.connector import CollectionContext
from integrations.services.common import metrics, shutdown
from integrations.services.common.clock import DatabaseNow
from integrations.services.common.errors import LeaseLostError
from integrations.services.items.storage.store import PageCounts
from integrations.services.sync.leases import lost_tasks, renewal

NOTHING = PageCounts()
# Waiting for these is waiting for the provider's limits.
LIMITS = (ReasonCode.RATE_LIMITED, ReasonCode.QUOTA_EXHAUSTED)


class PageRequest(Struct, frozen=True, kw_only=True):
    """What a page is asked for with: by which context, and at which place."""

    context: CollectionContext
    checkpoint: object


@dataclass(kw_only=True)
class RunLease:
    """Work on one run for a few seconds, under a lease that every page renews.

    ``most_calls`` bounds the slice where calls of a month are to be spared;
    ``known_skew`` is by how many seconds our clock was ahead of the provider's before.
    Between two pages the process's ``Heartbeat`` renews it. ``ahead`` holds the
    questions whose answers are on their way, by collection.
    ``count`` and ``note`` only remember; ``renew`` writes, in their transaction.
    """

    run: SyncRun
    api: ApiClient
    stop_at: float
    lease_id: UUID
    clock: Callable[[], float] = field(default=time.monotonic, repr=False)
    has_discovered: bool = False
    gives_way: bool = False
    most_calls: int | None = None
    known_skew: float = 0.0
    ahead: dict[UUID, PageRequest] = field(default_factory=dict)
    renewals: int = 0
    _sums: Counter[str] = field(default_factory=Counter)
    _calls: int = 0
    _waited: float = 0.0
    _renewed: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._renewed = dict(self.run.progress)

    @property
    def key(self) -> UUID:
        """Return the key of the run."""
        return self.run.pk

    @property
    def work(self) -> tuple[int, float]:
        """Return how many calls were made, and how long was waited for them."""
        return self.api.calls, self.api.waited

    @property
    def connection(self) -> Connection:
        """Return the connection that is read."""
        return self.run.connection

    @property
    def is_over(self) -> bool:
        """Tell whether it is time to go back to the end of the queue."""
        return shutdown.is_asked() or self.clock() >= self.stop_at

    @property
    def is_others_turn(self) -> bool:
        """Tell whether a collection has to stop behind the page that it has read."""
        return self.gives_way or self.has_discovered or self.is_over

    @property
    def is_spent(self) -> bool:
        """Tell whether a first refresh has made the calls that it may make for now."""
        return self.most_calls is not None and self.api.calls >= self.most_calls

    @property
    def is_nearly_spent(self) -> bool:
        """Tell whether what is on its way may use up what a first refresh may spend."""
        calls = self.api.calls + len(self.ahead)
        return self.most_calls is not None and calls >= self.most_calls

    def progress_of(self, collection: Collection) -> CollectionProgress:
        """Return what the run has noted of one collection."""
        key = str(collection.pk)
        if key not in self.run.progress:
            self._note_as(key, CollectionProgress(name=collection.name))
        return CollectionProgress.from_json(self.run.progress[key])

    def note(self, collection: Collection, **changes: Any) -> None:
        """Note the state of a collection and what belongs to it."""
        self._note_as(
            str(collection.pk), replace(self.progress_of(collection), **changes)
        )

    @property
    def listing_state(self) -> ProgressState:
        """Return how listing the account's collections went in this run."""
        listing = self.run.noted.listing
        return listing.state if listing is not None else ProgressState.PENDING

    def note_listing(self, state: ProgressState, **facts: Any) -> None:
        """Note how listing the account's collections went."""
        noted = CollectionProgress(name="List of collections", state=state, **facts)
        self._note_as(RunProgress.LISTING, noted)

    def _note_as(self, key: str, progress: CollectionProgress) -> None:
        self.run.progress[key] = progress.to_json()

    def count(
        self,
        collection: Collection,
        counts: PageCounts = NOTHING,
        *,
        deleted: int = 0,
    ) -> None:
        """Add up what was stored and deleted, of the collection and of the run.

        Until the first full refresh of a collection has ended, nothing in it is new.
        """
        is_first = collection.first_full_refresh_at is None
        sums = {
            "seen": counts.seen,
            "created": counts.created,
            "first_read": counts.created if is_first else 0,
            "changed": counts.changed,
            "deleted": deleted,
            "unreadable": counts.unreadable,
        }
        known = self.progress_of(collection)
        total = {name: getattr(known, name) + each for name, each in sums.items()}
        self.note(collection, **total)
        self._sums.update(sums)
        self._sums["unchanged"] += counts.unchanged

    def count_text(self) -> None:
        """Count one text that was read."""
        self._sums["texts"] += 1

    def count_spot_check(self, calls: int) -> None:
        """Count calls of a spot check, which have a share of a day's."""
        self._sums["spot_check_requests"] += calls

    def note_calls(self) -> None:
        """Add to the run what was asked since the last renewal, whoever works on it."""
        if left := self.api.calls - self._calls:
            own = SyncRun.objects.filter(pk=self.run.pk)
            own.update(requests=F("requests") + left)
            self._calls += left

    def renew(self) -> None:
        """Renew the lease, and write what was counted and noted.

        Raises LeaseLostError when another worker took over, the run was
        cancelled, or the connection's grant or state has changed; the caller's
        transaction then rolls back.
        """
        calls, waited = self.api.calls, self.api.waited
        sums = {
            **self._sums,
            "requests": calls - self._calls,
            "waited_seconds": waited - self._waited,
        }
        renewed = renewal.write(self.run, self.lease_id, sums)
        if not renewed:
            raise LeaseLostError("the run is not this worker's any more")
        self._measure(waited - self._waited)
        self._calls, self._waited = calls, waited
        self.renewals += 1
        self._sums.clear()
        self._renewed = dict(self.run.progress)

    def _measure(self, waited: float) -> None:
        """Add what was written to the metrics, once it is committed."""
        provider = self.connection.provider
        metrics.count(metrics.WAITS, waited, provider=provider)
        for change in ("created", "changed", "deleted", "unchanged"):
            metrics.count(
                metrics.ITEMS, self._sums[change], provider=provider, change=change
            )

    def roll_back(self) -> None:
        """Forget what was counted and noted in a transaction that failed."""
        self._sums.clear()
        self.run.progress = dict(self._renewed)


def lease_length() -> timedelta:
    """Return how long a worker may be silent before another one takes over."""
    return SyncRun.lease_length()


def is_free(now: datetime) -> Q:
    """Select the runs whose lease nobody holds; none ends further ahead than it is."""
    is_over = times.come("lease_until", now, longest=lease_length())
    return Q(lease_until__isnull=True) | is_over


def is_due(now: datetime) -> Q:
    """Select the runs whose time has come, or was set by a clock that was ahead."""
    is_opened_ahead = Q(released_at__isnull=True) & times.ahead("queued_at", now)
    return (
        times.come("due_at", now, longest=SyncRun.LONGEST_WAIT)
        | times.ahead("released_at", now)
        | is_opened_ahead
    )


def claim(run_id: UUID, *, now: datetime) -> tuple[SyncRun, UUID] | None:
    """Take the lease of a due run, or nothing if it is taken, over or not due."""
    lease_id = lost_tasks.new_lease_id()
    before = SyncRun.objects.filter(pk=run_id).values_list("lease_until", flat=True)
    left_until = before.first()
    # Whoever had it has neither released it nor renewed it in time.
    was_lost = Q(lease_id__isnull=False)
    taken = (
        SyncRun.objects.filter(is_due(now), is_free(now), pk=run_id)
        .exclude(state=SyncRun.State.FINISHED)
        .update(
            lease_id=lease_id,
            # Not from ``now``: this statement may have waited for longer than that.
            lease_until=DatabaseNow() + lease_length(),
            state=SyncRun.State.RUNNING,
            # What it waited for is over.
            **columns(None),
            workers_lost=F("workers_lost") + Case(When(was_lost, then=1), default=0),
            started_at=Coalesce("started_at", Value(now)),
            worker_lost_at=Case(
                When(was_lost, then=Value(now)), default=F("worker_lost_at")
            ),
            deliveries=F("deliveries") + 1,
            slices=F("slices") + 1,
        )
    )
    if not taken:
        return None
    run = SyncRun.objects.select_related("connection").get(pk=run_id)
    is_left_ahead = left_until is not None and times.is_ahead(
        left_until, now, longest=lease_length()
    )
    released_at = run.released_at
    if is_left_ahead or (released_at is not None and times.is_ahead(released_at, now)):
        _forget_waits(run)
    return run, lease_id


def _forget_waits(run: SyncRun) -> None:
    """Forget until when collections wait, which the same clock has set."""
    noted = run.noted
    collections = {
        key: replace(entry, retry_at=None) for key, entry in noted.collections.items()
    }
    run.progress = replace(noted, collections=collections).to_json()


def note_alive(run_id: UUID, lease_id: UUID) -> None:
    """Note that a worker whose lease another one has taken was slow and not killed.

    A machine without enough processors must not look like a run that kills workers.
    """
    taken = SyncRun.objects.filter(pk=run_id, lease_id__isnull=False)
    taken.exclude(Q(lease_id=lease_id) | Q(workers_lost=0)).update(
        deliveries=1, workers_lost=F("workers_lost") - 1
    )


def release(
    run: SyncRun, lease_id: UUID, *, due_in: float = 0.0, reason: Reason | None = None
) -> bool:
    """Release the lease and set when the next slice is due, and what it waits for."""
    is_limited = reason is not None and reason.code in LIMITS
    now = timezone.now()
    return bool(
        SyncRun.objects.filter(pk=run.pk, lease_id=lease_id).update(
            lease_id=None,
            lease_until=None,
            deliveries=0,
            released_at=now,
            due_at=now + timedelta(seconds=due_in),
            enqueued_at=None,
            progress=run.progress,
            failures=run.failures,
            waited_seconds=F("waited_seconds") + (due_in if is_limited else 0.0),
            **columns(reason if due_in else None),
        )
    )
