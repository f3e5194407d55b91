"""Show one connection: what is in it, how its syncs went, what it may do."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from django.db.models.functions import Left
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from integrations.models import Collection, Connection, Credential, SyncRun, wording
from integrations.providers import SPECS
from integrations.services.common.errors import ConnectorError
from integrations.services.connections import quota
from integrations.views.access import UserRequest, get_connection
from integrations.views.connections import schedule
from integrations.views.connections.progress import make_progress
from integrations.views.connections.schema_changes import schema_changes

HTMX_STOP_POLLING = 286
RUNS, STRIP, ATTEMPTS = 20, 30, 10
# The beginning of a sealed text names its key; the rest is not even fetched.
KEY_PREFIX = 48
STRIP_TONES = {
    "complete": "ok",
    "partial": "warn",
    "cancelled": "idle",
    "failed": "bad",
    "quarantined": "bad",
}


@require_safe
def connection_detail(request: UserRequest, pk: UUID) -> HttpResponse:
    """Show all that is known of one connection, without opening a secret."""
    connection = get_connection(request, pk)
    collections = _collections(connection)
    latest = list(connection.runs.all()[:STRIP])
    scopes = list(_scopes(connection))
    context = {
        **_progress_context(connection, latest[0] if latest else None, collections),
        "collections": collections,
        "runs": latest[:RUNS],
        "has_more_runs": len(latest) > RUNS,
        "strip": [_bar(run) for run in reversed(latest)],
        "scopes": scopes,
        "reconsent_text": _reconsent_text(connection, scopes),
        "token": _token_facts(connection),
        "attempts": list(connection.refresh_attempts.all()[:ATTEMPTS]),
        "actions": _actions(connection),
        "intervals": schedule.interval_choices(connection),
        "full_refreshes": schedule.full_refresh_choices(connection),
        "schedule_text": schedule.schedule_text(connection),
        **_overrun(connection),
        "is_plan_unknown": quota.is_plan_unknown(connection),
        "left_out": connection.collections.filter(is_selected=False).count(),
        "schema_changes": schema_changes(connection),
        "remote_url": str(connection.account.get("url") or ""),
    }
    return render(request, "connections/connection_detail.html", context)


def _overrun(connection: Connection) -> dict[str, Any]:
    if not connection.is_connected:
        return {}
    try:
        return {"overrun": quota.overrun(connection)}
    except ConnectorError as exc:
        mistake = wording.connector_text(exc.reference, wording.COST_UNKNOWN)
        return {"cost_mistake": mistake}


@require_safe
@never_cache
def connection_progress(request: UserRequest, pk: UUID) -> HttpResponse:
    """Show only the progress; its status ends the polling when nothing runs."""
    connection = get_connection(request, pk)
    run = connection.runs.first()
    context = _progress_context(connection, run, _collections(connection))
    is_over = run is None or not run.is_open
    return render(
        request,
        "connections/partials/progress.html",
        context,
        status=HTMX_STOP_POLLING if is_over else 200,
    )


def _progress_context(
    connection: Connection, run: SyncRun | None, collections: Sequence[Collection]
) -> dict[str, Any]:
    progress = make_progress(connection, run, collections)
    return {"connection": connection, "run": run, "progress": progress}


def _collections(connection: Connection) -> list[Collection]:
    chosen = connection.collections.filter(is_selected=True)
    return list(chosen.defer("schema", "details"))


def _bar(run: SyncRun) -> dict[str, str]:
    when = wording.time_text(run.queued_at)
    how = run.get_outcome_display() or run.get_state_display()
    return {
        "url": run.get_absolute_url(),
        "tone": STRIP_TONES.get(run.outcome, "busy"),
        "title": f"{when}: {how.lower()}, {run.new:,} new, {run.changed:,} changed",
    }


def _scopes(connection: Connection) -> Iterator[dict[str, str]]:
    """Yield what was asked for, got or not, and then what nobody asked for."""
    granted = set(connection.granted_scopes)
    for scope in connection.needed_scopes:
        is_granted = scope.name in granted
        yield {
            "text": scope.description,
            "name": scope.name,
            "status": "granted" if is_granted else "missing",
            "status_text": "Granted" if is_granted else "Missing",
        }
    for name in connection.unused_scopes:
        yield {
            "text": name,
            "name": name,
            "status": "unused",
            "status_text": "Granted, not used",
        }


def _reconsent_text(connection: Connection, scopes: list[dict[str, str]]) -> str:
    """Describe what consenting once more is good for, empty when for nothing."""
    if any(scope["status"] == "missing" for scope in scopes):
        return "Grant missing permissions"
    spec = SPECS.get(connection.provider)
    return spec.reconsent_label if spec and connection.is_connected else ""


def _token_facts(connection: Connection) -> dict[str, Any] | None:
    """Return what may be known of the key; the tokens stay in the database."""
    facts = (
        Credential.objects.filter(pk=connection.pk)
        .annotate(sealed_with=Left("access_token", KEY_PREFIX))
        .values(
            "fingerprint",
            "access_expires_at",
            "refreshed_at",
            "refresh_due_at",
            "sealed_with",
        )
        .first()
    )
    if facts is None:
        return None
    _, _, rest = facts["sealed_with"].partition(".")
    return {
        "fingerprint": facts["fingerprint"],
        "expires_at": facts["access_expires_at"],
        "refreshed_at": facts["refreshed_at"],
        "next_refresh_at": facts["refresh_due_at"],
        "key_id": rest.partition(".")[0],
    }


def _actions(connection: Connection) -> dict[str, bool]:
    state, states = connection.state, Connection.State
    return {
        "sync": connection.is_syncable,
        "reconnect": state in (states.NEEDS_RECONNECT, states.DISCONNECTED),
        "pause": connection.is_syncable,
        "resume": state == states.PAUSED,
        "disconnect": connection.is_connected,
        "remove": connection.is_removable,
        "rename": True,
    }
