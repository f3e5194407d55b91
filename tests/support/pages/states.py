"""Draw states that a connection can be in, as plain facts, and make their rows."""

import random
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User

from integrations.models import Collection, Connection, Credential, SyncRun

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
STORED = (
    *(("active", ""),) * 6,
    ("degraded", "sync_failed"),
    ("degraded", "provider_down"),
    ("degraded", "unauthorized"),
    ("degraded", "quarantined"),
    ("degraded", "stale"),
    ("needs_reconnect", "grant_rejected"),
    ("needs_reconnect", "rotation_lost"),
    ("paused", "paused_by_user"),
    ("paused", "paused_by_staff"),
    ("disconnected", "disconnected_by_user"),
    ("disconnected", "disconnected_by_staff"),
    ("disconnected", "moved"),
    ("degraded", "provider_misconfigured"),
    ("degraded", "missing_scope"),
    ("needs_reconnect", "database_restored"),
    ("needs_reconnect", "credential_unreadable"),
    ("degraded", "site_key_wrong"),
    ("needs_reconnect", "taken_back"),
    ("disconnected", "not_connected"),
)
WAITS = (
    *("rate_limited", "provider_down", "network", "quota_exhausted", "odd_answer"),
    *("connector_error", "provider_paused", "refreshing", "nothing_shared", ""),
)
LACKING = (
    ("pending", ""),
    ("pending", "nothing_shared"),
    ("partial", "short_listing"),
    ("partial", "odd_answer"),
    ("capped", "capped"),
    ("held", "deletions_held"),
    ("no_permission", "no_permission"),
)
ENDINGS = {
    "complete": ("done",),
    "partial": ("done", "partial", "skipped"),
    "failed": ("reading", "waiting", "pending", "failed", "skipped"),
    "cancelled": ("done", "reading", "waiting", "pending"),
    "quarantined": ("reading", "pending"),
}
MAY_PASS = ("network", "intermediary", "provider_down", "odd_answer", "database_away")
FAILURES = ("no_token", "token_refused", "provider_down", "collections")


@dataclass(kw_only=True)
class Part:
    """What is known of one collection."""

    name: str
    completeness: str = "complete"
    reason: str = ""
    count: int = 5
    is_selected: bool = True
    is_listed: bool = True
    blocked_for: timedelta | None = None
    progress: str = "done"


@dataclass(kw_only=True)
class Run:
    """What is known of the latest run; ``due_in`` counts from now."""

    state: str
    outcome: str = ""
    reason: str = ""
    due_in: timedelta = timedelta()
    is_started: bool = True
    is_leased: bool = False
    is_interactive: bool = False
    is_full: bool = False
    is_cancelled: bool = False
    is_of_this_grant: bool = True
    id: uuid.UUID = field(default_factory=uuid.uuid4)


@dataclass(kw_only=True)
class State:
    """What is known of one connection; times count from now."""

    provider: str
    stored: str
    reason: str
    key: str
    parts: list[Part]
    run: Run | None
    synced: timedelta | None
    planned: timedelta | None
    is_purging: bool
    circuit_opens_in: timedelta | None = None
    retries_in: timedelta | None = None
    failed: int = 0
    is_configured: bool = True
    id: uuid.UUID = field(default_factory=uuid.uuid4)


def draw(chance: random.Random) -> State:
    """Draw a state; what can be well is so often enough that all of it can be."""
    stored, reason = chance.choice(STORED)
    parts = [_part(chance, number) for number in range(chance.choice((0, 1, 2, 2, 3)))]
    state = State(
        provider=chance.choice(("hubspot", "airtable", "notion")),
        stored=stored,
        reason=reason,
        key=chance.choice((*("good",) * 6, "expired", "unreadable")),
        parts=parts,
        run=_run(chance),
        synced=chance.choice((None, *(-MINUTE,) * 5, -3 * DAY, 6 * HOUR)),
        planned=chance.choice((None, -5 * MINUTE, *(4 * MINUTE,) * 3, 6 * HOUR)),
        is_purging=stored == "disconnected" and chance.random() < 0.3,
    )
    if stored == "disconnected":
        # Disconnecting ends what is under way and forgets the plan and the key.
        state.planned = None
        if state.run is not None and not state.run.outcome:
            state.run = None
    if state.is_purging:
        for part in parts:
            part.count = 0
    for part in parts:
        part.progress = _progress(chance, state.run)
    _plan_attempt(chance, state)
    return state


def draw_unlike(chance: random.Random, count: int) -> list[State]:
    """Draw states, and return those that are like none that was drawn before.

    Pages are slow to make, and most of what is drawn is like something else.
    """
    found: dict[object, State] = {}
    for state in (draw(chance) for _ in range(count)):
        found.setdefault(_kind(state), state)
    return list(found.values())


def _kind(state: State) -> object:
    """Return what a state has in common with those that are shown as it is."""
    run = state.run
    return (
        *(state.stored, state.reason, state.key == "unreadable", state.is_purging),
        run and (run.state, run.outcome, run.reason, run.is_leased, run.is_cancelled),
        state.retries_in is not None,
        state.synced is None or state.synced < -HOUR,
        any(p.completeness != "complete" for p in state.parts if p.is_selected),
    )


def _plan_attempt(chance: random.Random, state: State) -> None:
    """Plan the next attempt of some that failed; a pause or a dead grant leaves it."""
    run = state.run
    if run is None or run.outcome != "failed" or not run.is_of_this_grant:
        return
    if state.stored != "disconnected" and chance.random() < 0.6:
        run.reason = chance.choice(MAY_PASS)
        state.failed = chance.choice((1, 2, 3, 4))
        state.retries_in = chance.choice((-MINUTE, MINUTE, 10 * MINUTE))


def _part(chance: random.Random, number: int) -> Part:
    part = Part(name=f"Part{number}", count=chance.choice((0, 1, 12)))
    if chance.random() < 0.3:
        part.completeness, part.reason = chance.choice(LACKING)
    part.is_selected = chance.random() < 0.85
    part.is_listed = chance.random() < 0.9
    if chance.random() < 0.08:
        part.blocked_for = chance.choice((2 * DAY, -DAY))
        part.reason = part.reason or "quota_exhausted"
    if not part.is_selected or not part.is_listed or part.reason == "nothing_shared":
        part.count = 0
    return part


def _run(chance: random.Random) -> Run | None:
    kind = chance.choice(
        (*("none", "queued", "working", "between"), *("waiting",) * 2, *("ended",) * 5)
    )
    if kind == "none":
        return None
    run = Run(
        state="running",
        is_interactive=chance.random() < 0.5,
        is_full=chance.random() < 0.3,
        is_of_this_grant=chance.random() < 0.95,
    )
    if kind == "ended":
        run.state, run.outcome = "finished", chance.choice((*ENDINGS, "complete"))
        if run.outcome == "failed":
            run.reason = chance.choice(FAILURES)
        return run
    run.is_of_this_grant = True
    run.is_cancelled = chance.random() < 0.1
    if kind == "queued":
        run.state, run.is_started = "queued", False
        run.due_in = chance.choice((timedelta(), -10 * MINUTE, 5 * MINUTE))
    run.is_leased = kind == "working"
    if kind == "waiting":
        run.due_in, run.reason = 4 * MINUTE, chance.choice(WAITS)
    return run


def _progress(chance: random.Random, run: Run | None) -> str:
    if run is None or not run.outcome:
        return chance.choice(("pending", "reading", "waiting", "done", "failed"))
    return chance.choice(ENDINGS[run.outcome])


def make_rows(owner: User, states: Sequence[State], now: datetime) -> None:
    """Store a few statements' worth of rows for all of the states."""
    connections = {s.id: _connection(owner, s, now) for s in states}
    Connection.objects.bulk_create(connections.values())
    Credential.objects.bulk_create(
        _credential(s, now) for s in states if s.stored != "disconnected"
    )
    collections = {s.id: [_collection(s, p, now) for p in s.parts] for s in states}
    Collection.objects.bulk_create(c for each in collections.values() for c in each)
    SyncRun.objects.bulk_create(
        _sync_run(s, s.run, collections[s.id], now) for s in states if s.run
    )


def _at(now: datetime, offset: timedelta | None) -> datetime | None:
    return None if offset is None else now + offset


def _connection(owner: User, state: State, now: datetime) -> Connection:
    return Connection(
        id=state.id,
        owner=owner,
        provider=state.provider,
        remote_id=str(state.id),
        account_name=f"Account {state.id.hex[:8]}",
        granted_scopes=["oauth", "data.records:read", "something.odd"],
        state=state.stored,
        reason=state.reason,
        generation=2,
        is_purging=state.is_purging,
        last_synced_at=_at(now, state.synced),
        next_sync_at=_at(now, state.planned),
        retry_at=_at(now, state.retries_in),
        failed_syncs=state.failed,
        discovered_at=_at(now, state.synced),
    )


def _credential(state: State, now: datetime) -> Credential:
    key = "k9" if state.key == "unreadable" else "k1"
    life = -HOUR if state.key == "expired" else HOUR
    return Credential(
        connection_id=state.id,
        generation=2,
        access_token=f"v1.{key}.c2VhbGVk",
        refresh_token=f"v1.{key}.c2VhbGVk",
        access_expires_at=now + life,
        refresh_due_at=now + life - 10 * MINUTE,
    )


def _collection(state: State, part: Part, now: datetime) -> Collection:
    is_held = part.completeness == "held" and part.is_selected
    return Collection(
        connection_id=state.id,
        remote_id=part.name,
        name=part.name,
        item_type="contact",
        is_selected=part.is_selected,
        misses=0 if part.is_listed else Collection.MOST_MISSES,
        completeness=part.completeness,
        reason=part.reason,
        reason_data={"count": 7, "number": 7, "listed": 3, "total": 9},
        stored_count=part.count,
        blocked_until=_at(now, part.blocked_for),
        held_deletions={"count": 7, "generation": 0, "sample": []} if is_held else {},
        last_full_refresh_at=now - HOUR if part.completeness == "complete" else None,
    )


def _sync_run(
    state: State, run: Run, collections: Sequence[Collection], now: datetime
) -> SyncRun:
    progress: dict[str, Any] = {
        str(row.pk): {"name": part.name, "state": part.progress}
        for row, part in zip(collections, state.parts, strict=True)
        if part.is_selected and part.is_listed
    }
    return SyncRun(
        id=run.id,
        connection_id=state.id,
        generation=2 if run.is_of_this_grant else 1,
        trigger="user",
        state=run.state,
        outcome=run.outcome,
        reason=run.reason,
        reason_data={"attempt": 3, "reference": "00ff"},
        progress=progress,
        # All that is there, as long as nothing had been read before.
        first_read=sum(p.count for p in state.parts) if state.synced is None else 0,
        is_interactive=run.is_interactive,
        is_full=run.is_full,
        is_cancel_requested=run.is_cancelled,
        due_at=now + run.due_in,
        queued_at=now - 15 * MINUTE,
        started_at=now - 9 * MINUTE if run.is_started else None,
        lease_until=now + 5 * MINUTE if run.is_leased else None,
        lease_id=uuid.uuid4() if run.is_leased else None,
        finished_at=now - MINUTE if run.outcome else None,
    )
