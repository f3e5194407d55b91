"""Spaced retries: a sync that failed for a passing reason is tried again by itself.

When is a row, so it outlives every process: ``Connection.retry_at`` is set with the
end of the run, is cleared by whichever run comes next, and is dispatched beside the
schedule. What only a user, staff or another release can change is left to the schedule.
"""

from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q
from django.utils import timezone

from integrations.models import Connection, SyncRun
from integrations.models.reasons import PASSING, Reason, ReasonCode
from integrations.models.sync.progress import ProgressState
from integrations.services.common.database.row_locks import lock_collections

# Counted since the last sync that worked; after these the schedule goes on alone.
DELAYS: Final = tuple(timedelta(minutes=number) for number in (1, 2, 5, 10))
MOST_ATTEMPTS: Final = len(DELAYS) + 1
# A plan that is further away counts as made by a clock that was ahead.
LONGEST_PLAN: Final = SyncRun.LONGEST_WAIT - timedelta(minutes=30)


READ: Final = (ProgressState.DONE, ProgressState.PARTIAL)
LACKING: Final = (ProgressState.FAILED, ProgressState.SKIPPED)


def passing_failure(whole: Reason | None, run: SyncRun) -> Reason | None:
    """Return the first passing reason for which a run lacks something, if any.

    A collection that has to wait long lacks it as well as one that failed; so does a
    text that was left for the first time.
    """
    left = [Reason(code=ReasonCode(run.texts_left))] if run.texts_left else []
    if whole is None or whole.code is not ReasonCode.COLLECTIONS:
        reasons = [whole]
    else:
        lacking = (e for e in run.entries.values() if e.state in LACKING)
        reasons = [_cause(entry.reason) for entry in lacking]
    return next(
        (r for r in (*reasons, *left) if r is not None and r.code in PASSING), None
    )


def _waits(run: SyncRun) -> list[datetime]:
    """Return until when collections have to wait, for which the run did not."""
    reasons = [e.reason for e in run.entries.values() if e.state in LACKING]
    passing = [r for r in reasons if r is not None and r.code in PASSING]
    return [
        datetime.fromisoformat(r.data["until"]) for r in passing if "until" in r.data
    ]


def _end_of_quota(run: SyncRun, now: datetime) -> datetime | None:
    """Return when the first quota of a day ends for which the run lacks something."""
    reasons = [e.reason for e in run.entries.values() if e.state in LACKING]
    ends = [
        datetime.fromisoformat(each.data["until"])
        for each in reasons
        if each is not None
        and each.code is ReasonCode.QUOTA_EXHAUSTED
        and "until" in each.data
    ]
    end = min(ends, default=None)
    return end if end is not None and now < end < now + LONGEST_PLAN else None


def _cause(reason: Reason | None) -> Reason | None:
    """Return what a full refresh failed of, where only what changed was read."""
    if reason is None or reason.code is not ReasonCode.FULL_REFRESH_FAILED:
        return reason
    because = reason.data.get("because") or {}
    return Reason.stored(str(because.get("code", "")), because.get("data") or {})


def lock(run: SyncRun) -> Connection | None:
    """Lock the row of a run's connection for its end and the plan behind it."""
    rows = Connection.objects.select_for_update(no_key=True)
    found = rows.filter(pk=run.connection_id, generation=run.generation).first()
    if found is not None and run.is_full:
        # It may write to them behind the run.
        lock_collections(found.collections.all())
    return found


def plan(
    connection: Connection,
    run: SyncRun,
    outcome: SyncRun.Outcome,
    failure: Reason | None,
    *,
    now: datetime,
    not_before: datetime | None,
) -> None:
    """Count a failure and plan the next attempt; a sync that worked begins anew.

    It is not made before the time that the provider named, of the run or of a
    collection that failed.
    """
    failed = connection.failed_syncs + 1 if failure else 0
    at = None
    if failure is not None and failed <= len(DELAYS):
        states = run.entries.values()
        named = [e.retry_at for e in states if e.state is ProgressState.FAILED]
        pause = now + DELAYS[failed - 1]
        has_failed = any(state.state is ProgressState.FAILED for state in states)
        if not has_failed and (waits := _waits(run)):
            named = [min(waits)]
        at = max(t for t in (pause, not_before, *named) if t is not None)
    elif failure is None and outcome == SyncRun.Outcome.FAILED:
        failed = connection.failed_syncs
    if failure is None:
        at = not_before or _end_of_quota(run, now)
    if run.is_full and (failure or not_before):
        _want_full_refresh(connection, run, now)
    connection.retry_at, connection.failed_syncs = at, failed
    connection.save(update_fields=["retry_at", "failed_syncs"])


def _want_full_refresh(connection: Connection, run: SyncRun, now: datetime) -> None:
    """Let the next attempt read all of what a full refresh has not come to."""
    noted = run.noted.collections
    done = [key for key, entry in noted.items() if entry.state in READ]
    unread = connection.collections.filter(is_selected=True).exclude(pk__in=done)
    unread.update(full_refresh_wanted_at=now)


def answer(connection: Connection) -> None:
    """Count a new run as the scheduled one that is due by now, and the next attempt.

    By itself, after the run: whoever dies in between leaves one sync too many, and
    nobody who holds the connection's row waits here for the run's.
    """
    now = timezone.now()
    is_answered = Q(next_sync_at__lte=now) | Q(retry_at__isnull=False)
    Connection.objects.filter(is_answered, pk=connection.pk).update(
        next_sync_at=connection.next_slot(now), retry_at=None
    )
