"""Work out what connections may see from what was picked for them.

A holder is the connection of one person in one workspace, named by both; the commands
here take patterns of such names.
"""

import json
import sqlite3
from collections.abc import Iterable

# What a person shut out stays shut out unless it is picked: it is the page's setting.
UNPICK = """
DELETE FROM notion_share WHERE holder = :holder AND allowed
AND id NOT IN (SELECT value FROM json_each(:picked))
"""
# What was shared before keeps its date.
PICK = """
INSERT INTO notion_share SELECT :holder, value, 1, :now FROM json_each(:picked)
WHERE true ON CONFLICT (holder, id)
DO UPDATE SET allowed = 1, since = iif(allowed, since, excluded.since)
"""
SHARE = """
REPLACE INTO notion_share SELECT DISTINCT holder, :id, :allowed, :now
FROM notion_share WHERE holder GLOB :holders
"""
# From the top down: a share of one's own counts, else what the container has.
SPREAD = """
INSERT INTO notion_visible
WITH RECURSIVE tree (holder, key, id, allowed, since) AS (
    SELECT h.holder, o.key, o.id, COALESCE(s.allowed, 0), COALESCE(s.since, 0)
    FROM (SELECT DISTINCT holder FROM notion_share WHERE holder GLOB :holders) h
    JOIN notion_object o ON o.workspace = :workspace AND o.container = ''
    LEFT JOIN notion_share s ON s.holder = h.holder AND s.id = o.id
    UNION ALL
    SELECT t.holder, o.key, o.id, COALESCE(s.allowed, t.allowed),
        COALESCE(s.since, t.since)
    FROM tree t JOIN notion_object o ON o.container = t.id
    LEFT JOIN notion_share s ON s.holder = t.holder AND s.id = o.id)
SELECT holder, key, since FROM tree WHERE allowed
"""


def make_holder(workspace: str, user: str = "*") -> str:
    """Name the connection of one person in one workspace, or match everybody's."""
    return f"{workspace}:{user}"


def set_shares(
    connection: sqlite3.Connection, holder: str, picked: Iterable[str], now: int
) -> None:
    """Replace what is shared."""
    names = {"holder": holder, "picked": json.dumps(list(picked)), "now": now}
    connection.execute(UNPICK, names)
    connection.execute(PICK, names)
    spread(connection, holder)


def set_share(
    connection: sqlite3.Connection,
    holders: str,
    object_id: str,
    *,
    allowed: bool,
    now: int,
) -> int:
    """Share one subtree with connections, or shut it out; count them."""
    names = {"holders": holders, "id": object_id, "allowed": allowed, "now": now}
    found = connection.execute(SHARE, names).rowcount
    spread(connection, holders)
    return found


def end_shares(connection: sqlite3.Connection, holder: str) -> None:
    """Take everything away from a connection."""
    connection.execute("DELETE FROM notion_share WHERE holder = ?", (holder,))
    spread(connection, holder)


def spread(connection: sqlite3.Connection, holders: str) -> None:
    """Work out again what connections may see."""
    names = {"holders": holders, "workspace": holders.partition(":")[0]}
    connection.execute("DELETE FROM notion_visible WHERE holder GLOB :holders", names)
    connection.execute(SPREAD, names)
