"""Renew the lease of a run, and write what was counted, as each page does.

Plain SQL, as items are written: to build the same by querysets costs a tenth of a page
of which nothing has changed.
"""

from collections.abc import Mapping
from uuid import UUID

from django.db import connection as database

from integrations.models import Connection, SyncRun
from integrations.services.common.database.row_writes import uuid_value

# Every name in it is one of ours; the values are bound parameters.
_STATEMENT = """
UPDATE integrations_syncrun
SET lease_until = {until}, deliveries = 1, progress = %s{sums}
WHERE id = %s AND lease_id = %s AND state <> %s AND NOT is_cancel_requested
AND connection_id IN (
    SELECT id FROM integrations_connection
    WHERE id = %s AND generation = %s AND state IN ({states})
)
"""


def write(run: SyncRun, lease_id: UUID, sums: Mapping[str, float]) -> bool:
    """Renew a lease and add up the columns of ``sums``, in the caller's transaction.

    A delivery that has come to something is the first again: should it die now, it
    counts. Returns False where the lease is another worker's, the run is cancelled or
    over, or its connection is another one or not to be read.
    """
    added = {name: number for name, number in sums.items() if number}
    states = Connection.SYNCABLE
    until, seconds = _until()
    statement = _STATEMENT.format(
        until=until,
        sums="".join(f", {name} = {name} + %s" for name in added),
        states=", ".join(["%s"] * len(states)),
    )
    progress = SyncRun._meta.get_field("progress")  # noqa: SLF001 (documented)
    connection_id = uuid_value(run.connection_id)
    with database.cursor() as cursor:
        cursor.execute(
            statement,
            [
                seconds,
                progress.get_db_prep_save(run.progress, database),
                *added.values(),
                uuid_value(run.pk),
                uuid_value(lease_id),
                SyncRun.State.FINISHED,
                connection_id,
                run.generation,
                *states,
            ],
        )
        return cursor.rowcount > 0


def _until() -> tuple[str, str]:
    """Return the SQL of the lease's end, by the database's clock, and its parameter.

    As ``DatabaseNow``, not of when the statement began to wait for its row.
    """
    seconds = SyncRun.lease_length().total_seconds()
    if database.vendor == "sqlite":
        # In the form that Django writes and compares there.
        return "STRFTIME('%%Y-%%m-%%d %%H:%%M:%%f000', 'NOW', %s)", f"{seconds} second"
    return "CLOCK_TIMESTAMP() + CAST(%s AS interval)", f"{seconds} second"
