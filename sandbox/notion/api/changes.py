"""Change stored objects, and remember what search still believes."""

import json
import sqlite3
from collections.abc import Iterable

from sandbox.core.state import Sandbox
from sandbox.core.storage import Row
from sandbox.notion.seed.nodes import BLOCK, to_minute
from sandbox.notion.seed.workspaces import BY_ID, PAGE, SLUG

MARK = """
UPDATE notion_object SET edited = :minute, edited_by = :editor,
    old_edited = iif(indexed_at <= :now, edited, old_edited),
    old_trash = iif(indexed_at <= :now, in_trash, old_trash),
    indexed_at = :now + :lag
WHERE id IN (SELECT value FROM json_each(:ids))
"""
ABOVE = """
WITH RECURSIVE up (id) AS (
    SELECT :start UNION
    SELECT o.container FROM up JOIN notion_object o ON o.id = up.id)
SELECT 1 FROM up WHERE id = :wanted
"""
BELOW = """
WITH RECURSIVE down (id) AS (
    SELECT ? UNION ALL
    SELECT o.id FROM down JOIN notion_object o ON o.container = down.id)
SELECT json_group_array(id) FROM down
"""
GONE = "IN (SELECT value FROM json_each(?))"
DELETIONS = (
    f"DELETE FROM notion_block WHERE id {GONE}",  # noqa: S608 - no words from outside
    f"DELETE FROM notion_block WHERE page {GONE}",  # noqa: S608 - see above
    f"DELETE FROM notion_share WHERE id {GONE}",  # noqa: S608 - see above
    f"DELETE FROM notion_object WHERE id {GONE}",  # noqa: S608 - see above
)


def get_lag(sandbox: Sandbox, workspace: str) -> int:
    """Return after how many milliseconds search learns of a change."""
    return int(sandbox.switches.get(SLUG, "index_lag", workspace) * 1000)


def mark(
    sandbox: Sandbox, connection: sqlite3.Connection, workspace: str, ids: Iterable[str]
) -> None:
    """Say that objects are edited now; search believes what stands there for a while.

    Call it before what it remembers is changed.
    """
    names = {
        "minute": to_minute(sandbox.now_ms),
        "editor": BY_ID[workspace].people[0].id,
        "now": sandbox.now_ms,
        "lag": get_lag(sandbox, workspace),
        "ids": json.dumps(list(ids)),
    }
    connection.execute(MARK, names)


def is_inside(connection: sqlite3.Connection, inner: str, outer: str) -> bool:
    """Return whether an object is inside another, or the same."""
    names = {"start": inner, "wanted": outer}
    return connection.execute(ABOVE, names).fetchone() is not None


def move(connection: sqlite3.Connection, row: Row, above: Row | None) -> None:
    """Put an object elsewhere: its block moves along, or ends where pages have none."""
    container = above["id"] if above else ""
    connection.execute(
        "UPDATE notion_object SET container = ?, block = '' WHERE key = ?",
        (container, row["key"]),
    )
    connection.execute("DELETE FROM notion_block WHERE id = ?", (row["id"],))
    if above and above["kind"] == PAGE:
        names = {name: row[name] for name in ("id", "created", "edited")}
        names |= {"page": container, "parent": container, "body": "{}"}
        connection.execute(BLOCK, {**names, "type": f"child_{row['kind']}"})


def delete(connection: sqlite3.Connection, object_id: str) -> int:
    """Remove an object with everything inside it, and say how many went."""
    (gone,) = connection.execute(BELOW, (object_id,)).fetchone()
    for sql in DELETIONS:
        count = connection.execute(sql, (gone,)).rowcount
    return count
