"""Delete what is too old to be of use, a little at a time."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.db.models import Model, QuerySet
from msgspec import Struct, field

from integrations.models import (
    AuditEvent,
    AuthorizationState,
    BulkEdit,
    CheckReport,
    CollectionCount,
    Edit,
    FailedRevocation,
    Heartbeat,
    Import,
    Incident,
    ItemChange,
    Notice,
    RefreshAttempt,
    SignInTry,
    SpotCheck,
    SyncRun,
    times,
)
from integrations.services.writing.imports import jobs

# One sweep deletes at most so many rows of a kind; a backlog takes several.
MOST_AT_ONCE = 2000
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# The heartbeat that says when what is not dated by an index was pruned last.
HOURLY = "pruned_hourly"
BY_HISTORY, BY_AUDIT = "HISTORY_DAYS", "AUDIT_DAYS"


class Rule(Struct, frozen=True, kw_only=True):
    """How long rows of a table are kept after the time in ``column``.

    That is what a setting says, in days or in seconds by its name, or ``kept``.
    What no index finds is looked for once an hour.
    """

    model: type[Model]
    column: str
    setting: str = ""
    kept: timedelta = timedelta()
    where: Mapping[str, Any] = field(default_factory=dict)
    is_hourly: bool = False

    @property
    def span(self) -> timedelta:
        """Return how long rows are kept."""
        if not self.setting:
            return self.kept
        number = getattr(settings, self.setting)
        is_days = self.setting.endswith("_DAYS")
        return timedelta(days=number) if is_days else timedelta(seconds=number)

    def older_than(self, now: datetime) -> QuerySet[Any]:
        """Return the rows that are too old at a time, the oldest first.

        In the order of that column its index is used; by their keys all would be
        looked at.
        """
        limit: Any = now - self.span
        if self.model is CollectionCount:
            limit = limit.date()
        rows = self.model._default_manager  # noqa: SLF001 (the documented name)
        old = rows.filter(**{f"{self.column}__lt": limit}, **self.where)
        return old.order_by(self.column)

    def prune(self, now: datetime) -> int:
        """Delete some of the rows that are too old; return how many."""
        some = self.older_than(now)[:MOST_AT_ONCE]
        keys = list(some.values_list("pk", flat=True))
        rows = self.model._default_manager  # noqa: SLF001 (the documented name)
        return rows.filter(pk__in=keys).delete()[0] if keys else 0


RULES = (
    Rule(model=ItemChange, column="at", setting=BY_HISTORY),
    Rule(
        model=SyncRun,
        column="queued_at",
        setting=BY_HISTORY,
        where={"state": SyncRun.State.FINISHED},
    ),
    Rule(model=RefreshAttempt, column="started_at", setting=BY_HISTORY),
    Rule(model=Import, column="ended_at", setting=BY_HISTORY),
    Rule(model=Edit, column="ended_at", setting=BY_HISTORY),
    Rule(
        model=BulkEdit,
        column="created_at",
        kept=DAY,
        where={"confirmed_at__isnull": True},
    ),
    Rule(
        model=BulkEdit,
        column="confirmed_at",
        setting=BY_HISTORY,
        where={"edits__isnull": True},
    ),
    Rule(model=Incident, column="resolved_at", setting=BY_HISTORY),
    Rule(
        model=Notice,
        column="created_at",
        setting=BY_HISTORY,
        where={"incident__isnull": True},
    ),
    Rule(model=SpotCheck, column="began_at", setting=BY_HISTORY),
    Rule(model=CollectionCount, column="day", setting="COUNT_DAYS"),
    Rule(model=AuthorizationState, column="created_at", kept=DAY),
    Rule(model=SignInTry, column="at", kept=HOUR),
    # Of a machine that reports no more, and of checks that there are no more.
    Rule(model=CheckReport, column="at", kept=DAY),
    Rule(model=AuditEvent, column="at", setting=BY_AUDIT),
    Rule(model=FailedRevocation, column="failed_at", setting=BY_AUDIT),
    # A session says itself when it is over.
    Rule(model=Session, column="expire_date"),
    Rule(
        model=UserSession,
        column="created_at",
        setting="SESSION_COOKIE_AGE",
        is_hourly=True,
    ),
    Rule(model=LogEntry, column="action_time", setting=BY_AUDIT, is_hourly=True),
)


def prune(*, now: datetime) -> dict[str, int]:
    """Delete what is older than its rule says; return how many rows of each table."""
    pruned: dict[str, int] = {}
    for name, number in _prune_each(now):
        if number:
            pruned[name] = pruned.get(name, 0) + number
    return pruned


def _prune_each(now: datetime) -> Iterator[tuple[str, int]]:
    noted = Heartbeat.objects.filter(pk=HOURLY).values_list("at", flat=True).first()
    is_hour_over = times.is_over(noted, HOUR, now)
    is_left = False
    for rule in RULES:
        if rule.is_hourly and not is_hour_over:
            continue
        number = rule.prune(now)
        is_left |= rule.is_hourly and number >= MOST_AT_ONCE
        yield name_of(rule.model), number
    if is_hour_over:
        # Their rows are not dated at all.
        number = jobs.prune(now=now)
        yield "import files", number
        if not is_left and number < MOST_AT_ONCE:
            Heartbeat.objects.update_or_create(pk=HOURLY, defaults={"at": now})


def name_of(model: type[Model]) -> str:
    """Return what operators call the rows of a table."""
    return str(model._meta.verbose_name_plural)  # noqa: SLF001 (the documented name)
