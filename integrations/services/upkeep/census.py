"""Census: the figures of the whole site, in a few statements however many rows.

Each part is read when it is first asked for, and once.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import (
    CharField,
    Count,
    Min,
    Q,
    QuerySet,
    Sum,
    Value,
)
from django.db.models.functions import Cast
from django.utils import timezone
from django_celery_beat.models import PeriodicTask
from msgspec import Struct

from integrations.models import Connection, Edit, Heartbeat, ProviderState, SyncRun
from integrations.services.sync.calls import spend

# Name of the scheduler itself among the heartbeats.
BEAT = "beat"
# A refresh starts within seconds of its time; the rest is what a restart takes.
OVERDUE_AFTER = timedelta(minutes=2)
# A grant that ends so soon has to be renewed by its user.
ENDS_WITHIN = timedelta(days=7)
# What was lost before is known, and up to its user.
LOST_WITHIN = timedelta(days=1)
# The most frequent schedule promises this much, and longer ones three intervals.
SHORTEST_PROMISE_MINUTES, PROMISED_INTERVALS = 60, 3
USUAL_MINUTES = (20, 30, 60, 180, 360, 720, 1440, 2880, 4320, 10080, 20160, 43200)


class Group(Struct, frozen=True, kw_only=True):
    """Connections of one provider in one state for one reason, counted."""

    provider: str
    state: str
    reason: str
    number: int
    stale: int
    at_risk: int
    just_lost: int
    overdue: int
    near_quota: int
    calls_today: int
    calls_this_month: int


class Work(Struct, frozen=True, kw_only=True):
    """Runs or edits of one kind, counted, and the time that one waits since."""

    kind: str
    key: str
    number: int
    oldest: datetime | None


def stale(now: datetime) -> Q:
    """Select connections that are read, and whose data is older than promised.

    An interval between two of the usual ones promises as much as the longer one, so
    that a database compares columns with constants, which is ten times faster than
    computing a promise for each row.
    """
    promises, below = Q(pk__in=()), 0
    for minutes in USUAL_MINUTES:
        promise = max(SHORTEST_PROMISE_MINUTES, PROMISED_INTERVALS * minutes)
        promises |= Q(
            sync_interval_minutes__gt=below,
            sync_interval_minutes__lte=minutes,
            last_synced_at__lt=now - timedelta(minutes=promise),
        )
        below = minutes
    held = Q(state__in=(Connection.State.ACTIVE, Connection.State.DEGRADED))
    return held & promises


def at_risk(now: datetime) -> Q:
    """Select connections whose grant may be lost unless a refresh goes well soon."""
    held = Q(
        state__in=(
            Connection.State.ACTIVE,
            Connection.State.DEGRADED,
            Connection.State.PAUSED,
        )
    )
    return held & (
        Q(credential__failures__gt=0)
        | Q(credential__unknown_outcomes__gt=0)
        | Q(credential__refresh_expires_at__lt=now + ENDS_WITHIN)
    )


def just_lost(now: datetime) -> Q:
    """Select connections whose grant was lost lately, and not got back since."""
    return Q(state=Connection.State.NEEDS_RECONNECT, state_since__gt=now - LOST_WITHIN)


def overdue(now: datetime) -> Q:
    """Select connections whose token should have been refreshed by now."""
    held = Q(state__in=(Connection.State.ACTIVE, Connection.State.DEGRADED))
    return held & Q(credential__refresh_due_at__lt=now - OVERDUE_AFTER)


def failed_today(now: datetime) -> Q:
    """Select runs that failed on this day, in UTC."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return Q(finished_at__gte=midnight, outcome__in=SyncRun.ENDED_BADLY)


# What operators watch, by the name of its figure.
WATCHED: Mapping[str, Callable[[datetime], Q]] = {
    "at_risk": at_risk,
    "overdue": overdue,
    "stale": stale,
    "near_quota": spend.nearly_used,
}


class Census:
    """Figures of the whole site at one time."""

    def __init__(self, now: datetime | None = None, *, is_whole: bool = False) -> None:
        """Read nothing yet; ``is_whole`` says that all of it will be asked for."""
        self.now, self._is_whole = now or timezone.now(), is_whole

    @cached_property
    def connections(self) -> list[Group]:
        """Return the connections by provider, state and reason."""
        now, today = self.now, self.now.date()
        rows = (
            Connection.objects.order_by()
            .values("provider", "state", "reason")
            .annotate(
                number=Count("pk"),
                stale=Count("pk", filter=stale(now)),
                at_risk=Count("pk", filter=at_risk(now)),
                just_lost=Count("pk", filter=just_lost(now)),
                overdue=Count("pk", filter=overdue(now)),
                near_quota=Count("pk", filter=spend.nearly_used(now)),
                today=Sum("calls_today", filter=Q(calls_on=today)),
                month=Sum(
                    "calls_this_month", filter=Q(calls_on__gte=today.replace(day=1))
                ),
            )
        )
        return [_group(row) for row in rows]

    @cached_property
    def work(self) -> list[Work]:
        """Return open runs, open edits and today's failures, by one statement."""
        now = self.now
        # Named one by one, because no index serves what a state is not.
        runs = SyncRun.objects.filter(state__in=SyncRun.OPEN)
        edits, due = Edit.objects.open(), Edit.objects.deliverable(now)
        failed = SyncRun.objects.filter(failed_today(now))
        rows = _counted(runs, "run", "state", "due_at").union(
            _counted(edits, "edit", "state", "due_at"),
            # Of those, what a worker may take: not what waits for its connection.
            _counted(due, "edit_due", "state", "due_at"),
            _counted(failed, "failed", "reason", "finished_at"),
            all=True,
        )
        return [Work(**row) for row in rows]

    @cached_property
    def oldest_run(self) -> datetime | None:
        """Return since when the first run waits that nobody has taken.

        A probe asks every few seconds, and has one row read for it.
        """
        if self._is_whole:
            rows = [row for row in self.work if row.kind == "run"]
            queued = [row.oldest for row in rows if row.key == SyncRun.State.QUEUED]
            return next(iter(queued), None)
        waiting = SyncRun.objects.filter(state=SyncRun.State.QUEUED)
        return waiting.order_by("due_at").values_list("due_at", flat=True).first()

    def oldest_edit(self) -> datetime | None:
        """Return since when the first edit waits that a worker may take."""
        rows = (row for row in self.work if row.kind == "edit_due")
        return min((row.oldest for row in rows if row.oldest), default=None)

    @cached_property
    def heartbeats(self) -> dict[str, datetime]:
        """Return when each kind of process last did its work.

        Beat is dated by its own clock, the others by whoever does its ticks.
        """
        ticks = PeriodicTask.objects.order_by().exclude(last_run_at=None)
        ticked = ticks.values_list(Value(BEAT), "last_run_at")
        seen = Heartbeat.objects.order_by().values_list("name", "at")
        newest: dict[str, datetime] = {}
        for name, at in seen.union(ticked, all=True):
            newest[name] = max(at, newest.get(name, at))
        return newest

    @cached_property
    def provider_states(self) -> dict[str, ProviderState]:
        """Return what holds for whole providers."""
        return {state.provider: state for state in ProviderState.objects.all()}

    @cached_property
    def database_bytes(self) -> int | None:
        """Return the size of the database, None where it is in memory."""
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_database_size(current_database())")
                return int(cursor.fetchone()[0])
        name = str(settings.DATABASES["default"]["NAME"])
        files = [Path(f"{name}{end}") for end in ("", "-wal")]
        return sum(f.stat().st_size for f in files if f.is_file()) or None

    def total(self, figure: str, groups: Iterable[Group] | None = None) -> int:
        """Return the sum of one figure over the connections."""
        chosen = self.connections if groups is None else groups
        return sum(getattr(group, figure) for group in chosen)


def _group(row: Mapping[str, Any]) -> Group:
    sums = {"today": "calls_today", "month": "calls_this_month"}
    columns: dict[str, Any] = {
        # A sum over no rows is none.
        sums.get(name, name): 0 if value is None else value
        for name, value in row.items()
    }
    return Group(**columns)


def _counted(rows: QuerySet, kind: str, key: str, time: str) -> QuerySet:
    """Count rows by a column, with the earliest of a time that has come."""
    return (
        rows.order_by()
        .annotate(
            kind=Value(kind, output_field=CharField()),
            key=Cast(key, CharField()),
        )
        .values("kind", "key")
        .annotate(number=Count("pk"), oldest=Min(time))
    )
