"""Delete what is too old to be of use, a little at a time."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Model

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
# A year and a little, so that two of a season can be compared.
COUNTS_KEPT = timedelta(days=400)
STATES_KEPT = timedelta(days=1)
DRAFTS_KEPT = timedelta(days=1)
TRIES_KEPT = timedelta(hours=1)
# Of a machine that reports no more, and of checks that there are no more.
REPORTS_KEPT = timedelta(days=1)
# The heartbeat that says when imports were pruned, and how long that is enough.
IMPORTS, EVERY = "pruned_imports", timedelta(hours=1)


def prune(*, now: datetime) -> int:
    """Delete old history, runs, edits, drafts, states and audit; return how many."""
    history = now - timedelta(days=settings.HISTORY_DAYS)
    audit = now - timedelta(days=settings.AUDIT_DAYS)
    return sum(
        (
            _prune(ItemChange, at__lt=history),
            _prune(SyncRun, queued_at__lt=history, state=SyncRun.State.FINISHED),
            _prune(RefreshAttempt, started_at__lt=history),
            _prune(Import, ended_at__lt=history),
            _prune(Edit, ended_at__lt=history),
            _prune_imports(now),
            _prune(
                BulkEdit, created_at__lt=now - DRAFTS_KEPT, confirmed_at__isnull=True
            ),
            _prune(BulkEdit, confirmed_at__lt=history, edits__isnull=True),
            _prune(Incident, resolved_at__lt=history),
            _prune(Notice, created_at__lt=history, incident__isnull=True),
            _prune(SpotCheck, began_at__lt=history),
            _prune(CollectionCount, day__lt=(now - COUNTS_KEPT).date()),
            _prune(AuthorizationState, created_at__lt=now - STATES_KEPT),
            _prune(SignInTry, at__lt=now - TRIES_KEPT),
            _prune(CheckReport, at__lt=now - REPORTS_KEPT),
            _prune(AuditEvent, at__lt=audit),
            _prune(FailedRevocation, failed_at__lt=audit),
        )
    )


def _prune_imports(now: datetime) -> int:
    """Delete what imports leave behind, hourly: their rows are not dated."""
    noted = Heartbeat.objects.filter(pk=IMPORTS).values_list("at", flat=True).first()
    if not times.is_over(noted, EVERY, now):
        return 0
    pruned = jobs.prune(now=now)
    if pruned < MOST_AT_ONCE:
        Heartbeat.objects.update_or_create(pk=IMPORTS, defaults={"at": now})
    return pruned


def _prune(model: type[Model], **old: Any) -> int:
    """Delete the oldest rows of those that are ``old``, whose first column dates them.

    In the order of that column its index is used; by their keys all would be looked at.
    """
    date = next(iter(old)).partition("__")[0]
    rows = model._default_manager  # noqa: SLF001 (the documented name)
    some = rows.filter(**old).order_by(date)[:MOST_AT_ONCE]
    keys = list(some.values_list("pk", flat=True))
    if not keys:
        return 0
    return rows.filter(pk__in=keys).delete()[0]
