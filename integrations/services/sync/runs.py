"""Open, join, enqueue, cancel and finish runs; one open run per connection."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from msgspec import Struct

from integrations.models import Connection, SyncRun, times
from integrations.models.reasons import Reason, ReasonCode, columns
from integrations.services.common import connection_state, metrics, queue
from integrations.services.common.database.row_locks import update_in_order
from integrations.services.common.errors import NotSyncableError
from integrations.services.sync import retries
from integrations.services.sync.leases import lease, turns

logger = logging.getLogger(__name__)

TASKS = {"interactive": "sync_interactive", "sync": "sync_bulk"}
# Longer than a publication takes to be taken up where nobody stands in the queue.
ENQUEUED_FOR = timedelta(seconds=10)
# The scheduler's new runs are named by the hundred, and published by the worker that
# takes the message: for so long they wait in there.
NAMED = (SyncRun.Trigger.SCHEDULE, SyncRun.Trigger.RETRY)
NAMED_FOR = timedelta(seconds=30)
MOST_DELIVERIES = 3
# These say how reading went; other runs were ended by somebody.
RESULTS = (SyncRun.Outcome.COMPLETE, SyncRun.Outcome.PARTIAL, SyncRun.Outcome.FAILED)


class RunRequest(Struct, frozen=True, kw_only=True):
    """The run that answers a request, and whether it is published."""

    run: SyncRun
    joined: bool
    delivered: bool


def open_run(
    connection: Connection, *, trigger: SyncRun.Trigger, full: bool = False
) -> tuple[SyncRun, bool]:
    """Return the connection's open run, made if there is none, and whether it is new.

    Raises NotSyncableError when its data may not be read now.
    """
    trigger = SyncRun.Trigger(trigger)
    connection.refresh_from_db()
    if not connection.is_syncable:
        raise NotSyncableError(connection.reason)
    try:
        with transaction.atomic():
            run = SyncRun.objects.create(
                connection=connection,
                generation=connection.generation,
                trigger=trigger,
                is_full=full,
                is_interactive=trigger.is_interactive,
                turn_of=connection.owner_id,
            )
    except IntegrityError:
        joined = _open_runs(connection).first()
        if joined is None:
            # It ended in this very moment; the next request makes a new one.
            return open_run(connection, trigger=trigger, full=full)
        return _joined(joined, trigger=trigger, full=full), False
    retries.answer(connection)
    return run, True


def _open_runs(connection: Connection) -> QuerySet[SyncRun]:
    return connection.runs.filter(state__in=SyncRun.OPEN)


def _joined(run: SyncRun, *, trigger: SyncRun.Trigger, full: bool) -> SyncRun:
    """Make a run that is already open interactive, and full before it starts."""
    columns: dict[str, object] = {}
    if trigger.is_interactive and not run.is_interactive:
        # Published once more, on the queue of those somebody waits for.
        columns |= {"is_interactive": True, "enqueued_at": None}
    if full and not run.is_full and run.state == SyncRun.State.QUEUED:
        columns["is_full"] = True
    if columns:
        SyncRun.objects.filter(pk=run.pk).update(**columns)
        run.refresh_from_db()
    return run


def request_sync(
    connection: Connection,
    *,
    trigger: SyncRun.Trigger,
    full: bool = False,
    wait: timedelta = timedelta(),
) -> RunRequest:
    """Ask for a sync; a second request joins the run that is open.

    A new one starts after ``wait``.
    """
    run, is_new = open_run(connection, trigger=trigger, full=full)
    if is_new and wait:
        run.due_at += wait
        run.save(update_fields=["due_at"])
    countdown = wait.total_seconds() if is_new else 0.0
    is_sent = not is_new and run.enqueued_at is not None
    delivered = is_sent or enqueue(run, countdown=countdown)
    return RunRequest(run=run, joined=not is_new, delivered=delivered)


def enqueue(run: SyncRun, *, countdown: float = 0.0) -> bool:
    """Publish the next slice of a run; its row stays due if that fails.

    What somebody has published since it was read is published.
    """
    # As it was read, because a user may have joined it, who waits on another queue.
    read = SyncRun.objects.filter(
        pk=run.pk, enqueued_at=run.enqueued_at, is_interactive=run.is_interactive
    )
    at = timezone.now()
    if not read.update(enqueued_at=at):
        return True
    if not queue.send(TASKS[turns.queue_of(run)], run.pk, countdown=countdown):
        _forget_enqueued([run], at)
        return False
    return True


def enqueue_all(due: Sequence[SyncRun]) -> int:
    """Publish the next slice of each run until the broker fails; return how many.

    What somebody has published since it was read is left to them.
    """
    at = timezone.now()
    claimed = _claim(due, at)
    for count, run in enumerate(claimed):
        if not queue.send(TASKS[turns.queue_of(run)], run.pk):
            _forget_enqueued(claimed[count:], at)
            return count
    return len(claimed)


def _claim(due: Sequence[SyncRun], at: datetime) -> list[SyncRun]:
    """Note runs as published that nobody has published since; return them as they are.

    Noted first: a slice that starts at once writes its own note after this one.
    """
    read = {run.pk: run.enqueued_at for run in due}
    if not read:
        return []
    with transaction.atomic():
        rows = SyncRun.objects.filter(pk__in=read).order_by("pk")
        # On which queue each goes on is told by what it is now.
        locked = rows.select_for_update(no_key=True).only(
            "enqueued_at", "is_interactive", "requests"
        )
        mine = {run.pk: run for run in locked if run.enqueued_at == read[run.pk]}
        SyncRun.objects.filter(pk__in=mine).update(enqueued_at=at)
    return [mine[key] for key in read if key in mine]


def _forget_enqueued(unsent: Sequence[SyncRun], at: datetime) -> None:
    """Take back what was noted at a time, unless somebody has noted anything since."""
    keys = [run.pk for run in unsent]
    noted = SyncRun.objects.filter(pk__in=keys, enqueued_at=at)
    update_in_order(noted, enqueued_at=None)


def enqueue_lost(*, now: datetime, most: int = 1000) -> int:
    """Publish again what is due and on nobody's list; return how many.

    Of each queue ``most``, first of the one that somebody waits for, so that what
    another has lost, or nobody works on, hides nothing of it.
    """
    lost = [run for name in TASKS for run in _find_lost(name, now, most)]
    return enqueue_all(lost)


def _find_lost(queue_name: str, now: datetime, most: int) -> list[SyncRun]:
    """Return what is due of a queue and on nobody's list.

    A lease that ran out means that its worker is gone, unless the run was published
    since. A publication is given a while to arrive, and longer while the queue is so
    full that it is in there.
    """
    due = SyncRun.objects.filter(
        lease.is_due(now), turns.is_of(queue_name), state__in=SyncRun.OPEN
    ).order_by("due_at")
    # A worker that stands still may have taken one publication with it, so an
    # abandoned run is published again sooner than one that merely waits.
    is_abandoned = Q(lease_until__lt=now) & (
        Q(enqueued_at__lt=F("lease_until")) | Q(enqueued_at__lt=now - ENQUEUED_FOR)
    )
    is_unclaimed = lease.is_free(now)
    # What was published in the future was published by a clock that was ahead.
    is_unsent = is_unclaimed & (
        Q(enqueued_at__isnull=True) & ~_is_named(now) | times.ahead("enqueued_at", now)
    )
    lost = list(due.filter(is_abandoned | is_unsent)[:most])
    published = due.filter(is_unclaimed, enqueued_at__isnull=False).exclude(
        pk__in=[run.pk for run in lost]
    )
    late = published.filter(enqueued_at__lt=now - ENQUEUED_FOR)
    if late.exists():
        missing = published.count() - (queue.waiting(queue_name) or 0)
        lost += late[: max(0, min(missing, most - len(lost)))]
    return lost


def _is_named(now: datetime) -> Q:
    """Select the runs that may be named by a message whose worker publishes each."""
    return Q(
        trigger__in=NAMED,
        is_interactive=False,
        started_at__isnull=True,
        queued_at__range=(now - NAMED_FOR, times.latest(now)),
    )


def cancel(run: SyncRun) -> bool:
    """Stop a run: at once if nobody is on it, else at its next checkpoint."""
    now = timezone.now()
    idle = lease.is_free(now)
    SyncRun.objects.filter(pk=run.pk).exclude(state=SyncRun.State.FINISHED).update(
        is_cancel_requested=True
    )
    is_idle = SyncRun.objects.filter(idle, pk=run.pk, is_cancel_requested=True).exists()
    if is_idle:
        cancelled = Reason(code=ReasonCode.CANCELLED)
        return finish(run, SyncRun.Outcome.CANCELLED, cancelled)
    return True


def cancel_open(connection: Connection, code: ReasonCode) -> None:
    """End every open run of a connection whose grant or state has changed."""
    for run in _open_runs(connection):
        finish(run, SyncRun.Outcome.CANCELLED, Reason(code=code))


def finish(
    run: SyncRun,
    outcome: SyncRun.Outcome,
    reason: Reason | None = None,
    *,
    not_before: datetime | None = None,
    lease_id: UUID | None = None,
) -> bool:
    """End a run once, and plan the next attempt; say whether this call ended it.

    The next attempt is ``not_before`` the time that the provider named. A worker
    names its lease, so that it ends nothing that another one is on.
    """
    now = timezone.now()
    open_run = SyncRun.objects.filter(pk=run.pk).exclude(state=SyncRun.State.FINISHED)
    if lease_id is not None:
        open_run = open_run.filter(lease_id=lease_id)
    with transaction.atomic():
        # The connection first, as whoever disconnects it does.
        connection = retries.lock(run) if outcome in RESULTS else None
        ended = open_run.update(
            state=SyncRun.State.FINISHED,
            outcome=outcome,
            **columns(reason),
            finished_at=now,
            turn_of=None,
            lease_id=None,
            lease_until=None,
        )
        if not ended:
            return False
        if connection is not None:
            failure = retries.passing_failure(reason, run)
            retries.plan(
                connection, run, outcome, failure, now=now, not_before=not_before
            )
    if outcome in (SyncRun.Outcome.COMPLETE, SyncRun.Outcome.PARTIAL):
        connection_state.synced(run.connection, at=now)
    _count(run, outcome)
    logger.info(
        "sync finished connection=%s run=%s outcome=%s reason=%s",
        run.connection_id,
        run.pk,
        outcome,
        reason.code if reason else "",
    )
    return True


def _count(run: SyncRun, outcome: SyncRun.Outcome) -> None:
    metrics.count(
        metrics.SYNCS,
        provider=run.connection.provider,
        trigger=run.trigger,
        outcome=outcome,
    )
