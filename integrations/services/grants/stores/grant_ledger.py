"""Ledger of the newest grants: a file beside the database that no restore puts back.

It has of each connection the fingerprint of the refresh token that this machine stored
last, or that its grant ended, and when; never a token. The cache has the same of all
machines, and may be emptied at any time.
"""

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import UUID

from django.conf import settings

logger = logging.getLogger(__name__)

FILE = "grant_ledger.sqlite3"
# Others write for a moment only; who asks is about to refresh a token.
WAIT_SECONDS = 2.0
BATCH = 500
TABLE = (
    "CREATE TABLE IF NOT EXISTS newest"
    " (connection TEXT PRIMARY KEY, at TEXT NOT NULL, entry TEXT NOT NULL)"
)
# Times of one zone and form are in the order of their texts.
KEEP_NEWEST = (
    "INSERT INTO newest VALUES (?, ?, ?) ON CONFLICT (connection)"
    " DO UPDATE SET at = excluded.at, entry = excluded.entry WHERE excluded.at >= at"
)


@contextmanager
def _opened() -> Iterator[sqlite3.Connection]:
    path = Path(settings.VAR_DIR) / FILE
    with closing(sqlite3.connect(path, timeout=WAIT_SECONDS)) as file, file:
        file.execute(TABLE)
        yield file


def note(connection_id: UUID, at: str, entry: str) -> None:
    """Keep an entry unless a newer one is there; ``at`` is its time in UTC, as ISO.

    A disk that takes none is told by a check, and keeps no answer from being stored.
    """
    try:
        with _opened() as file:
            file.execute(KEEP_NEWEST, (str(connection_id), at, entry))
    except (sqlite3.Error, OSError) as exc:
        logger.warning("grant ledger not written error=%s", type(exc).__name__)


def entry_of(connection_id: UUID) -> str | None:
    """Return the entry of a connection, None for none or where it cannot be read."""
    try:
        with _opened() as file:
            rows = file.execute(
                "SELECT entry FROM newest WHERE connection = ?", (str(connection_id),)
            )
            found = rows.fetchone()
    except (sqlite3.Error, OSError) as exc:
        logger.warning("grant ledger not read error=%s", type(exc).__name__)
        return None
    return str(found[0]) if found else None


def entries(*, since: str) -> Iterator[dict[UUID, str]]:
    """Yield all entries, some at a time, and forget those from before ``since``.

    Whoever takes them may do so slowly: the file is free for others by then.
    """
    with _opened() as file:
        file.execute("DELETE FROM newest WHERE at < ?", (since,))
        rows = file.execute("SELECT connection, entry FROM newest").fetchall()
    for start in range(0, len(rows), BATCH):
        some = rows[start : start + BATCH]
        yield {UUID(connection): str(entry) for connection, entry in some}


def prove() -> None:
    """Write an entry and take it back; raise sqlite3.Error or OSError."""
    with _opened() as file:
        file.execute(KEEP_NEWEST, ("probe", "", ""))
        file.execute("DELETE FROM newest WHERE connection = ?", ("probe",))
