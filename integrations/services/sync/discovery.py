"""Find out which collections a connection has."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from integrations.models import Collection, Connection
from integrations.models.collection import Completeness
from integrations.providers import CONNECTORS
from integrations.providers.errors import IncompleteListingError
from integrations.providers.records import RemoteCollection
from integrations.services.sync import full_refresh
from integrations.services.sync.lease import Slice

EVERY = timedelta(hours=24)
NO_LONGER_SHARED = "no longer shared"


def discover_if_due(current: Slice) -> None:
    """List the account's collections on the first run, daily, and on full refreshes."""
    connection, run = current.connection, current.run
    discovered_at = connection.discovered_at
    is_due = discovered_at is None or timezone.now() - discovered_at > EVERY
    is_first_slice = not run.progress
    if not is_due and not (run.is_full and is_first_slice):
        return
    connector = CONNECTORS[connection.provider]
    says_all = connector.finds_all_collections
    try:
        remote = connector.list_collections(current.api, account=connection.account)
    except IncompleteListingError as exc:
        remote, says_all = exc.found, False
    with transaction.atomic():
        current.keep()
        for position, found in enumerate(remote):
            remember(connection, found, position=position)
        if says_all:
            _count_misses(current, {found.remote_id for found in remote})
        connection.discovered_at = timezone.now()
        connection.save(update_fields=["discovered_at"])


def add_collection(
    connection: Connection, found: RemoteCollection, *, position: int
) -> bool:
    """Keep a collection that turned up by the way; tell whether it must be read now.

    One that is known already keeps its place among the others.
    """
    known = connection.collections.filter(remote_id=found.remote_id).first()
    remember(connection, found, position=known.position if known else position)
    return known is None or not known.is_listed


def remember(
    connection: Connection, found: RemoteCollection, *, position: int
) -> Collection:
    """Keep a collection the provider shows, under the name it has today."""
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
            collection.watermark, collection.reason = None, ""
            collection.completeness = Completeness.PENDING
        collection.save(update_fields=["misses", "watermark", "reason", "completeness"])
    return collection


def _count_misses(current: Slice, listed: set[str]) -> None:
    """Hide what belongs to a collection that two listings did not show."""
    gone = current.connection.collections.exclude(remote_id__in=listed)
    for collection in gone.filter(misses__lt=Collection.MOST_MISSES):
        collection.misses += 1
        if not collection.is_listed:
            full_refresh.soft_delete_all(
                collection, NO_LONGER_SHARED, run_id=current.run.pk, now=timezone.now()
            )
            collection.completeness = Completeness.NO_PERMISSION
            collection.reason = NO_LONGER_SHARED
        collection.save(update_fields=["misses", "completeness", "reason"])
