"""Read several things as they were at one moment, while syncs go on storing."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def consistent_read() -> Iterator[None]:
    """Let all that is read inside be of one moment; nothing may be written there.

    By itself each statement sees what was stored before it began, and two numbers of
    one page may be some items apart. No writer waits for this, and it for none.
    """
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "sqlite":
        with _deferred():
            yield
    else:
        with transaction.atomic():
            _run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield


@contextmanager
def _deferred() -> Iterator[None]:
    """Begin as Django does not here: its transactions take the lock for writing."""
    _run("BEGIN DEFERRED")
    try:
        yield
    finally:
        _run("COMMIT")


def _run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
