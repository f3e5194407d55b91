"""Acts of staff on connections, held deletions, providers and failed revocations."""

from integrations.models import (
    Collection,
    Connection,
    FailedRevocation,
    ProviderState,
    SyncRun,
)
from integrations.models.messages.wording import count_text
from integrations.services.common.errors import NotSyncableError
from integrations.services.connections import disconnect as disconnecting
from integrations.services.connections import settings as service
from integrations.services.connections.staff.acting import (
    Act,
    Actor,
    Outcome,
    Step,
    left_alone,
)
from integrations.services.grants import circuit_breaker, failed_revocations, refresh
from integrations.services.sync import runs
from integrations.services.sync.deletions import held_deletions

OPERATE = "integrations.change_connection"
REVOKE = "integrations.delete_connection"
DECIDE = "integrations.change_collection"
CLEAR = "integrations.change_providerstate"
DISMISS = "integrations.delete_failedrevocation"
QUEUED, STORED = "queued", "stored until the queue is back"


def _syncing(*, full: bool) -> Step:
    """Return the step that queues a sync."""

    def step(connection: Connection, _actor: Actor) -> Outcome:
        try:
            request = runs.request_sync(
                connection, trigger=SyncRun.Trigger.STAFF, full=full
            )
        except NotSyncableError as error:
            return left_alone(error.reason_text)
        if request.joined:
            return Outcome("already running")
        return Outcome(QUEUED if request.delivered else STORED)

    return step


def _refresh_token(connection: Connection, _actor: Actor) -> Outcome:
    if not connection.is_connected:
        return left_alone("disconnected")
    delivered = refresh.request_refresh(connection, why="staff")
    return Outcome(QUEUED if delivered else STORED)


def _pause(connection: Connection, actor: Actor) -> Outcome:
    if not connection.is_syncable:
        return left_alone("not being read")
    service.pause(connection, actor=actor.user, by_staff=True)
    return Outcome("paused")


def _resume(connection: Connection, actor: Actor) -> Outcome:
    if connection.state != Connection.State.PAUSED:
        return left_alone("not paused")
    service.resume(connection, actor=actor.user, by_staff=True)
    return Outcome("resumed")


def _disconnect(connection: Connection, actor: Actor) -> Outcome:
    if not connection.is_connected:
        return left_alone("disconnected already")
    disconnecting.disconnect(
        connection,
        actor=actor.user,
        keep_items=actor.choices["keep_items"],
        by_staff=True,
        proof=actor.proof,
    )
    return Outcome("disconnected")


def _approve(collection: Collection, actor: Actor) -> Outcome:
    """Delete what was held when staff looked at it, and nothing else."""
    generation = actor.choices["generations"].get(collection.pk, -1)
    deleted = held_deletions.approve(collection, generation=generation)
    if deleted is None:
        return left_alone("nothing is held, or something else by now")
    return Outcome(f"approved, {count_text(deleted, 'item')} deleted")


def _discard(collection: Collection, _actor: Actor) -> Outcome:
    if not held_deletions.discard(collection):
        return left_alone("nothing is held")
    return Outcome("discarded")


def _clear_pause(state: ProviderState, _actor: Actor) -> Outcome:
    """Close the circuit: the next call decides whether the provider accepts us."""
    circuit_breaker.clear(state.provider)
    return Outcome("cleared")


def _dismiss(failed: FailedRevocation, actor: Actor) -> Outcome:
    failed_revocations.dismiss(failed, actor=actor.user)
    return Outcome("dismissed")


SYNC_NOW = Act(
    name="sync now",
    command="connections sync-now",
    permission=OPERATE,
    help="queue a sync",
    step=_syncing(full=False),
)
FULL_REFRESH = Act(
    name="full refresh",
    command="connections full-refresh",
    permission=OPERATE,
    help="queue a sync that reads everything again",
    step=_syncing(full=True),
)
REFRESH_TOKEN = Act(
    name="refresh token",
    command="connections refresh-token",
    permission=OPERATE,
    help="queue the refresh of the token",
    step=_refresh_token,
)
PAUSE = Act(
    name="pause",
    command="connections pause",
    permission=OPERATE,
    help="stop reading",
    step=_pause,
)
RESUME = Act(
    name="resume",
    command="connections resume",
    permission=OPERATE,
    help="go on reading what is paused",
    step=_resume,
)
DISCONNECT = Act(
    name="disconnect",
    command="connections disconnect",
    permission=REVOKE,
    help="erase the grant and have it revoked",
    step=_disconnect,
    warning="The tokens are erased here, and revoked at their provider if it has a "
    "way to be told. Only the owners can connect again.",
)
APPROVE_DELETIONS = Act(
    name="approve deletions",
    command="deletions approve",
    permission=DECIDE,
    help="delete the items that a full refresh did not find",
    step=_approve,
    warning="These items are deleted here for their owners. They come back only if the "
    "provider shows them again.",
)
DISCARD_DELETIONS = Act(
    name="discard deletions",
    command="deletions discard",
    permission=DECIDE,
    help="keep the items; the next full refresh looks again",
    step=_discard,
)
CLEAR_PAUSE = Act(
    name="clear pause",
    command="providers clear-pause",
    permission=CLEAR,
    help="end the pause and the alarm; the next call decides",
    step=_clear_pause,
)
DISMISS_REVOCATION = Act(
    name="dismiss",
    command="revocations dismiss",
    permission=DISMISS,
    help="forget grants that were ended at their provider",
    step=_dismiss,
    warning="Nobody is asked to end these grants any more. Those that still live at "
    "their provider stay usable by whoever has their tokens.",
)
