"""Say in words how far a run has come, from what it noted of each collection."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from integrations.models import Collection, Connection, SyncRun

STEPS = {
    "full": "Reading",
    "changes": "Looking for changes in",
    "gone": "Looking for deletions in",
    "sweep": "Checking",
}
ENDED = ("done", "partial", "skipped", "failed")
HEADLINES = {
    "complete": "Last sync complete",
    "partial": "Last sync partly done",
    "failed": "Last sync failed",
    "cancelled": "Last sync cancelled",
    "quarantined": "Last sync stopped",
}
TONES = {
    "done": "ok",
    "reading": "busy",
    "waiting": "warn",
    "partial": "warn",
    "skipped": "warn",
    "failed": "bad",
}
NEXT_TEXTS = {
    "failed": "What was stored stays. The next sync tries again.",
    "partial": "What was read is stored. The next full reading looks again.",
    "skipped": "Reconnect and grant the missing permission to read it.",
    "waiting": "It is tried again by itself.",
}
COUNTS = ("seen", "created", "changed", "deleted")
SHORT_WAIT = timedelta(seconds=2)

Entry = Mapping[str, Any]


def make_progress(
    connection: Connection, run: SyncRun | None, collections: Sequence[Collection]
) -> dict[str, Any]:
    """Return what the progress panel shows of the open, or the latest, run."""
    is_active = run is not None and run.is_open
    value, maximum = _amount(connection, run, collections)
    return {
        "is_active": is_active,
        "headline": _headline(run),
        "step": _step(run) if is_active else "",
        "value": value,
        "max": maximum,
        "waiting_until": waiting_until(run),
        "note": _note(run),
        **{name: getattr(run, name, 0) for name in COUNTS},
    }


def _entries(run: SyncRun | None) -> list[Entry]:
    return list(run.progress.values()) if run else []


def _headline(run: SyncRun | None) -> str:
    if run is None:
        return "Not read yet"
    if not run.is_open:
        return HEADLINES.get(run.outcome, "Last sync")
    if run.is_cancel_requested:
        return "Stopping"
    if run.started_at is None:
        return "Waiting for a worker"
    entries = _entries(run)
    if not entries:
        return "Finding out what there is"
    done = sum(1 for entry in entries if entry.get("state") in ENDED)
    noun = "collection" if len(entries) == 1 else "collections"
    return f"Syncing: {done} of {len(entries)} {noun}"


def _step(run: SyncRun | None) -> str:
    reading = (e for e in _entries(run) if e.get("state") == "reading")
    entry = next(reading, None)
    if entry is None:
        return ""
    verb = STEPS.get(str(entry.get("phase")), "Reading")
    return f"{verb} {entry.get('name', '')}."


def waiting_until(run: SyncRun | None) -> datetime | None:
    """Return when an open run goes on, if nobody is on it until then."""
    if run is None or not run.is_open or run.started_at is None:
        return None
    is_held = run.lease_until is not None and run.lease_until > timezone.now()
    is_soon = run.due_at <= timezone.now() + SHORT_WAIT
    return None if is_held or is_soon or run.failures else run.due_at


def _note(run: SyncRun | None) -> str:
    """Say that something is tried again, and how often it has been."""
    if run is None or not run.is_open or not run.failures:
        return ""
    seconds = max(0, int((run.due_at - timezone.now()).total_seconds()))
    wait = f"{seconds} s" if seconds < 90 else f"{round(seconds / 60)} min"
    return f"Retrying in {wait} (attempt {run.failures + 1})."


def _amount(
    connection: Connection, run: SyncRun | None, collections: Sequence[Collection]
) -> tuple[int | None, int | None]:
    """Return how much of how much is read, or nothing while no total is known."""
    if run is None or not run.is_open:
        return None, None
    if not run.is_full and connection.last_synced_at is not None:
        return None, None
    counts = {str(c.pk): c.remote_count for c in collections}
    totals = [
        entry.get("total") or counts.get(key)
        for key, entry in run.progress.items()
        if entry.get("state") not in ("skipped", "failed")
    ]
    if not totals or None in totals:
        return None, None
    maximum = sum(int(total or 0) for total in totals)
    return (min(run.seen, maximum), maximum) if maximum else (None, None)


def phases(run: SyncRun) -> Iterator[dict[str, Any]]:
    """Yield what the run did in each collection."""
    for entry in _entries(run):
        state = str(entry.get("state", "pending"))
        yield {
            "collection": entry.get("name", ""),
            "state": state,
            "tone": TONES.get(state, "idle"),
            "reason_text": entry.get("reason", ""),
            **{name: entry.get(name, 0) for name in COUNTS},
        }


def errors(run: SyncRun) -> Iterator[dict[str, Any]]:
    """Yield what went wrong, each with what happens next."""
    for entry in _entries(run):
        state = str(entry.get("state"))
        if state in NEXT_TEXTS and entry.get("reason"):
            yield {
                "collection": entry.get("name", ""),
                "message": entry["reason"],
                "status": entry.get("status"),
                "correlation_id": entry.get("correlation_id", ""),
                "next_text": NEXT_TEXTS[state],
            }
