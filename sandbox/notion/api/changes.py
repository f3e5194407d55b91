"""Change stored objects, and remember what search still believes."""

import sqlite3
from dataclasses import dataclass

from sandbox.core.storage import Row
from sandbox.notion.seed.building import to_minute
from sandbox.notion.seed.workspaces import DATABASE, PAGE

ABOVE = """
WITH RECURSIVE up (id) AS (
    SELECT ? UNION
    SELECT o.container FROM up JOIN notion_object o ON o.id = up.id)
SELECT id FROM up WHERE id <> ''
"""
BELOW = """
WITH RECURSIVE down (id) AS (
    SELECT ? UNION ALL
    SELECT o.id FROM down JOIN notion_object o ON o.container = down.id)
SELECT id FROM down
"""


@dataclass(frozen=True, kw_only=True)
class Change:
    """Say who changes objects when, and when search will know."""

    now: int
    lag: int
    editor: str


def mark(connection: sqlite3.Connection, row: Row, change: Change) -> None:
    """Set when and by whom an object was edited; search believes the old for a while.

    The row is the object as it was before the change.
    """
    is_known = row["indexed_at"] <= change.now
    connection.execute(
        "UPDATE notion_object SET edited = ?, edited_by = ?, indexed_at = ?,"
        " old_edited = ?, old_trash = ? WHERE key = ?",
        (
            to_minute(change.now),
            change.editor,
            change.now + change.lag,
            row["edited"] if is_known else row["old_edited"],
            row["in_trash"] if is_known else row["old_trash"],
            row["key"],
        ),
    )


def list_above(connection: sqlite3.Connection, object_id: str) -> set[str]:
    """Return an object's id with those of everything it is in."""
    rows = connection.execute(ABOVE, (object_id,)).fetchall()
    return {row["id"] for row in rows}


def move(connection: sqlite3.Connection, row: Row, above: Row | None) -> None:
    """Put an object elsewhere: its block moves along, or ends where pages have none."""
    container = above["id"] if above is not None else ""
    connection.execute(
        "UPDATE notion_object SET container = ?, block = '' WHERE key = ?",
        (container, row["key"]),
    )
    connection.execute("DELETE FROM notion_block WHERE id = ?", (row["id"],))
    if above is None or above["kind"] != PAGE:
        return
    kind = "child_database" if row["kind"] == DATABASE else "child_page"
    moments = (row["created"], row["edited"])
    connection.execute(
        "INSERT INTO notion_block SELECT ?, ?2, ?2, COALESCE(MAX(position), -1) + 1,"
        " ?3, ?4, ?5, '{}' FROM notion_block WHERE parent = ?2",
        (row["id"], container, kind, *moments),
    )


def delete(connection: sqlite3.Connection, object_id: str) -> int:
    """Remove an object with everything inside it, and say how many went."""
    gone = [row["id"] for row in connection.execute(BELOW, (object_id,)).fetchall()]
    for found in gone:
        for sql in (
            "DELETE FROM notion_object WHERE id = ?",
            "DELETE FROM notion_block WHERE id = ?",
            "DELETE FROM notion_block WHERE page = ?",
            "DELETE FROM notion_share WHERE id = ?",
        ):
            connection.execute(sql, (found,))
    return len(gone)
