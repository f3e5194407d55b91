"""Checks of the syncs: promises broken, runs that broke off, what waits for users."""

from datetime import timedelta

from integrations.models import AccountErasure, Collection, Connection
from integrations.models.collection import Completeness
from integrations.models.messages.wording import count_text
from integrations.models.reasons import ReasonCode, StateReason
from integrations.services.upkeep.census import Census
from integrations.services.upkeep.checks.check import (
    SEEN,
    Check,
    Result,
    Severity,
)
from integrations.services.upkeep.checks.counting import counted, too_many

ERASED_WITHIN = timedelta(hours=1)


def _freshness(census: Census) -> Result:
    verbs = ("is older than promised", "are older than promised")
    return too_many(census, "stale", "connection", verbs)


def _quarantine(census: Census) -> Result:
    held = [
        group
        for group in census.connections
        if group.reason == StateReason.QUARANTINED
        and group.state == Connection.State.DEGRADED
    ]
    verbs = ("has ended its worker three times", "have ended their worker three times")
    return counted("quarantined", census.total("number", held), "connection", verbs)


def _mistakes(_census: Census) -> Result:
    rows = Collection.objects.filter(reason=ReasonCode.CONNECTOR_ERROR)
    verbs = ("has met an error of ours", "have met an error of ours")
    return counted("collections", rows.count(), "collection", verbs)


def _held_deletions(_census: Census) -> Result:
    number = Collection.objects.filter(completeness=Completeness.HELD).count()
    verbs = ("waits for a decision", "wait for a decision")
    return counted("collections", number, "collection", verbs)


def _lost_permissions(_census: Census) -> Result:
    rows = Collection.objects.filter(
        completeness=Completeness.NO_PERMISSION, before_refusal__isnull=False
    )
    verbs = ("is refused that could be read", "are refused that could be read")
    return counted("collections", rows.count(), "collection", verbs)


def _erasures(census: Census) -> Result:
    late = AccountErasure.objects.filter(begun_at__lt=census.now - ERASED_WITHIN)
    purging = Connection.objects.filter(
        is_purging=True, state_since__lt=census.now - ERASED_WITHIN
    )
    accounts, connections = late.count(), purging.count()
    is_well = not accounts and not connections
    found = (
        f"not deleted yet: {count_text(accounts, 'account')}, "
        f"the items of {count_text(connections, 'connection')}"
    )
    return Result(
        ok=is_well,
        found="" if is_well else found,
        facts={"accounts": accounts, "connections": connections},
    )


CHECKS = (
    Check(
        id="freshness",
        title="Data is as fresh as promised",
        advice="Look at the list: one provider, or all? Then at queues and workers.",
        probe=_freshness,
        severity=Severity.WARNING,
        surfaces=SEEN,
        reads_rows=True,
        needs=("database",),
    ),
    Check(
        id="quarantine",
        title="No sync ends its worker",
        advice="Give the workers more memory, or report it; the admin retries it.",
        probe=_quarantine,
        severity=Severity.WARNING,
        surfaces=SEEN,
        reads_rows=True,
        needs=("database",),
    ),
    Check(
        id="mistakes",
        title="No connector met an error of ours",
        advice="Search the log for the reference that the collection shows; report it.",
        probe=_mistakes,
        severity=Severity.WARNING,
        reads_rows=True,
        needs=("database",),
    ),
    Check(
        id="held_deletions",
        title="No deletion waits for a decision",
        advice="Ask the owners, or decide: in the list of collections, or by "
        "`manage.py deletions`.",
        probe=_held_deletions,
        severity=Severity.WARNING,
        reads_rows=True,
        needs=("database",),
    ),
    Check(
        id="lost_permissions",
        title="No collection has lost its permission",
        advice="Their owners reconnect, or stop reading them.",
        probe=_lost_permissions,
        severity=Severity.WARNING,
        reads_rows=True,
        needs=("database",),
    ),
    Check(
        id="erasures",
        title="What users delete is deleted within the hour",
        advice="Start workers on refresh and sync; `manage.py sweep` goes on by hand.",
        probe=_erasures,
        reads_rows=True,
        needs=("database",),
    ),
)
