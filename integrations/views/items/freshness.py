"""Say of what is shown that it is not refreshed now, since when, and why."""

from typing import Any

from integrations.models import Connection
from integrations.models.condition import Condition


def is_refreshed(connection: Connection) -> bool:
    """Tell whether what was read of a connection is as new as promised.

    What was never read is not called old.
    """
    is_old = connection.is_stale or not connection.is_syncable
    return connection.last_synced_at is None or not is_old


def entry(connection: Connection, word: str) -> dict[str, Any]:
    """Return what a page says of a connection, with the word for how it is."""
    since = connection.last_synced_at
    return {"connection": connection, "since": since, "word": word}


def make_context(connection: Connection) -> dict[str, Any]:
    """Return what a page of one connection's items says, which is mostly nothing.

    The word is that of the connection's state, for which no query is needed.
    """
    if is_refreshed(connection):
        return {"stale": []}
    is_old = connection.is_syncable
    word = Condition.STALE.label if is_old else connection.get_state_display()
    return {"stale": [entry(connection, str(word))]}
