"""Show one connection: what is in it, how its syncs went, what it may do."""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from integrations.models import Collection, Connection, SyncRun
from integrations.models.collection import Completeness
from integrations.models.messages import wording
from integrations.models.sync.progress import ProgressState
from integrations.providers import SPECS
from integrations.services.common.database.consistent_read import consistent_read
from integrations.services.common.errors import ConnectorError
from integrations.services.connections import quota
from integrations.services.connections.naming import collection_names
from integrations.services.connections.status import Status, read_connection
from integrations.services.grants import credentials
from integrations.services.sync.spot_checks import due, results
from integrations.views.access import UserRequest
from integrations.views.connections import schedule, schema_changes
from integrations.views.connections.progress import make_progress
from integrations.views.editing.status import edits_of_connection
from integrations.views.items import unread_texts

HTMX_STOP_POLLING = 286
RUNS, HISTORY, ATTEMPTS = 20, 30, 10
# How often an open page looks again, while a run is open and while none is.
SECONDS_BUSY, SECONDS_IDLE = 2, 30
MENU = {"full_refresh", "pause", "reconsent", "disconnect"}
GRANTED = {
    "granted": ("granted", "Granted"),
    "refused": ("missing", "Not accepted now"),
    "ended": ("unused", "Ended"),
    "moved": ("unused", "Used by another server"),
}


@require_safe
def connection_detail(request: UserRequest, pk: UUID) -> HttpResponse:
    """Show all that is known of one connection, without opening a secret."""
    context = _context(request.user, pk)
    connection, shown = context["connection"], context["collections"]
    context |= {
        **edits_of_connection(connection, request.user, shown),
        "intervals": schedule.interval_choices(connection),
        "full_refreshes": schedule.full_refresh_choices(connection),
    }
    return render(request, "connections/connection_detail.html", context)


def _overrun(connection: Connection, known: Sequence[Collection]) -> dict[str, Any]:
    if not connection.is_connected:
        return {}
    try:
        return {"overrun": quota.overrun(connection, known)}
    except ConnectorError as exc:
        mistake = wording.connector_text(exc.reference, wording.COST_UNKNOWN)
        return {"cost_mistake": mistake}


@require_safe
@never_cache
def connection_progress(request: UserRequest, pk: UUID) -> HttpResponse:
    """Show what can change while the page is open, so that it changes together.

    What holds links and forms is sent only when it is not what was ``seen``, or
    whoever is in the middle of one would lose it.
    """
    context = _context(request.user, pk)
    context |= {
        "is_live": True,
        "is_changed": request.GET.get("seen") != context["seen"],
    }
    template = "connections/partials/live.html"
    status = 200 if context["poll_every"] else HTMX_STOP_POLLING
    return render(request, template, context, status=status)


@consistent_read()
def _context(user: User, pk: UUID) -> dict[str, Any]:
    """Return what the page and its live parts are made of, or answer 404."""
    found = read_connection(user, pk, runs=HISTORY)
    if found is None:
        raise Http404
    connection, known, runs = found
    status: Status = connection.status
    collections, run = _selected(known), status.facts.run
    attempts = list(connection.refresh_attempts.all()[: ATTEMPTS + 1])
    latest = [status.run_of(each) for each in runs]
    scopes = list(_scopes(connection, status))
    texts = unread_texts.make_context([connection])
    spec = SPECS.get(connection.provider)
    url = str(connection.account.get("url") or "")
    return {
        "connection": connection,
        "status": status,
        "has_menu": bool(MENU & status.actions),
        "run": run,
        "progress": make_progress(connection, run, collections, texts["unread_texts"]),
        **texts,
        "poll_every": _poll_every(status),
        "seen": _digest(status, collections),
        "collections": collections,
        "being_read": _being_read(run, collections),
        "runs": latest[:RUNS],
        "has_more_runs": len(latest) > RUNS,
        "run_history": [_bar(each) for each in reversed(latest)],
        "scopes": scopes,
        "reconsent_text": _reconsent_text(connection, scopes),
        "token": _token_facts(connection),
        "attempts": attempts[:ATTEMPTS],
        "has_more_attempts": len(attempts) > ATTEMPTS,
        "schedule_text": schedule.schedule_text(connection, status),
        **_overrun(connection, known),
        "is_plan_unknown": quota.is_plan_unknown(connection),
        "has_spot_checks": due.is_on(connection),
        "left_out": _count_left_out(known),
        **schema_changes.make_context(connection),
        "remote_url": url,
        "home_url": url or (spec.home_url if spec else ""),
    }


def _poll_every(status: Status) -> int:
    """Return how many seconds an open page waits before it looks again; 0 is never."""
    if status.facts.open_run is not None:
        return SECONDS_BUSY
    return SECONDS_IDLE if status.facts.connection.is_connected else 0


def _digest(status: Status, collections: Sequence[Collection]) -> str:
    """Return a short name for what the live parts say, counts and times left out."""
    run = status.facts.run
    shown = [
        (status.condition.value, status.code, status.grant, sorted(status.actions)),
        (run.pk, run.state, run.outcome) if run else (),
        [(c.pk, c.completeness, c.reason, c.hold is not None) for c in collections],
        sorted(map(str, _being_read(run, collections))),
    ]
    return sha256(repr(shown).encode()).hexdigest()[:16]


def _selected(known: Sequence[Collection]) -> list[Collection]:
    """Return those that are read, each with what is proven of it and a name."""
    found = [each for each in known if each.is_selected]
    proofs = results.proofs_of(found, now=timezone.now())
    names = collection_names(found)
    for each in found:
        each.proof = proofs.get(each.pk)
        each.unique_name = names[each.pk]
    return found


def _count_left_out(known: Sequence[Collection]) -> int:
    """Return how many of the collections that are offered are not selected."""
    listed = [each for each in known if each.misses < Collection.MOST_MISSES]
    return sum(not each.is_selected for each in listed)


def _being_read(run: SyncRun | None, collections: Sequence[Collection]) -> set[Any]:
    """Return the collections that a sync is reading for the first time."""
    if run is None or not run.is_open or run.is_ending or run.is_waiting:
        return set()
    reading = {
        key
        for key, entry in run.entries.items()
        if entry.state is ProgressState.READING
    }
    pending = (c for c in collections if c.completeness == Completeness.PENDING)
    return {c.pk for c in pending if str(c.pk) in reading}


def _bar(run: SyncRun) -> dict[str, str]:
    when = wording.time_text(run.queued_at)
    how = run.result_text
    return {
        "url": run.get_absolute_url(),
        "tone": run.tone,
        "title": f"{when}: {how.lower()}, {run.new:,} new, {run.changed:,} changed",
    }


def _scopes(connection: Connection, status: Status) -> Iterator[dict[str, str]]:
    """Yield what was asked for, got or not, and then what nobody asked for."""
    granted = set(connection.granted_scopes)
    word, text = GRANTED[status.grant]
    for scope in connection.needed_scopes:
        is_granted = scope.name in granted
        yield {
            "text": scope.description,
            "name": scope.name,
            "status": word if is_granted else "missing",
            "status_text": text if is_granted else "Not granted",
        }
    for name in connection.unused_scopes:
        is_alive = status.grant == "granted"
        yield {
            "text": wording.SCOPES.get(name, name),
            "name": name,
            "status": "unused",
            "status_text": "Granted, not used" if is_alive else text,
        }


def _reconsent_text(connection: Connection, scopes: list[dict[str, str]]) -> str:
    """Describe what consenting once more is good for, empty when for nothing."""
    if any(scope["status"] == "missing" for scope in scopes):
        return "Ask again for what is missing"
    spec = SPECS.get(connection.provider)
    return spec.reconsent_label if spec and connection.is_connected else ""


def _token_facts(connection: Connection) -> dict[str, Any] | None:
    """Return what may be known of the key; the tokens stay in the database."""
    facts = credentials.facts_of(connection)
    if facts is None:
        return None
    now = timezone.now()
    expires_at, due_at = facts.expires_at, facts.refresh_due_at
    return {
        "fingerprint": facts.fingerprint,
        "expires_at": expires_at,
        "is_expired": expires_at is not None and expires_at <= now,
        "is_refresh_due": due_at is not None and due_at <= now,
        "refreshed_at": facts.refreshed_at,
        "is_short": credentials.has_shortest_life(facts.refreshed_at, expires_at),
        "next_refresh_at": due_at,
        "key_id": facts.key_id,
    }
