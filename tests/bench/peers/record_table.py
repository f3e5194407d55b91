"""The one table of twelve columns that peers write for Airtable, page by page."""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

FIELDS = tuple(f"fld{number:014d}" for number in range(10))
COLUMNS = ("id", "created", *FIELDS)
UPDATES = ", ".join(f"{name} = excluded.{name}" for name in COLUMNS[1:])
UPSERT = (
    f"INSERT INTO record VALUES ({', '.join('?' * len(COLUMNS))})"
    f" ON CONFLICT (id) DO UPDATE SET {UPDATES}"
)


def open_table(path: str) -> sqlite3.Connection:
    """Open a new file, with its table."""
    database = sqlite3.connect(path)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = NORMAL")
    columns = ", ".join(COLUMNS[1:])
    database.execute(f"CREATE TABLE record (id TEXT PRIMARY KEY, {columns})")
    return database


def row_of(record: Mapping[str, Any]) -> tuple[object, ...]:
    """Return the values of a record in the order of the columns."""
    values = [record["fields"].get(name) for name in FIELDS]
    return record["id"], record["createdTime"], *values


def write(database: sqlite3.Connection, rows: Sequence[tuple[object, ...]]) -> None:
    """Write a page in one transaction."""
    with database:
        database.executemany(UPSERT, rows)
