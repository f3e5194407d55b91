"""Find records and change them, with history and a search index that lags."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sandbox.core.storage import Row, Storage
from sandbox.core.times import to_short_iso
from sandbox.hubspot.seed.accounts import CONTACTS, MODIFIED
from sandbox.hubspot.seed.tables import NewRecord, insert_records, to_columns

Values = Mapping[str, str | None]
# The properties of a contact that no two have alike, and their columns.
UNIQUE = {"email": "email", "crm_key": "unique_key"}


@dataclass(frozen=True, kw_only=True)
class Change:
    """Who changes records when, and when search will know."""

    now: int
    lag: int = 0
    source: str = "INTEGRATION"


def find_record(
    storage: Storage, portal: str, type_id: str, record_id: int, *, archived: bool
) -> Row | None:
    """Return one record by its own id."""
    return storage.one(
        "SELECT * FROM hubspot_record WHERE portal = ? AND type = ? AND id = ?"
        " AND archived = ?",
        *(portal, type_id, record_id, int(archived)),
    )


def find_live(
    storage: Storage, portal: str, type_id: str, name: str, text: str
) -> Row | None:
    """Return a live record by its id or by a unique property; no other finds any."""
    if not name or name == "hs_object_id":
        record_id = int(text) if text.isdigit() else 0
        return find_record(storage, portal, type_id, record_id, archived=False)
    if type_id != CONTACTS or name not in UNIQUE:
        return None
    # The column is one of the two named above.
    return storage.one(
        "SELECT * FROM hubspot_record WHERE portal = ? AND type = ?"  # noqa: S608
        f" AND {UNIQUE[name]} = ? AND archived = 0 ORDER BY id",
        *(portal, type_id, text.lower() if name == "email" else text),
    )


def follow_merges(storage: Storage, portal: str, type_id: str, record_id: int) -> int:
    """Return the id a record has now, however often it was merged."""
    while row := storage.one(
        "SELECT new FROM hubspot_alias WHERE portal = ? AND type = ? AND old = ?",
        *(portal, type_id, record_id),
    ):
        record_id = row["new"]
    return record_id


def find_links(
    storage: Storage, portal: str, from_type: str, to_type: str, from_ids: Sequence[int]
) -> dict[int, list[Row]]:
    """Return the links of several records, by record, to live records only."""
    rows = storage.all(
        "SELECT l.from_id, l.to_id, l.type_id FROM hubspot_link l"
        " JOIN hubspot_record r ON r.portal = l.portal AND r.type = l.to_type"
        " AND r.id = l.to_id AND r.archived = 0"
        " WHERE l.portal = ? AND l.from_type = ? AND l.to_type = ?"
        " AND l.from_id IN (SELECT value FROM json_each(?))"
        " ORDER BY l.from_id, l.to_id, l.type_id",
        *(portal, from_type, to_type, json.dumps(from_ids)),
    )
    found: dict[int, list[Row]] = {}
    for row in rows:
        found.setdefault(row["from_id"], []).append(row)
    return found


def create_record(
    connection: sqlite3.Connection,
    portal: str,
    type_id: str,
    values: Values,
    change: Change,
) -> int:
    """Store a new record and return its id, which is above any ever given."""
    record_id = connection.execute(
        "INSERT INTO hubspot_last_id VALUES (?, ?, COALESCE((SELECT MAX(id) FROM"
        " hubspot_record WHERE portal = ?1 AND type = ?2), 9000) + 1)"
        " ON CONFLICT DO UPDATE SET last = last + 1 RETURNING last",
        (portal, type_id),
    ).fetchone()["last"]
    stamp = to_short_iso(change.now)
    properties = {name: value for name, value in values.items() if value}
    properties |= {"createdate": stamp, MODIFIED[type_id]: stamp}
    record = NewRecord(
        portal=portal,
        type=type_id,
        id=record_id,
        created=change.now,
        modified=change.now,
        properties={**properties, "hs_object_id": str(record_id)},
        indexed_at=change.now + change.lag,
    )
    insert_records(connection, [record])
    return int(record_id)


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
    properties[MODIFIED[row["type"]]] = to_short_iso(change.now)
    if change.lag > 0 and not row["archived"]:
        _keep_stale(connection, row, change)
    connection.execute(
        "UPDATE hubspot_record SET modified = ?, indexed_at = ?, email = ?,"
        " unique_key = ?, properties = ? WHERE key = ?",
        (change.now, change.now + change.lag, *to_columns(properties), row["key"]),
    )


def archive_record(connection: sqlite3.Connection, row: Row, change: Change) -> None:
    """Archive a record; search forgets it at once."""
    connection.execute(
        "UPDATE hubspot_record SET archived = 1, archived_at = ? WHERE key = ?",
        (change.now, row["key"]),
    )
    _forget(connection, row, "hubspot_stale")


def restore_record(connection: sqlite3.Connection, row: Row, change: Change) -> None:
    """Bring an archived record back."""
    connection.execute(
        "UPDATE hubspot_record SET archived = 0, archived_at = NULL, indexed_at = ?"
        " WHERE key = ?",
        (change.now + change.lag, row["key"]),
    )


def drop_record(connection: sqlite3.Connection, row: Row) -> None:
    """Remove a record, also from search; its associations and history stay."""
    _forget(connection, row, "hubspot_record")
    _forget(connection, row, "hubspot_stale")


def erase_record(connection: sqlite3.Connection, row: Row) -> None:
    """Delete a record for good, with its associations and its history."""
    drop_record(connection, row)
    _forget(connection, row, "hubspot_history")
    _forget(connection, row, "hubspot_link", "from_")
    _forget(connection, row, "hubspot_link", "to_")


def _forget(
    connection: sqlite3.Connection, row: Row, table: str, end: str = ""
) -> None:
    # The table and the end of a link are named in this module only.
    connection.execute(
        f"DELETE FROM {table} WHERE portal = ?"  # noqa: S608
        f" AND {end}type = ? AND {end}id = ?",
        (row["portal"], row["type"], row["id"]),
    )


def _keep_stale(connection: sqlite3.Connection, row: Row, change: Change) -> None:
    """Store what search shows until its index has caught up with this change."""
    connection.execute(
        "DELETE FROM hubspot_stale WHERE visible_until <= ?", (change.now,)
    )
    columns = ("portal", "type", "id", "created", "modified", "email", "properties")
    shown = (row["indexed_at"], change.now + change.lag)
    connection.execute(
        "INSERT INTO hubspot_stale VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (*(row[name] for name in columns), *shown),
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
