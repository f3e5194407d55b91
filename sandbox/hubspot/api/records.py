"""Store records and change them, with history and a search index that lags."""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.core.storage import Row, Storage
from sandbox.hubspot.api.times import to_iso
from sandbox.hubspot.seed.accounts import MODIFIED

Values = Mapping[str, str | None]


@dataclass(frozen=True, kw_only=True)
class NewRecord:
    """Hold a record about to be stored."""

    portal: str
    type: str
    id: int
    created: int
    modified: int
    properties: dict[str, str]
    archived_at: int | None = None
    indexed_at: int = 0

    def to_row(self) -> tuple[Any, ...]:
        """Return the columns in table order."""
        email = self.properties.get("email")
        return (
            self.portal,
            self.type,
            self.id,
            int(self.archived_at is not None),
            self.created,
            self.modified,
            self.archived_at,
            self.indexed_at,
            email.lower() if email else None,
            self.properties.get("crm_key") or None,
            json.dumps(self.properties, separators=(",", ":")),
        )


@dataclass(frozen=True, kw_only=True)
class Change:
    """Say who changes records when, and when search will know."""

    now: int
    lag: int = 0
    source: str = "INTEGRATION"


def insert_rows(connection: sqlite3.Connection, records: Iterable[NewRecord]) -> None:
    """Store new records."""
    connection.executemany(
        "INSERT INTO hubspot_record (portal, type, id, archived, created, modified,"
        " archived_at, indexed_at, email, unique_key, properties)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (record.to_row() for record in records),
    )


def find_record(
    storage: Storage, portal: str, type_id: str, record_id: int, *, archived: bool
) -> Row | None:
    """Return one record by its own id."""
    return storage.one(
        "SELECT * FROM hubspot_record WHERE portal = ? AND type = ? AND id = ?"
        " AND archived = ?",
        portal,
        type_id,
        record_id,
        int(archived),
    )


def follow_merges(storage: Storage, portal: str, type_id: str, record_id: int) -> int:
    """Return the id a record has now, however often it was merged."""
    while row := storage.one(
        "SELECT new FROM hubspot_alias WHERE portal = ? AND type = ? AND old = ?",
        portal,
        type_id,
        record_id,
    ):
        record_id = row["new"]
    return record_id


def find_by(
    storage: Storage, portal: str, type_id: str, column: str, value: str
) -> Row | None:
    """Return the live record with an e-mail address or a unique key."""
    if column == "email":
        value = value.lower()
    # The column is one of two names in this package.
    return storage.one(
        "SELECT * FROM hubspot_record WHERE portal = ? AND type = ?"  # noqa: S608
        f" AND {column} = ? AND archived = 0 ORDER BY id",
        portal,
        type_id,
        value,
    )


def draw_id(connection: sqlite3.Connection, portal: str, type_id: str) -> int:
    """Return an id above every other of its type; none is ever given twice."""
    row = connection.execute(
        "INSERT INTO hubspot_last_id VALUES (?, ?, COALESCE((SELECT MAX(id) FROM"
        " hubspot_record WHERE portal = ?1 AND type = ?2), 9000) + 1)"
        " ON CONFLICT DO UPDATE SET last = last + 1 RETURNING last",
        (portal, type_id),
    ).fetchone()
    return int(row["last"])


def create_record(
    connection: sqlite3.Connection,
    portal: str,
    type_id: str,
    values: Values,
    change: Change,
) -> int:
    """Store a new record and return its id."""
    record_id = draw_id(connection, portal, type_id)
    properties = {name: value for name, value in values.items() if value}
    stamp = to_iso(change.now)
    properties |= {"createdate": stamp, MODIFIED[type_id]: stamp}
    properties["hs_object_id"] = str(record_id)
    record = NewRecord(
        portal=portal,
        type=type_id,
        id=record_id,
        created=change.now,
        modified=change.now,
        properties=properties,
        indexed_at=change.now + change.lag,
    )
    insert_rows(connection, [record])
    return record_id


def change_record(
    connection: sqlite3.Connection, row: Row, values: Values, change: Change
) -> None:
    """Set properties of a record; None clears one."""
    properties: dict[str, str] = json.loads(row["properties"])
    for name, value in values.items():
        _remember(connection, row, name, (properties.get(name), value), change)
        if value is None:
            properties.pop(name, None)
        else:
            properties[name] = value
    properties[MODIFIED[row["type"]]] = to_iso(change.now)
    if not row["archived"]:
        _keep_stale(connection, row, change)
    email = properties.get("email")
    connection.execute(
        "UPDATE hubspot_record SET properties = ?, modified = ?, indexed_at = ?,"
        " email = ?, unique_key = ? WHERE key = ?",
        (
            json.dumps(properties, separators=(",", ":")),
            change.now,
            change.now + change.lag,
            email.lower() if email else None,
            properties.get("crm_key") or None,
            row["key"],
        ),
    )


def archive_record(connection: sqlite3.Connection, row: Row, change: Change) -> None:
    """Archive a record; search forgets it at once."""
    connection.execute(
        "UPDATE hubspot_record SET archived = 1, archived_at = ? WHERE key = ?",
        (change.now, row["key"]),
    )
    _forget_stale(connection, row)


def restore_record(connection: sqlite3.Connection, row: Row, change: Change) -> None:
    """Bring an archived record back."""
    connection.execute(
        "UPDATE hubspot_record SET archived = 0, archived_at = NULL, indexed_at = ?"
        " WHERE key = ?",
        (change.now + change.lag, row["key"]),
    )


def erase_record(connection: sqlite3.Connection, row: Row) -> None:
    """Delete a record for good, with its associations and its history."""
    key = (row["portal"], row["type"], row["id"])
    connection.execute("DELETE FROM hubspot_record WHERE key = ?", (row["key"],))
    for sql in (
        "DELETE FROM hubspot_history WHERE portal = ? AND type = ? AND id = ?",
        "DELETE FROM hubspot_link WHERE portal = ? AND from_type = ? AND from_id = ?",
        "DELETE FROM hubspot_link WHERE portal = ? AND to_type = ? AND to_id = ?",
    ):
        connection.execute(sql, key)
    _forget_stale(connection, row)


def _keep_stale(connection: sqlite3.Connection, row: Row, change: Change) -> None:
    """Keep what search shows until its index has caught up with this change."""
    if change.lag <= 0:
        return
    connection.execute(
        "DELETE FROM hubspot_stale WHERE visible_until <= ?", (change.now,)
    )
    columns = ("portal", "type", "id", "created", "modified", "email", "properties")
    connection.execute(
        "INSERT INTO hubspot_stale VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(row[name] for name in columns),
            row["indexed_at"],
            change.now + change.lag,
        ),
    )


def _forget_stale(connection: sqlite3.Connection, row: Row) -> None:
    connection.execute(
        "DELETE FROM hubspot_stale WHERE portal = ? AND type = ? AND id = ?",
        (row["portal"], row["type"], row["id"]),
    )


def _remember(
    connection: sqlite3.Connection,
    row: Row,
    name: str,
    values: tuple[str | None, str | None],
    change: Change,
) -> None:
    """Add a value to a property's history, and the seeded one before it."""
    old, new = values
    key = (row["portal"], row["type"], row["id"], name)
    insert = "INSERT INTO hubspot_history VALUES (?, ?, ?, ?, ?, ?, ?)"
    known = connection.execute(
        "SELECT 1 FROM hubspot_history WHERE portal = ? AND type = ? AND id = ?"
        " AND name = ?",
        key,
    ).fetchone()
    if known is None and old is not None:
        connection.execute(insert, (*key, old, row["created"], "IMPORT"))
    connection.execute(insert, (*key, new or "", change.now, change.source))
