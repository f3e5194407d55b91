"""The floor of a scheduler: due connections claimed by hand, with the driver alone.

As few statements as each database needs, and one message for each hundred.
"""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from celery import current_app
from django.db import connection as database

from integrations.models import Connection, SyncRun
from integrations.services.sync.due_runs import SYNCABLE

CONNECTIONS, RUNS = Connection._meta.db_table, SyncRun._meta.db_table
AT_ONCE, IN_A_MESSAGE = 1000, 100
OWN = ("id", "connection_id", "generation", "turn_of")
DUE = f"next_sync_at <= {{mark}} AND {SYNCABLE} ORDER BY next_sync_at LIMIT {AT_ONCE}"


def look_by_hand() -> str:
    """Return the query that tells whether anything is due at two equal times."""
    is_sqlite = database.vendor == "sqlite"
    looks = []
    indexes = {"retry_at": "connection_retry_due", "next_sync_at": "connection_due"}
    for column, index in indexes.items():
        by = f" INDEXED BY {index}" if is_sqlite else ""
        looks.append(
            f"EXISTS (SELECT 1 FROM {CONNECTIONS}{by}"
            f" WHERE {column} <= %s AND {SYNCABLE})"
        )
    return f"SELECT {' OR '.join(looks)}"


def claim_by_hand(now: datetime) -> int:
    """Move the due times of a thousand, open their runs, and publish them."""
    driver = database.connection
    is_sqlite = database.vendor == "sqlite"
    driver.execute("BEGIN IMMEDIATE" if is_sqlite else "BEGIN")
    opened = _with_sqlite(driver, now) if is_sqlite else _with_postgres(driver, now)
    driver.execute("COMMIT")
    for first in range(0, len(opened), IN_A_MESSAGE):
        named = opened[first : first + IN_A_MESSAGE]
        current_app.send_task("integrations.tasks.enqueue_syncs", args=named)
    return len(opened)


def _with_sqlite(driver: Any, now: datetime) -> list[str]:
    at = database.ops.adapt_datetimefield_value(now)
    moved = driver.execute(
        f"UPDATE {CONNECTIONS} SET retry_at = NULL, next_sync_at = strftime("
        "'%Y-%m-%d %H:%M:%f', ?, '+' || sync_interval_minutes || ' minutes')"
        f" WHERE id IN (SELECT id FROM {CONNECTIONS} INDEXED BY connection_due"
        f" WHERE {DUE.format(mark='?')}) RETURNING id, generation, owner_id",
        [at, at],
    ).fetchall()
    same = _same()
    rows = [(uuid4().hex, *each, *same.values()) for each in moved]
    columns = ", ".join([*OWN, *same])
    marks = ", ".join(["?"] * (len(OWN) + len(same)))
    driver.executemany(
        f"INSERT INTO {RUNS} ({columns}) VALUES ({marks}) ON CONFLICT DO NOTHING", rows
    )
    return [str(UUID(row[0])) for row in rows]


def _with_postgres(driver: Any, now: datetime) -> list[str]:
    same = _same()
    marks = ", ".join(["%s"] * len(same))
    rows = driver.execute(
        "WITH due AS (SELECT id, owner_id, generation, sync_interval_minutes"
        f" FROM {CONNECTIONS} WHERE {DUE.format(mark='%s')}"
        " FOR NO KEY UPDATE SKIP LOCKED), moved AS ("
        f" UPDATE {CONNECTIONS} AS moving SET retry_at = NULL, next_sync_at = %s"
        " + due.sync_interval_minutes * INTERVAL '1 minute' FROM due"
        " WHERE moving.id = due.id"
        " RETURNING due.id, due.generation, due.owner_id)"
        f" INSERT INTO {RUNS} ({', '.join([*OWN, *same])})"
        f" SELECT GEN_RANDOM_UUID(), moved.*, {marks} FROM moved"
        " ON CONFLICT DO NOTHING RETURNING id",
        [now, now, *same.values()],
    )
    return [str(row[0]) for row in rows.fetchall()]


def _same() -> dict[str, Any]:
    """Return what all new runs have in common, by column."""
    run = SyncRun(trigger=SyncRun.Trigger.SCHEDULE)
    return {
        str(field.column): field.get_db_prep_save(getattr(run, field.attname), database)
        for field in SyncRun._meta.concrete_fields
        if field.column not in OWN
    }
