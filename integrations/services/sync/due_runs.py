"""Open the runs of many due connections at once, and publish them by the hundred.

What is claimed, moved and opened is a set of rows in each of three statements. A
message names a hundred runs, and the worker that takes it publishes each by itself.
Until then they count as published by nobody, so one that is lost, or that a worker of
an older release does not know, leaves them to ``runs.enqueue_lost``, half a minute old.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID, uuid4

from django.db import connection as database
from django.db import transaction

from integrations.models import Connection, SyncRun
from integrations.models.connection import next_slot
from integrations.models.reasons import StateReason
from integrations.services.common import queue
from integrations.services.common.database.value_tables import table_of
from integrations.services.sync import runs

# So many runs are named by one message.
PER_MESSAGE: Final = 100
CONNECTION_TABLE: Final = Connection._meta.db_table  # noqa: SLF001
RUN_TABLE: Final = SyncRun._meta.db_table  # noqa: SLF001
# The columns that say when a sync is due, and the index of each.
INDEXES: Final = {"retry_at": "connection_retry_due", "next_sync_at": "connection_due"}
# In words and not by parameters, with which no index of some states can be used.
# Before the key is right, which the sweep finds out, nothing can be read.
SYNCABLE: Final = (
    f"state IN ('{Connection.State.ACTIVE}', '{Connection.State.DEGRADED}')"
    f" AND reason <> '{StateReason.SITE_KEY_WRONG}'"
    f" AND NOT (state = '{Connection.State.DEGRADED}'"
    f" AND reason = '{StateReason.QUARANTINED}')"
)


class DueConnection(NamedTuple):
    """What is asked of a connection to open its run."""

    pk: UUID
    owner_id: int
    generation: int
    sync_interval_minutes: int


def is_any_due(*, now: datetime) -> bool:
    """Tell whether the time of any connection has come.

    One query, which locks nothing: mostly nothing is due.
    """
    looks = (f"EXISTS (SELECT 1 {_due_by(column)})" for column in INDEXES)
    with database.cursor() as cursor:
        cursor.execute(f"SELECT {' OR '.join(looks)}", [_stored(now)] * len(INDEXES))
        return bool(cursor.fetchone()[0])


def _due_by(column: str) -> str:
    """Return what stands behind the columns asked for, with a mark for the time.

    SQLite takes all connections of a state for few, and would look at each.
    """
    index = f" INDEXED BY {INDEXES[column]}" if database.vendor == "sqlite" else ""
    return f"FROM {CONNECTION_TABLE}{index} WHERE {column} <= %s AND {SYNCABLE}"


def start(
    column: str, trigger: SyncRun.Trigger, *, now: datetime, most: int
) -> tuple[int, int]:
    """Move the due times of some connections and open their runs.

    Returns how many connections there were, and how many runs were opened. They are
    published after the commit.
    """
    with transaction.atomic():
        due = _claim(column, now, most)
        if not due:
            return 0, 0
        _move(due, now)
        return len(due), len(open_all(due, trigger=trigger))


def _claim(column: str, now: datetime, most: int) -> list[DueConnection]:
    # Another scheduler takes the next ones; SQLite lets one in at a time.
    is_sqlite = database.vendor == "sqlite"
    lock = "" if is_sqlite else " FOR NO KEY UPDATE SKIP LOCKED"
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT id, owner_id, generation, sync_interval_minutes"
            f" {_due_by(column)} ORDER BY {column} LIMIT {most}{lock}",
            [_stored(now)],
        )
        rows = cursor.fetchall()
    return [DueConnection(_uuid(key), *rest) for key, *rest in rows]


def _move(due: Sequence[DueConnection], now: datetime) -> None:
    """Let each be due again when its interval is over."""
    slots = [(c.pk, next_slot(c.pk, c.sync_interval_minutes, now)) for c in due]
    table, values = table_of("moved", {"pk": "uuid", "at": "timestamptz"}, slots)
    with database.cursor() as cursor:
        cursor.execute(
            f"UPDATE {CONNECTION_TABLE} SET next_sync_at = moved.at, retry_at = NULL"
            f" FROM {table} WHERE id = moved.pk",
            values,
        )


def open_all(due: Sequence[DueConnection], *, trigger: SyncRun.Trigger) -> list[UUID]:
    """Open a run for each connection that has none open; publish after the commit.

    A run that is open already answers the schedule, too. Returns the new runs' ids.
    """
    own = {
        "id": "uuid",
        "connection_id": "uuid",
        "generation": "integer",
        "turn_of": "bigint",
    }
    rows = [(uuid4(), c.pk, c.generation, c.owner_id) for c in due]
    table, values = table_of("opened", own, rows)
    model = SyncRun(trigger=trigger)
    same = {
        str(field.column): field.get_db_prep_save(
            getattr(model, field.attname), database
        )
        for field in SyncRun._meta.concrete_fields  # noqa: SLF001
        if field.column not in own
    }
    marks = ", ".join(["%s"] * len(same))
    with database.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {RUN_TABLE} ({', '.join([*own, *same])})"
            f" SELECT {', '.join(own)}, {marks} FROM {table} WHERE TRUE"
            " ON CONFLICT DO NOTHING RETURNING id",
            [*same.values(), *values],
        )
        opened = [_uuid(row[0]) for row in cursor.fetchall()]
    transaction.on_commit(lambda: publish(opened))
    return opened


def publish(opened: Sequence[UUID]) -> None:
    """Publish new runs: each full hundred by one message, and the rest one by one."""
    rest = len(opened) % PER_MESSAGE
    whole = opened[: len(opened) - rest]
    for first in range(0, len(whole), PER_MESSAGE):
        named = whole[first : first + PER_MESSAGE]
        if not queue.send("enqueue_syncs", *named):
            return
    if rest:
        runs.enqueue_all(list(SyncRun.objects.filter(pk__in=opened[-rest:])))


def publish_each(named: Sequence[UUID]) -> int:
    """Publish those of a hundred runs that nobody has published; return how many.

    A message is only a turn: where another one has taken such a run already, the run
    of that one waits for the turn that is published here.
    """
    unsent = SyncRun.objects.filter(pk__in=named, enqueued_at=None)
    return runs.enqueue_all(list(unsent))


def _stored(at: datetime) -> Any:
    return database.ops.adapt_datetimefield_value(at)


def _uuid(stored: UUID | str) -> UUID:
    """Return a key that SQLite tells as a text."""
    return stored if isinstance(stored, UUID) else UUID(stored)
