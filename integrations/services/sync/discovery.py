"""Find out which collections a connection has."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from integrations.models import Collection, Connection, times
from integrations.models.collection import Completeness
from integrations.models.reasons import Reason, ReasonCode
from integrations.providers import CONNECTORS
from integrations.providers.errors import IncompleteListingError
from integrations.providers.kinds import Deletion, DeletionKind
from integrations.providers.records import RemoteCollection
from integrations.services.common.connector_errors import connector_boundary
from integrations.services.common.errors import ConnectorError
from integrations.services.sync import failures
from integrations.services.sync.lease import RunLease
from integrations.services.sync.refresh import full_refresh

EVERY = timedelta(hours=24)
UNSHARED = Deletion(kind=DeletionKind.UNSHARED)
ACCOUNT = "account"


def discover_if_due(lease: RunLease) -> None:
    """List the account's collections on the first run, daily, and on full refreshes.

    A mistake of ours in it costs no more than that: what is known is read.
    """
    if not _is_due(lease):
        return
    try:
        with connector_boundary("list_collections", connection=lease.connection.pk):
            _discover(lease)
    except ConnectorError as exc:
        lease.roll_back()
        failures.note_account(lease, ACCOUNT, exc)


def _is_due(lease: RunLease) -> bool:
    discovered_at = lease.connection.discovered_at
    is_due = times.is_over(discovered_at, EVERY, timezone.now())
    is_first_slice = not lease.run.progress
    if ACCOUNT in lease.run.progress:
        # It has failed in this run already.
        return False
    return is_due or (lease.run.is_full and is_first_slice)


def _discover(lease: RunLease) -> None:
    connection = lease.connection
    connector = CONNECTORS[connection.provider]
    finds_all = connector.finds_all_collections
    try:
        remote = connector.list_collections(lease.api, account=connection.account)
    except IncompleteListingError as exc:
        remote, finds_all = exc.found, False
    with transaction.atomic():
        lease.renew()
        for position, found in enumerate(remote):
            remember(connection, found, position=position)
        if finds_all:
            _count_misses(lease, {found.remote_id for found in remote})
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
    collection, _ = Collection.objects.update_or_create(
        connection=connection,
        remote_id=found.remote_id,
        defaults={
            "name": found.name[:255],
            "item_type": found.item_type,
            "position": position,
            "required_scopes": list(found.required_scopes),
            "details": dict(found.details),
        },
    )
    if collection.misses:
        # What became of its items meanwhile only a full refresh can say.
        is_back = not collection.is_listed
        collection.misses = 0
        if is_back:
            collection.watermark = None
            collection.set_reason(None)
            collection.completeness = Completeness.PENDING
        collection.save(
            update_fields=[
                "misses",
                "watermark",
                "completeness",
                *Collection.REASON_COLUMNS,
            ]
        )
    return collection


def _count_misses(lease: RunLease, listed: set[str]) -> None:
    """Soft-delete what belongs to a collection that two listings did not show."""
    missed = lease.connection.collections.exclude(remote_id__in=listed)
    for collection in missed.filter(misses__lt=Collection.MOST_MISSES):
        collection.misses += 1
        if not collection.is_listed:
            full_refresh.soft_delete_all(
                collection, UNSHARED, run_id=lease.run.pk, now=timezone.now()
            )
            collection.completeness = Completeness.NO_PERMISSION
            collection.set_reason(
                Reason.of(ReasonCode.COLLECTION_DELETED, kind=UNSHARED.kind.value)
            )
        collection.save(
            update_fields=["misses", "completeness", *Collection.REASON_COLUMNS]
        )
