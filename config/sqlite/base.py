"""Database wrapper whose transactions and single writes wait for their turn."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.db.backends.sqlite3 import base

from config.environment.database import WAIT_SECONDS
from config.sqlite.operations import DatabaseOperations
from config.sqlite.write_queue import Turn, WriteQueue, queue_of

WRITES: Final = ("INSERT", "UPDATE", "DELETE", "REPLACE", "CREATE", "DROP", "ALTER")


class Cursor(base.SQLiteCursorWrapper):
    """Cursor whose writes outside of a transaction wait for their turn."""

    database: "DatabaseWrapper"

    def execute(self, query: str, params: Any = None) -> Any:
        """Run a statement, after a wait if it writes and is alone."""
        if not self._is_alone(query):
            return super().execute(query, params)
        with self.database.turn():
            return super().execute(query, params)

    def executemany(self, query: str, param_list: Any) -> Any:
        """Run a statement for each of several parameters, as ``execute`` does."""
        if not self._is_alone(query):
            return super().executemany(query, param_list)
        with self.database.turn():
            return super().executemany(query, param_list)

    def _is_alone(self, query: str) -> bool:
        return not self.database.has_turn and query.lstrip().upper().startswith(WRITES)


class DatabaseWrapper(base.DatabaseWrapper):
    """SQLite whose writers take turns.

    ``write_wait`` is how many seconds this connection waits for its own.
    """

    ops_class = DatabaseOperations
    write_wait: float = WAIT_SECONDS
    _turn: Turn | None = None

    @property
    def has_turn(self) -> bool:
        """Tell whether it may write, as nobody has to wait for a database in memory."""
        return self._turn is not None or self.is_in_memory_db()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a turn, and give it back."""
        self._take_turn()
        try:
            yield
        finally:
            self._leave_turn()

    def create_cursor(self, name: str | None = None) -> Cursor:
        """Return a cursor that knows its database."""
        cursor: Cursor = self.connection.cursor(factory=Cursor)
        cursor.database = self
        return cursor

    def _start_transaction_under_autocommit(self) -> None:
        if self.has_turn:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
            return
        self._take_turn()
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
        except BaseException:
            self._leave_turn()
            raise

    def _commit(self) -> None:
        super()._commit()  # type: ignore[misc]
        self._leave_turn()

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]
        finally:
            self._leave_turn()

    def _close(self) -> None:
        try:
            super()._close()  # type: ignore[misc]
        finally:
            self._leave_turn()

    def _take_turn(self) -> None:
        """Wait for a turn; raise what SQLite raises when it stays locked."""
        # Known before it comes, so that whatever happens it is given back.
        turn = self._turn = Turn()
        try:
            if self._queue.wait(turn, self.write_wait):
                return
        except BaseException:
            self._leave_turn()
            raise
        self._turn = None
        busy = sqlite3.OperationalError("database is locked")
        busy.sqlite_errorcode = sqlite3.SQLITE_BUSY
        with self.wrap_database_errors:
            raise busy

    def _leave_turn(self) -> None:
        if self._turn is not None:
            turn, self._turn = self._turn, None
            self._queue.leave(turn)

    @property
    def _queue(self) -> WriteQueue:
        return queue_of(str(self.settings_dict["NAME"]))
