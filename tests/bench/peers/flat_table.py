"""A table of texts by their id, which peers write page by page."""

import sqlite3
from collections.abc import Sequence


class FlatTable:
    """One table in a file of its own; the first column is the id."""

    def __init__(self, name: str, columns: Sequence[str]) -> None:
        """Describe the table."""
        updates = ", ".join(f"{column} = excluded.{column}" for column in columns[1:])
        self._create = (
            f"CREATE TABLE {name} ({columns[0]} TEXT PRIMARY KEY,"
            f" {', '.join(columns[1:])})"
        )
        self._upsert = (
            f"INSERT INTO {name} VALUES ({', '.join('?' * len(columns))})"
            f" ON CONFLICT ({columns[0]}) DO UPDATE SET {updates}"
        )

    def open(self, path: str) -> sqlite3.Connection:
        """Open a new file, with its table."""
        database = sqlite3.connect(path)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        database.execute(self._create)
        return database

    def write(
        self, database: sqlite3.Connection, rows: Sequence[tuple[object, ...]]
    ) -> None:
        """Write a page in one transaction."""
        with database:
            database.executemany(self._upsert, rows)
