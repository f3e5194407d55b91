"""Find out which collections a connection has."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from integrations.http.errors import (
    ApiError,
    QuotaExhausted,
    is_refusal,
    may_pass,
)
from integrations.models import Collection, Connection, times
from integrations.models.sync.progress import ProgressState
from integrations.providers import CONNECTORS
from integrations.providers.errors import IncompleteListingError
from integrations.providers.kinds import Deletion, DeletionKind
from integrations.providers.records import RemoteCollection
from integrations.providers.typed.values import MAX_NAME, cut
from integrations.services.common.clients.connector_errors import connector_boundary
from integrations.services.common.database import row_locks
from integrations.services.common.errors import ConnectorError
from integrations.services.sync import failures
from integrations.services.sync.deletions import lost_collections
from integrations.services.sync.leases.lease import RunLease
from integrations.services.sync.refresh import start

EVERY = timedelta(hours=24)
UNSHARED = Deletion(kind=DeletionKind.UNSHARED)


def discover_if_due(lease: RunLease) -> None:
    """List the account's collections on the first run, daily, and on full refreshes.

    A mistake of ours in it, and a refusal, cost no more than that: what is known is
    read. A passing trouble is waited for before, as long as any other.
    """
    if not _is_due(lease):
        return
    try:
        with connector_boundary("list_collections", connection=lease.connection.pk):
            _discover(lease)
    except ConnectorError as exc:
        lease.roll_back()
        failures.note_listing(lease, exc)
    except ApiError as exc:
        if not _may_do_without(lease, exc):
            raise
        failures.note_listing(lease, exc)


def _is_due(lease: RunLease) -> bool:
    state = lease.listing_state
    if state is ProgressState.FAILED:
        return False
    if times.is_over(lease.connection.discovered_at, EVERY, timezone.now()):
        return True
    return lease.run.is_full and state is ProgressState.PENDING


def _may_do_without(lease: RunLease, exc: ApiError) -> bool:
    """Tell whether what is known is read, though more could not be listed now."""
    if may_pass(exc) and lease.run.failures < failures.MOST_IN_A_ROW - 1:
        return False
    # A quota may be that of one part of the account.
    speaks_for_itself = is_refusal(exc) or isinstance(exc, QuotaExhausted)
    return speaks_for_itself and lease.connection.collections.exists()


def _discover(lease: RunLease) -> None:
    connection = lease.connection
    connector = CONNECTORS[connection.provider]
    missing: IncompleteListingError | None = None
    try:
        remote = connector.list_collections(lease.api, account=connection.account)
    except IncompleteListingError as exc:
        missing, remote = exc, exc.found
    store_listed(lease, remote, missing)


def store_listed(
    lease: RunLease,
    remote: Sequence[RemoteCollection],
    missing: IncompleteListingError | None = None,
) -> None:
    """Store what a listing showed, and count what it did not where it shows all."""
    connection = lease.connection
    finds_all = CONNECTORS[connection.provider].finds_all_collections
    if missing is not None:
        finds_all = finds_all and missing.is_definite
    with transaction.atomic():
        row_locks.lock_all(connection)
        failures.note_listed(lease, missing)
        for position, found in enumerate(remote):
            remember(connection, found, position=position)
        if finds_all:
            _count_misses(lease, {found.remote_id for found in remote})
        if lease.listing_state is not ProgressState.FAILED:
            connection.discovered_at = timezone.now()
            connection.save(update_fields=["discovered_at"])


def add_collection(
    connection: Connection, found: RemoteCollection, *, position: int
) -> bool:
    """Store a collection that a page discovered; return whether it must be read now.

    One that is known already keeps its place among the others.
    """
    known = connection.collections.filter(remote_id=found.remote_id).first()
    remember(connection, found, position=known.position if known else position)
    return known is None or not known.is_listed


def remember(
    connection: Connection, found: RemoteCollection, *, position: int
) -> Collection:
    """Store a collection the provider shows, under the name it has today."""
    told = {
        "name": cut(found.name, MAX_NAME),
        "item_type": found.item_type,
        "position": position,
        "required_scopes": list(found.required_scopes),
        "details": dict(found.details),
    }
    collection = connection.collections.filter(remote_id=found.remote_id).first()
    if collection is None or any(
        getattr(collection, name) != value for name, value in told.items()
    ):
        collection, _ = Collection.objects.update_or_create(
            connection=connection, remote_id=found.remote_id, defaults=told
        )
    if collection.misses:
        row = Collection.objects.filter(pk=collection.pk)
        row.update(misses=0)
        if not collection.is_listed:
            start.read_anew(row)
        collection.refresh_from_db()
    return collection


def changed_ones(
    connection: Connection, seen: Sequence[RemoteCollection]
) -> list[RemoteCollection]:
    """Return those of the collections seen that are known by other details."""
    ids = [found.remote_id for found in seen]
    if not ids:
        return []
    rows = connection.collections.filter(remote_id__in=ids)
    known = {
        remote_id: (name, details)
        for remote_id, name, details in rows.values_list("remote_id", "name", "details")
    }
    return [
        found
        for found in seen
        if found.remote_id in known
        and known[found.remote_id] != (cut(found.name, MAX_NAME), dict(found.details))
    ]


def note_seen(connection: Connection, seen: Iterable[RemoteCollection]) -> None:
    """Store names and details of known collections, and nothing else of them."""
    for found in seen:
        connection.collections.filter(remote_id=found.remote_id).update(
            name=cut(found.name, MAX_NAME), details=dict(found.details)
        )


def _count_misses(lease: RunLease, listed: set[str]) -> None:
    """Lose the collections that two listings in a row did not show."""
    missed = lease.connection.collections.exclude(remote_id__in=listed)
    lost = []
    for collection in missed.filter(misses__lt=Collection.MOST_MISSES):
        collection.misses += 1
        collection.save(update_fields=["misses"])
        if not collection.is_listed:
            lost.append(collection)
    if lost:
        lost_collections.lose(lease, lost, UNSHARED)
        lease.renew()
