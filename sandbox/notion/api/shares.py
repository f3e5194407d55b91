"""Work out what a connection may see from what was picked for it."""

import json
import sqlite3
from collections.abc import Iterable

HOLDERS = "SELECT DISTINCT holder FROM notion_share WHERE holder LIKE ? || ':%'"
# What a person shut out stays shut out unless it is picked: it is the page's setting.
UNPICK = """
DELETE FROM notion_share WHERE holder = ? AND allowed
AND id NOT IN (SELECT value FROM json_each(?))
"""
PICK = """
INSERT INTO notion_share VALUES (?, ?, 1, ?) ON CONFLICT (holder, id)
DO UPDATE SET allowed = 1, since = iif(allowed, since, excluded.since)
"""
# From the top down: a share of one's own counts, else what the container has.
SPREAD = """
INSERT INTO notion_visible
WITH RECURSIVE tree (key, id, allowed, since) AS (
    SELECT o.key, o.id, COALESCE(s.allowed, 0), COALESCE(s.since, 0)
    FROM notion_object o
    LEFT JOIN notion_share s ON s.holder = :holder AND s.id = o.id
    WHERE o.workspace = :workspace AND o.container = ''
    UNION ALL
    SELECT o.key, o.id, COALESCE(s.allowed, tree.allowed), COALESCE(s.since, tree.since)
    FROM tree JOIN notion_object o ON o.container = tree.id
    LEFT JOIN notion_share s ON s.holder = :holder AND s.id = o.id)
SELECT :holder, key, since FROM tree WHERE allowed
"""


def make_holder(workspace: str, user: str) -> str:
    """Name the connection of one person in one workspace."""
    return f"{workspace}:{user}"


def set_shares(
    connection: sqlite3.Connection, holder: str, picked: Iterable[str], now: int
) -> None:
    """Replace what is shared; what was shared before keeps its date."""
    wanted = set(picked)
    connection.execute(UNPICK, (holder, json.dumps(list(wanted))))
    connection.executemany(PICK, [(holder, each, now) for each in wanted])
    spread(connection, holder)


def set_share(
    connection: sqlite3.Connection,
    holder: str,
    object_id: str,
    *,
    allowed: bool,
    now: int,
) -> None:
    """Share one subtree with a connection, or shut it out."""
    connection.execute(
        "REPLACE INTO notion_share VALUES (?, ?, ?, ?)",
        (holder, object_id, int(allowed), now),
    )
    spread(connection, holder)


def end_shares(connection: sqlite3.Connection, holder: str) -> None:
    """Take everything away from a connection."""
    connection.execute("DELETE FROM notion_share WHERE holder = ?", (holder,))
    connection.execute("DELETE FROM notion_visible WHERE holder = ?", (holder,))


def spread(connection: sqlite3.Connection, holder: str) -> None:
    """Work out again what a connection may see."""
    connection.execute("DELETE FROM notion_visible WHERE holder = ?", (holder,))
    names = {"holder": holder, "workspace": holder.partition(":")[0]}
    connection.execute(SPREAD, names)


def spread_all(connection: sqlite3.Connection, workspace: str) -> None:
    """Work out again what every connection of a workspace may see."""
    for row in connection.execute(HOLDERS, (workspace,)).fetchall():
        spread(connection, row["holder"])
