"""Checks of the grants: keys, refreshes, what is at risk and what was left over."""

import sqlite3
import time
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from django.conf import settings
from django.db.models import Q

from integrations.http.secrets import Secret
from integrations.models import Credential, FailedRevocation
from integrations.services.common.sealing import crypto
from integrations.services.grants import failed_revocations, readability
from integrations.services.grants.stores import grant_ledger
from integrations.services.upkeep.census import Census
from integrations.services.upkeep.checks.check import (
    PROBED,
    SEEN,
    Check,
    Result,
    Severity,
)
from integrations.services.upkeep.checks.counting import counted, too_many

# Stored credentials that a probe opens.
OPENED = 50
# Users take their permissions back one at a time.
LOST_TOGETHER = 3
# The sweep restores what it finds within seconds.
STORED_FOR_SECONDS = 120


def _credentials(_census: Census) -> Result:
    """Open some; one that does not open stays counted until it is replaced."""
    unreadable = readability.count_unreadable(OPENED)
    return counted(
        "unreadable", unreadable, "stored permission", ("does not open", "do not open")
    )


def _token_keys(_census: Census) -> Result:
    """Seal and open a text, and look for what was sealed with a key that is missing."""
    text = str(uuid4())
    sealed = crypto.seal(Secret(text), purpose="check", associated_data="check")
    opened = crypto.unseal(sealed, purpose="check", associated_data="check")
    if opened.reveal() != text:
        return Result(ok=False, found="what is sealed opens to something else")
    known = Q(pk__in=())
    for start in crypto.known_prefixes():
        known |= Q(access_token__startswith=start)
    missing = Credential.objects.exclude(known).count()
    verbs = ("needs a key that is missing here", "need a key that is missing here")
    return counted("missing", missing, "stored permission", verbs)


def _refreshes(census: Census) -> Result:
    verbs = ("should be refreshed by now", "should be refreshed by now")
    return counted("overdue", census.total("overdue"), "token", verbs)


def _grants_at_risk(census: Census) -> Result:
    return too_many(census, "at_risk", "permission", ("may be lost", "may be lost"))


def _lost_grants(census: Census) -> Result:
    """Tell many grants that were lost together from a few that ended by themselves."""
    if census.total("just_lost") < LOST_TOGETHER:
        return Result(ok=True)
    return too_many(census, "just_lost", "permission", ("was lost", "were lost"))


def _fallback_store(_census: Census) -> Result:
    folder = Path(settings.VAR_DIR) / "fallback_store"
    limit = time.time() - STORED_FOR_SECONDS
    waiting = (f for end in ("json", "consent") for f in folder.glob(f"*.{end}"))
    late = [f for f in waiting if _is_older(f, limit)]
    broken = list(folder.glob("*.unreadable"))
    if not late and not broken:
        return Result(ok=True)
    found = f"waiting for the database: {len(late)}; damaged: {len(broken)}"
    return Result(
        ok=False, found=found, facts={"waiting": len(late), "damaged": len(broken)}
    )


def _grant_ledger(_census: Census) -> Result:
    try:
        grant_ledger.prove()
    except (sqlite3.Error, OSError) as exc:
        found = f"{grant_ledger.FILE} takes no entry ({type(exc).__name__})"
        return Result(ok=False, found=found)
    return Result(ok=True)


def _is_older(path: Path, limit: float) -> bool:
    """Tell whether a file was written before; one that is restored meanwhile is not."""
    with suppress(FileNotFoundError):
        return path.stat().st_mtime < limit
    return False


def _revocations(_census: Census) -> Result:
    verbs = ("may live on at its provider", "may live on at their provider")
    # What no provider of its kind can be told is nothing that staff could mend.
    refused = FailedRevocation.objects.exclude(error=failed_revocations.NOT_OFFERED)
    return counted("failed", refused.count(), "grant", verbs)


CHECKS = (
    Check(
        id="credentials",
        title="Stored permissions open",
        advice="`manage.py rotate_token_keys --check` says how many do not. "
        "All: bring the key back to TOKEN_KEYS; a few: their owners reconnect.",
        probe=_credentials,
        surfaces=PROBED,
        reads_rows=True,
        needs=("database",),
    ),
    Check(
        id="token_keys",
        title="TOKEN_KEYS seals, and has the key of everything stored",
        advice="Bring the former key back, behind the first one in TOKEN_KEYS.",
        probe=_token_keys,
        is_of_machine=True,
        reads_rows=True,
        needs=("database",),
    ),
    Check(
        id="refreshes",
        title="Tokens are refreshed in time",
        advice="Start more workers on the queue refresh; see what the log says of it.",
        probe=_refreshes,
        surfaces=SEEN,
        reads_rows=True,
        needs=("database", "scheduler", "workers"),
    ),
    Check(
        id="grants_at_risk",
        title="Hardly any permission may be lost",
        advice="Look at the list: is it one provider? Its status page may say why.",
        probe=_grants_at_risk,
        severity=Severity.WARNING,
        surfaces=SEEN,
        reads_rows=True,
        needs=("database",),
    ),
    Check(
        id="lost_grants",
        title="Permissions are not lost by many at once",
        advice="Look at the list: one provider, or all since a release or a restore? "
        "What their users did not end themselves may be mended in one place.",
        probe=_lost_grants,
        surfaces=SEEN,
        reads_rows=True,
        needs=("database",),
    ),
    Check(
        id="fallback_store",
        title="No new token waits outside the database",
        advice="Start workers on refresh and on interactive,ticks on this machine. "
        "Those of damaged files reconnect; then delete the files.",
        probe=_fallback_store,
        is_of_machine=True,
        surfaces=SEEN,
    ),
    Check(
        id="grant_ledger",
        title="What became of grants is remembered beside the database",
        advice="Give VAR_DIR/grant_ledger.sqlite3 to the user that runs Mooring; if "
        "it is damaged, delete it.",
        probe=_grant_ledger,
        is_of_machine=True,
    ),
    Check(
        id="revocations",
        title="Providers accept that grants are given back",
        advice="Their owners end them at the provider; the list names them. "
        "Dismiss what is ended: `manage.py revocations dismiss`.",
        probe=_revocations,
        severity=Severity.WARNING,
        reads_rows=True,
        needs=("database",),
    ),
)
