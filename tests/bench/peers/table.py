"""The one table that peers write, page by page, where they write SQL."""

import sqlite3
from collections.abc import Iterable, Sequence


class Table:
    """A table in a new file, whose first column is its key."""

    def __init__(self, path: str, columns: Sequence[str]) -> None:
        """Make the file and the table."""
        self._database = sqlite3.connect(path)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")
        key, *others = columns
        self._database.execute(
            f"CREATE TABLE loaded ({key} TEXT PRIMARY KEY, {', '.join(others)})"
        )
        updates = ", ".join(f"{name} = excluded.{name}" for name in others)
        self._upsert = (
            f"INSERT INTO loaded VALUES ({', '.join('?' * len(columns))})"
            f" ON CONFLICT ({key}) DO UPDATE SET {updates}"
        )

    def write(self, rows: Iterable[Sequence[object]]) -> None:
        """Write a page in one transaction."""
        with self._database:
            self._database.executemany(self._upsert, rows)
