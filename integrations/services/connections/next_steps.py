"""What comes next for a connection: its next sync, and what its user can do."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from msgspec import Struct

from integrations.models import Connection, SyncRun
from integrations.models.condition import Condition
from integrations.models.reasons import StateReason
from integrations.models.times import is_ahead
from integrations.services.connections.facts import Facts
from integrations.services.sync import retries


class Planned(Struct, frozen=True, kw_only=True):
    """What happens next, and when, if that is known."""

    text: str = ""
    at: datetime | None = None


def next_sync(facts: Facts, condition: Condition) -> Planned:
    """Return when the next sync is, or what has to happen before."""
    connection, run = facts.connection, facts.open_run
    if until := stopped_until(facts, condition):
        return Planned(text=until)
    if not connection.is_connected:
        return Planned(text="Not planned")
    if run is not None:
        return _open_run(run, facts)
    planned = [at for at in (_of_schedule(facts), facts.retry_at) if at is not None]
    if not planned:
        return Planned(text="Not planned")
    at = min(planned)
    if at <= facts.now:
        return Planned(text="Due now")
    is_retry = facts.retry_at is not None
    attempt = f"Attempt {facts.attempt} of {retries.MOST_ATTEMPTS}"
    return Planned(text=attempt if is_retry else "", at=at)


def stopped_until(facts: Facts, condition: Condition) -> str:
    """Return what has to happen before any sync, empty while they go on."""
    if condition is Condition.NEEDS_RECONNECT:
        return "After you reconnect"
    if condition is Condition.PAUSED:
        return "After you resume it"
    connection = facts.connection
    if not connection.is_connected:
        return ""
    if connection.reason == StateReason.SITE_KEY_WRONG:
        return "Once the key of this site is right"
    is_left = connection.reason == StateReason.QUARANTINED and facts.open_run is None
    return "After you or the staff start it" if is_left else ""


def _of_schedule(facts: Facts) -> datetime | None:
    at = facts.connection.next_sync_at
    interval = timedelta(minutes=facts.connection.sync_interval_minutes)
    # A clock was ahead when it was planned; the sweep makes it due.
    is_wrong = at is not None and is_ahead(at, facts.now, longest=interval)
    return facts.now if is_wrong else at


def _open_run(run: SyncRun, facts: Facts) -> Planned:
    if run.is_ending:
        return Planned(text="Stopping")
    if run.is_waiting:
        return Planned(text="Goes on", at=run.due_at)
    if run.started_at is not None:
        return Planned(text="Running now")
    if run.is_due_later(facts.now):
        return Planned(text="Starts", at=run.due_at)
    return Planned(text="Waiting to start")


def actions(facts: Facts, condition: Condition) -> Iterator[str]:
    """Yield what a user can do that comes to something."""
    connection, run = facts.connection, facts.open_run
    is_empty_of_use = connection.is_moved and not facts.item_count
    if connection.is_removable and not facts.is_erasing and not is_empty_of_use:
        yield "remove"
    if condition in (Condition.DELETING, Condition.ERASING):
        return
    yield "rename"
    has_grant = connection.is_connected and condition is not Condition.NEEDS_RECONNECT
    # A second consent could end the grant that another server has, or be the same; and
    # with a wrong key what it gives could be read by nobody once the key is right.
    is_key_wrong = connection.reason == StateReason.SITE_KEY_WRONG
    if facts.is_configured and not connection.is_moved and not is_key_wrong:
        is_refused = connection.reason == StateReason.UNAUTHORIZED
        if not has_grant or is_refused:
            yield "reconnect"
        else:
            yield "reconsent"
    if connection.is_connected:
        yield from ("disconnect", "schedule")
        if facts.collections:
            yield "select"
    if has_grant and connection.state == Connection.State.PAUSED:
        yield "resume"
    if has_grant and connection.is_syncable:
        yield "pause"
        if not is_key_wrong:
            yield from _syncs(run)


def _syncs(run: SyncRun | None) -> Iterator[str]:
    """Yield what a new request would still change about the run that is open."""
    is_queued = run is not None and run.state == SyncRun.State.QUEUED
    if run is None or (is_queued and not run.is_interactive):
        yield "sync"
    if run is None or (is_queued and not run.is_full):
        yield "full_refresh"
