"""Refresh one collection, step by step, from where its checkpoint is.

The checkpoint says what comes next; it commits together with the page it belongs to.
A full refresh lists everything, asks what the provider knows to be deleted, and ends
by a soft delete of what it has proven not to be there. An incremental sync asks for
what changed since the watermark, less the lookback.
"""

from django.db import transaction
from django.utils import timezone

from integrations.http.errors import (
    ApiError,
    InvalidRequest,
    InvalidResponse,
    QuotaExhausted,
)
from integrations.models import Collection
from integrations.models.collection import Completeness
from integrations.models.reasons import Reason
from integrations.models.sync.progress import Phase, ProgressState
from integrations.providers.errors import ListingExpiredError
from integrations.services.common.errors import CallsSparedError, PlanUnknownError
from integrations.services.sync.calls import budget
from integrations.services.sync.deletions import seen_bitmap
from integrations.services.sync.leases.lease import RunLease
from integrations.services.sync.refresh import (
    checkpoint,
    extras,
    full_refresh,
    incremental,
    pages,
    start,
)
from integrations.services.sync.refresh.checkpoint import (
    Checkpoint,
    CheckpointError,
    FullRefresh,
)

MOST_RESTARTS = 3


def sync_collection(lease: RunLease, collection: Collection) -> None:
    """Go on where the checkpoint is, until done or until others have their turn."""
    if not _is_under_way(lease, collection):
        if _is_out_of_reach(lease, collection):
            reason = Reason.stored(collection.reason, collection.reason_data)
            lease.note(collection, state=ProgressState.SKIPPED, reason=reason)
            lease.renew()
            return
        _spare_calls(lease, collection)
        start.begin(lease, collection)
    while (found := checkpoint.read(collection)) is not None:
        _spare_calls(lease, collection)
        try:
            _step(lease, collection, found)
        except ListingExpiredError:
            # Of several pages, those before it may have been stored.
            _restart_listing(lease, collection, checkpoint.read(collection) or found)
        except InvalidRequest as exc:
            found = checkpoint.read(collection) or found
            _restart_refused(lease, collection, found, exc)
        if not lease.progress_of(collection).state.is_open or lease.is_others_turn:
            return


def send_ahead(lease: RunLease, collection: Collection) -> None:
    """Send for a collection's next page before its turn, if need be begin with it.

    Not where its turn may find that nothing is to be asked for.
    """
    if collection.pk in lease.ahead or not pages.may_send_ahead(lease, collection):
        return
    if not _is_under_way(lease, collection):
        if _is_out_of_reach(lease, collection):
            return
        start.begin(lease, collection)
    if (found := checkpoint.read(collection)) is not None:
        pages.send_ahead(lease, collection, found)


def _spare_calls(lease: RunLease, collection: Collection) -> None:
    """Stop a first refresh that has used its share of the plan's calls of a month.

    An answer that is on its way is paid for.
    """
    is_first = collection.last_full_refresh_at is None
    if not (is_first and lease.is_spent) or collection.pk in lease.ahead:
        return
    until = budget.next_month(timezone.now())
    if not lease.connection.plan:
        raise PlanUnknownError("the plan is not known", until=until)
    raise CallsSparedError("half of the plan's calls are used", until=until)


def _is_under_way(lease: RunLease, collection: Collection) -> bool:
    """Tell whether this run has begun with it; what is damaged is begun again."""
    if lease.progress_of(collection).state is ProgressState.PENDING:
        return False
    try:
        return checkpoint.read(collection) is not None
    except CheckpointError:
        return False


def _step(lease: RunLease, collection: Collection, found: Checkpoint) -> None:
    """Read the next page of whatever phase it is in, or end the refresh."""
    if isinstance(found, FullRefresh):
        if found.phase is Phase.LISTING:
            pages.read_listing(lease, collection, found)
        elif found.phase is Phase.DELETIONS:
            _read_deletions(lease, collection, found)
        else:
            full_refresh.end(lease, collection, found)
    elif found.phase is Phase.CHANGES:
        pages.read_changes(lease, collection, found)
    elif found.phase is Phase.DELETIONS:
        _read_deletions(lease, collection, found)
    else:
        incremental.end(lease, collection, found)


def _read_deletions(lease: RunLease, collection: Collection, found: Checkpoint) -> None:
    """Read what the provider knows to be deleted; nothing depends on that list.

    One that is refused behind its first page may begin again, as any listing.
    """
    try:
        pages.read_deletions(lease, collection, found)
    except ApiError as exc:
        may_restart = found.cursor and not lease.progress_of(collection).restarts
        if may_restart and isinstance(exc, InvalidRequest):
            raise
        if not extras.may_do_without(lease, collection, exc):
            raise
        pages.skip_deletions(lease, collection, found, exc)


def _restart_refused(
    lease: RunLease, collection: Collection, found: Checkpoint, exc: InvalidRequest
) -> None:
    """Start again once when what is refused may be the cursor, which is opaque."""
    is_first = not lease.progress_of(collection).restarts
    has_cursor = found.cursor is not None
    if isinstance(exc, QuotaExhausted) or not has_cursor or not is_first:
        raise exc
    _restart_listing(lease, collection, found)


def _restart_listing(
    lease: RunLease, collection: Collection, found: Checkpoint
) -> None:
    """Start the phase again at its first page, a bounded number of times a run."""
    restarts = lease.progress_of(collection).restarts + 1
    if restarts > MOST_RESTARTS:
        raise InvalidResponse("the listing expired again and again")
    with transaction.atomic():
        lease.note(collection, restarts=restarts)
        collection.checkpoint = checkpoint.to_json(checkpoint.restarted(found))
        collection.save(update_fields=["checkpoint"])
        if isinstance(found, FullRefresh) and found.phase is Phase.LISTING:
            seen_bitmap.forget(collection)
        lease.renew()


def _is_out_of_reach(lease: RunLease, collection: Collection) -> bool:
    """Tell whether a call would only be refused: no permission, or no quota left."""
    if collection.is_blocked(timezone.now()):
        return True
    missing = set(collection.required_scopes) - set(lease.connection.granted_scopes)
    is_refused = collection.completeness == Completeness.NO_PERMISSION
    return is_refused and bool(missing) and not lease.run.is_full
