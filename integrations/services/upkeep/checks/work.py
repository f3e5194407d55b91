"""Checks of the syncs: promises broken, runs that broke off, what waits for users."""

from datetime import timedelta

from integrations.models import AccountErasure, Collection, Connection
from integrations.models.collection import Completeness
from integrations.models.reasons import ReasonCode, StateReason
from integrations.services.upkeep.census import Census
from integrations.services.upkeep.checks.check import (
    SEEN,
    Check,
    Result,
    Severity,
)
from integrations.services.upkeep.checks.shares import too_many

ERASED_WITHIN = timedelta(hours=1)


def _freshness(census: Census) -> Result:
    return too_many(census, "stale", "connections are older than promised")


def _quarantine(census: Census) -> Result:
    held = [
        group
        for group in census.connections
        if group.reason == StateReason.QUARANTINED
        and group.state == Connection.State.DEGRADED
    ]
    number = census.total("number", held)
    found = f"{number} connections ended their worker three times" if number else ""
    return Result(ok=not number, found=found, facts={"quarantined": number})


def _mistakes(_census: Census) -> Result:
    rows = Collection.objects.filter(reason=ReasonCode.CONNECTOR_ERROR)
    number = rows.count()
    found = f"{number} collections met an error of ours" if number else ""
    return Result(ok=not number, found=found, facts={"collections": number})


def _held_deletions(_census: Census) -> Result:
    number = Collection.objects.filter(completeness=Completeness.HELD).count()
    found = f"{number} collections wait for a decision" if number else ""
    return Result(ok=not number, found=found, facts={"collections": number})


def _lost_permissions(_census: Census) -> Result:
    rows = Collection.objects.filter(
        completeness=Completeness.NO_PERMISSION, before_refusal__isnull=False
    )
    number = rows.count()
    found = f"{number} collections are refused that could be read" if number else ""
    return Result(ok=not number, found=found, facts={"collections": number})


def _erasures(census: Census) -> Result:
    late = AccountErasure.objects.filter(begun_at__lt=census.now - ERASED_WITHIN)
    purging = Connection.objects.filter(
        is_purging=True, state_since__lt=census.now - ERASED_WITHIN
    )
    accounts, connections = late.count(), purging.count()
    is_well = not accounts and not connections
    found = f"{accounts} accounts and the items of {connections} connections are left"
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
        places=SEEN,
        reads_rows=True,
        needs=("database",),
    ),
    Check(
        id="quarantine",
        title="No sync ends its worker",
        advice="Give the workers more memory, or report it; the admin retries it.",
        probe=_quarantine,
        severity=Severity.WARNING,
        places=SEEN,
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
        advice="Ask the owners, or approve or discard them in the list of collections.",
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
