"""The one table of ten columns that peers write, page by page, where they write SQL."""

import sqlite3
from collections.abc import Sequence

NAMES = ("firstname", "lastname", "email", "phone", "company", "jobtitle", "city")
COLUMNS = ("id", *NAMES, "created", "updated")
UPDATES = ", ".join(f"{name} = excluded.{name}" for name in COLUMNS[1:])
UPSERT = (
    f"INSERT INTO contact VALUES ({', '.join('?' * len(COLUMNS))})"
    f" ON CONFLICT (id) DO UPDATE SET {UPDATES}"
)


def open_table(path: str) -> sqlite3.Connection:
    """Open a new file, with its table."""
    database = sqlite3.connect(path)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = NORMAL")
    columns = ", ".join(COLUMNS[1:])
    database.execute(f"CREATE TABLE contact (id TEXT PRIMARY KEY, {columns})")
    return database


def write(database: sqlite3.Connection, rows: Sequence[tuple[object, ...]]) -> None:
    """Write a page in one transaction."""
    with database:
        database.executemany(UPSERT, rows)
