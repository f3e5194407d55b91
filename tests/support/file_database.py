"""SQLite database in a file of its own, which another connection can lock."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from django.db import connections

from config.environment.database import SQLITE_OPTIONS
from config.sqlite.base import DatabaseWrapper


@contextmanager
def used(path: Path) -> Iterator[None]:
    """Use a database's file instead of the tests' database."""
    memory: Any = connections["default"]
    settings = {**memory.settings_dict, "NAME": str(path), "OPTIONS": SQLITE_OPTIONS}
    connections["default"] = DatabaseWrapper(settings, "default")
    try:
        yield
    finally:
        connections["default"].close()
        connections["default"] = memory


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Write to a database in another connection, and come to no end."""
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        yield
        writer.execute("ROLLBACK")
