"""What the database of the tests holds when a test begins, put there by a copy.

Only SQLite's can be copied so; another one is emptied as ever.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from unittest import mock

from django.db import connection
from django.test import TransactionTestCase

_empty: list[bytes] = []
# The names of what was restored, and of what that builds on.
restored: list[str] = []
CHANGED = "whatever a test has committed"


def restore(names: Sequence[str], database: bytes | None) -> None:
    """Put a copy of a database in place, unless it is there; the empty one if none."""
    if connection.vendor != "sqlite":
        return
    nothing = empty()
    if restored == [*names]:
        return
    with closing(sqlite3.connect(":memory:")) as source:
        source.deserialize(database or nothing)
        source.backup(connection.connection)
    restored[:] = names


def empty() -> bytes:
    """Return the database as it was before the first test, whatever others committed.

    The first one asks for it before it begins.
    """
    if not _empty:
        _empty[:] = [serialized()]
    return _empty[0]


def has_rows_of_another() -> bool:
    """Tell whether a test begins with what another one made, and its users with it."""
    return bool(restored)


@contextmanager
def left_to_the_next() -> Iterator[None]:
    """Leave what a test commits to the next one, which begins with a copy anyhow.

    To empty all tables and tell every application of it takes as long as a short test.
    """
    if connection.vendor != "sqlite":
        yield
        return
    with mock.patch.object(TransactionTestCase, "_fixture_teardown", _note_changed):
        yield


def _note_changed(_test: TransactionTestCase) -> None:
    restored[:] = [CHANGED]


def serialized() -> bytes:
    """Return all that the database holds, what a transaction has not committed too."""
    connection.ensure_connection()
    database = connection.connection
    # Until then the words of a full-text index wait in memory.
    database.execute("SAVEPOINT written")
    database.execute("RELEASE written")
    return bytes(database.serialize())
