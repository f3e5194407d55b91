"""Keep everything in one SQLite file that any thread may use."""

import logging
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

logger = logging.getLogger(__name__)
Row = sqlite3.Row
# Raise it with every change of a table: a file of another layout is moved aside.
LAYOUT = 2
OUTDATED = "SELECT 1 FROM sqlite_master, pragma_user_version WHERE user_version <> ?"


class Storage:
    """Open one connection per thread and let one thread at a time write."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._local = threading.local()
        self._write_lock = threading.Lock()

    @property
    def connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "value", None)
        if connection is None:
            connection = sqlite3.connect(self.path, timeout=30, isolation_level=None)
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            self._local.value = connection
        return connection

    def make_tables(self, schemas: Iterable[str]) -> None:
        """Make the tables that are missing, in a fresh file if this one is outdated."""
        if self.one(OUTDATED, LAYOUT):
            self.close()
            old = self.path.rename(f"{self.path}.old")
            logger.warning("The sandbox starts anew; its outdated data is in %s", old)
        self.connection.executescript("\n".join(schemas))
        self.connection.execute(f"PRAGMA user_version = {LAYOUT}")

    def all(self, sql: str, *values: Any, **names: Any) -> list[Row]:
        return self.connection.execute(sql, names or values).fetchall()

    def one(self, sql: str, *values: Any, **names: Any) -> Row | None:
        return self.connection.execute(sql, names or values).fetchone()

    def run(self, sql: str, *values: Any, **names: Any) -> sqlite3.Cursor:
        with self.write() as connection:
            return connection.execute(sql, names or values)

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Open a transaction, or join the one that this thread has open."""
        connection = self.connection
        if connection.in_transaction:
            yield connection
            return
        with self._write_lock:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def close(self) -> None:
        connection: sqlite3.Connection | None = getattr(self._local, "value", None)
        if connection is not None:
            connection.close()
            self._local.value = None
