"""Find out which collections a connection has."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from integrations.models import Collection
from integrations.providers import CONNECTORS
from integrations.services.slices import Slice

EVERY = timedelta(hours=24)


def discover_if_due(current: Slice) -> None:
    """List the account's collections on the first run, daily, and on full passes."""
    connection, run = current.connection, current.run
    discovered_at = connection.discovered_at
    is_due = discovered_at is None or timezone.now() - discovered_at > EVERY
    is_first_slice = not run.progress
    if not is_due and not (run.is_full and is_first_slice):
        return
    connector = CONNECTORS[connection.provider]
    remote = connector.list_collections(current.api, account=connection.account)
    with transaction.atomic():
        current.keep()
        for position, found in enumerate(remote):
            Collection.objects.update_or_create(
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
        connection.discovered_at = timezone.now()
        connection.save(update_fields=["discovered_at"])
