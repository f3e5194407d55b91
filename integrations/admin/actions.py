"""Do to connections what staff choose from the list: queued, logged, reported."""

from collections.abc import Callable, Iterable
from typing import TypeVar, cast

from django.contrib import messages
from django.contrib.auth.models import User
from django.db.models import Model
from django.http import HttpRequest

from integrations.admin.base import proof_of
from integrations.admin.log import log_action
from integrations.models import Collection, Connection, SyncRun
from integrations.models.messages.wording import count_text
from integrations.services.common.errors import NotSyncableError
from integrations.services.connections import disconnect as disconnecting
from integrations.services.connections import settings as service
from integrations.services.grants import refresh
from integrations.services.sync import runs
from integrations.services.sync.deletions import held_deletions

Row = TypeVar("Row", bound=Model)
# Says what became of one connection.
Step = Callable[[Connection], str]


def run_on_each(
    request: HttpRequest,
    chosen: Iterable[Row],
    action: str,
    step: Callable[[Row], str],
) -> None:
    """Take one step on each row, log it, and report the counts."""
    counts: dict[str, int] = {}
    for row in chosen:
        outcome = step(row)
        log_action(request, row, f"{action}: {outcome}")
        counts[outcome] = counts.get(outcome, 0) + 1
    for outcome, count in counts.items():
        messages.info(request, f"{action.capitalize()}: {count} {outcome}.")


def request_sync(*, full: bool) -> Step:
    """Return the step that queues a sync."""

    def step(connection: Connection) -> str:
        try:
            request = runs.request_sync(
                connection, trigger=SyncRun.Trigger.STAFF, full=full
            )
        except NotSyncableError as error:
            return f"left alone because {error.reason_text}"
        if request.joined:
            return "already running"
        return "queued" if request.delivered else "stored until the queue is back"

    return step


def request_refresh(connection: Connection) -> str:
    """Queue the renewal of a token."""
    if not connection.is_connected:
        return "left alone because disconnected"
    delivered = refresh.request_refresh(connection, why="staff")
    return "queued" if delivered else "stored until the queue is back"


def pause(request: HttpRequest) -> Step:
    """Return the step that pauses a connection."""

    def step(connection: Connection) -> str:
        if not connection.is_syncable:
            return "left alone because not being read"
        service.pause(connection, actor=cast(User, request.user), by_staff=True)
        return "paused"

    return step


def resume(request: HttpRequest) -> Step:
    """Return the step that resumes a connection."""

    def step(connection: Connection) -> str:
        if connection.state != Connection.State.PAUSED:
            return "left alone because not paused"
        service.resume(connection, actor=cast(User, request.user), by_staff=True)
        return "resumed"

    return step


def disconnect(request: HttpRequest, *, keep_items: bool) -> Step:
    """Return the step that erases a grant and has it revoked."""

    def step(connection: Connection) -> str:
        if not connection.is_connected:
            return "left alone because disconnected already"
        disconnecting.disconnect(
            connection,
            actor=cast(User, request.user),
            keep_items=keep_items,
            by_staff=True,
            proof=proof_of(request),
        )
        return "disconnected"

    return step


def approve_deletions(request: HttpRequest) -> Callable[[Collection], str]:
    """Return the step that soft-deletes what was held when staff looked at it."""

    def step(collection: Collection) -> str:
        seen = request.POST.get(f"generation_{collection.pk}", "")
        generation = int(seen) if seen.isascii() and seen.isdigit() else -1
        deleted = held_deletions.approve(collection, generation=generation)
        if deleted is None:
            return "left alone because nothing is held, or something else by now"
        return f"approved, {count_text(deleted, 'item')} deleted"

    return step


def discard_deletions(collection: Collection) -> str:
    """Discard the held deletions: the items stay."""
    if not held_deletions.discard(collection):
        return "left alone because nothing is held"
    return "discarded"
