"""Ask which columns collections have where no collection that is read tells it."""

import logging

from django.db import transaction

from integrations.http.errors import ApiError
from integrations.models import Collection
from integrations.providers import CONNECTORS
from integrations.providers.capabilities import TellsColumns
from integrations.providers.records import SCHEMA_TAG
from integrations.services.common.clients.connector_errors import connector_boundary
from integrations.services.common.database import row_locks
from integrations.services.common.errors import ConnectorError
from integrations.services.sync.collections import discovery
from integrations.services.sync.leases.lease import RunLease

logger = logging.getLogger(__name__)


def note_if_untold(lease: RunLease) -> None:
    """Note by one call, at the beginning of a run, which columns have changed.

    It is an extra, asked for once: whatever ends it, a limit or an outage as well, the
    run goes on, and the daily listing tells.
    """
    connection = lease.connection
    connector: object = CONNECTORS[connection.provider]
    if not isinstance(connector, TellsColumns) or not _is_untold(lease, connector):
        return
    try:
        with connector_boundary("fetch_columns", connection=connection.pk):
            found = connector.fetch_columns(lease.api)
    except ConnectorError:
        return
    except ApiError as exc:
        error, status = type(exc).__name__, exc.status
        logger.warning(
            "no columns told connection=%s error=%s status=%s",
            connection.pk,
            error,
            status,
        )
        return
    if changed := discovery.changed_ones(connection, found):
        with transaction.atomic():
            row_locks.lock_all(connection)
            discovery.note_seen(connection, changed)


def _is_untold(lease: RunLease, connector: TellsColumns) -> bool:
    """Tell whether a run that begins reads columns' collections and not who tells."""
    if lease.run.slices > 1:
        return False
    read = lease.connection.collections.filter(
        is_selected=True, misses__lt=Collection.MOST_MISSES
    )
    told = dict(read.values_list("remote_id", "details"))
    has_columns = any(SCHEMA_TAG in details for details in told.values())
    return has_columns and connector.columns_told_by not in told
