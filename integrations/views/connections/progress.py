"""Put in words how far a run has come, from what it noted of each collection."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.utils import timezone

from integrations.models import Collection, Connection, SyncRun
from integrations.models.messages import wording
from integrations.models.messages.wording import join_some
from integrations.models.reasons import Reason, ReasonCode
from integrations.models.sync.progress import CollectionProgress, Phase, ProgressState
from integrations.services.items.lists.counting import Count
from integrations.views.connections import estimate

STEPS = {
    Phase.LISTING: "Reading",
    Phase.CHANGES: "Looking for changes in",
    Phase.DELETIONS: "Looking for deletions in",
    Phase.ENDING: "Checking",
}
HEADLINES = {
    "complete": "Last sync complete",
    "partial": "Last sync partial",
    "failed": "Latest attempt failed",
    "cancelled": "Latest attempt cancelled",
    "quarantined": "Latest attempt stopped",
}
TONES = {
    ProgressState.DONE: "ok",
    ProgressState.READING: "busy",
    ProgressState.WAITING: "warn",
    ProgressState.PARTIAL: "warn",
    ProgressState.SKIPPED: "warn",
    ProgressState.FAILED: "bad",
}
NEXT_TEXTS = {
    ProgressState.FAILED: "What was stored stays. The next sync tries again.",
    ProgressState.PARTIAL: "What was read is stored. A full refresh looks again.",
    ProgressState.SKIPPED: "What was stored stays. It is read when that is over.",
    ProgressState.WAITING: "It is tried again by itself.",
}
STAYS = "What was stored stays."
PLAN_TEXT = "Say which plan the account has, and it is read at once."
RECONNECT_TEXT = "Reconnect and grant the missing permission to read it."
COUNTS = ("seen", "created", "first_read", "new", "changed", "deleted")


def make_progress(
    connection: Connection,
    run: SyncRun | None,
    collections: Sequence[Collection],
    unread: Count,
) -> dict[str, Any]:
    """Return what the progress panel shows of the open, or the latest, run."""
    is_active = run is not None and run.is_open
    entries = run.noted.collections if run else {}
    value, maximum = _amount(connection, run, entries, collections)
    return {
        "is_active": is_active,
        "headline": _headline(connection, run, list(entries.values())),
        "step": _step(list(entries.values())) if run and run.is_working else "",
        "value": value,
        "max": maximum,
        "waiting_until": run.due_at if run and run.is_waiting else None,
        "wait_text": wait_text(run),
        "time_text": estimate.time_text(
            connection,
            run,
            collections,
            unread=unread,
            read=value,
            total=maximum,
            now=timezone.now(),
        ),
        **{name: getattr(run, name, 0) for name in COUNTS},
    }


def wait_text(run: SyncRun | None) -> str:
    """Return in words what an open run waits for, empty when it does not."""
    if run is None or not run.is_waiting:
        return ""
    return wording.wait_text(run.wait_reason, run.connection.provider_name)


def _headline(
    connection: Connection, run: SyncRun | None, entries: list[CollectionProgress]
) -> str:
    if run is None:
        return "Last sync" if connection.last_synced_at else "Not read yet"
    if run.has_read_nothing:
        return "Last sync found nothing to read"
    if not run.is_open:
        return HEADLINES.get(run.outcome, "Last sync")
    if run.is_ending:
        return "Stopping"
    if run.started_at is None:
        return "Waiting for a worker"
    if not entries:
        return "Finding out what there is"
    done = sum(1 for entry in entries if not entry.state.is_open)
    noun = "collection" if len(entries) == 1 else "collections"
    return f"Syncing: {done} of {len(entries)} {noun}"


def _step(entries: list[CollectionProgress]) -> str:
    """Return what is done now, in all collections that are read side by side."""
    names: dict[str, list[str]] = {}
    for entry in entries:
        if entry.state is ProgressState.READING:
            verb = STEPS[entry.phase or Phase.LISTING]
            names.setdefault(verb, []).append(entry.name)
    steps = (f"{verb} {join_some(n, last=' and ')}." for verb, n in names.items())
    return " ".join(steps)


def _amount(
    connection: Connection,
    run: SyncRun | None,
    entries: Mapping[str, CollectionProgress],
    collections: Sequence[Collection],
) -> tuple[int | None, int | None]:
    """Return how much of how much is read, or nothing while no total is known."""
    if run is None or not run.is_open:
        return None, None
    if not run.is_full and connection.last_synced_at is not None:
        return None, None
    counts = {str(c.pk): c.remote_count for c in collections}
    totals = [
        entry.total or counts.get(key)
        for key, entry in entries.items()
        if entry.state not in (ProgressState.SKIPPED, ProgressState.FAILED)
    ]
    if not totals or None in totals:
        return None, None
    maximum = sum(int(total or 0) for total in totals)
    return (min(run.seen, maximum), maximum) if maximum else (None, None)


def phases(run: SyncRun) -> Iterator[dict[str, Any]]:
    """Yield what the run did in each collection."""
    provider = run.connection.provider
    for entry in run.entries.values():
        yield {
            "collection": entry.name,
            "state": entry.state.value,
            "tone": TONES.get(entry.state, "idle"),
            "reason_text": wording.reason_text(entry.reason, provider),
            **{name: getattr(entry, name) for name in COUNTS},
        }


def errors(run: SyncRun) -> Iterator[dict[str, Any]]:
    """Yield what went wrong, each with what happens next and the technical details."""
    may_go_on, provider = run.connection.is_syncable, run.connection.provider
    whole = Reason.stored(run.reason, run.reason_data)
    if whole is not None and run.outcome == SyncRun.Outcome.FAILED:
        yield from _errors_of_run(whole, may_go_on=may_go_on)
    for entry in run.entries.values():
        if entry.state in NEXT_TEXTS and entry.reason is not None:
            yield {
                "collection": entry.name,
                "message": wording.reason_text(entry.reason, provider),
                "status": entry.status,
                "error_code": entry.error_code,
                "correlation_id": entry.correlation_id,
                "detail": entry.reason.data.get("detail", ""),
                "finding": entry.reason.data.get("message", ""),
                "next_text": _next_text(entry, entry.reason) if may_go_on else STAYS,
            }


def _errors_of_run(reason: Reason, *, may_go_on: bool) -> Iterator[dict[str, Any]]:
    """Yield the error that ended the whole run, if the provider told one."""
    facts = {n: reason.data.get(n) for n in ("status", "error_code", "correlation_id")}
    if any(facts.values()):
        yield {
            "collection": "The whole sync",
            "message": wording.reason_text(reason),
            "detail": reason.data.get("detail", ""),
            "finding": reason.data.get("message", ""),
            "next_text": NEXT_TEXTS[ProgressState.FAILED] if may_go_on else STAYS,
            **facts,
        }


def _next_text(entry: CollectionProgress, reason: Reason) -> str:
    """Return what happens next; a permission and a plan are waited for of the user."""
    if reason.code is ReasonCode.PLAN_UNKNOWN:
        return PLAN_TEXT
    if entry.state is ProgressState.SKIPPED and reason.code is ReasonCode.NO_PERMISSION:
        return RECONNECT_TEXT
    return NEXT_TEXTS[entry.state]
