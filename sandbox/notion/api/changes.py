"""Change stored objects and shares; remember what search still believes.

A holder is the connection of one person in one workspace, named by both; `*` stands
for everybody.
"""

import json
from collections.abc import Collection

from sandbox.core.state import Sandbox
from sandbox.core.storage import Row, Storage
from sandbox.notion.seed.nodes import BLOCK, to_minute
from sandbox.notion.seed.workspaces import BY_ID, PAGE, SLUG

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
MARK = """
UPDATE notion_object SET edited = :minute, edited_by = :editor,
    old_edited = iif(indexed_at <= :now, edited, old_edited),
    old_trash = iif(indexed_at <= :now, in_trash, old_trash),
    indexed_at = :now + :lag
WHERE id = :id
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
GONE = ("block WHERE id", "block WHERE page", "share WHERE id", "object WHERE id")


def make_holder(workspace: str, user: str = "*") -> str:
    """Name the connection of one person in one workspace, or match everybody's."""
    return f"{workspace}:{user}"


def set_shares(
    storage: Storage, holder: str, picked: Collection[str], now: int
) -> None:
    names = {"holder": holder, "picked": json.dumps(picked)}
    storage.run(UNPICK, **names)
    storage.run(PICK, **names, now=now)
    spread(storage, holder)


def end_shares(storage: Storage, holder: str) -> None:
    storage.run("DELETE FROM notion_share WHERE holder = ?", holder)
    spread(storage, holder)


def spread(storage: Storage, holders: str) -> None:
    storage.run("DELETE FROM notion_visible WHERE holder GLOB ?", holders)
    storage.run(SPREAD, holders=holders, workspace=holders.partition(":")[0])


def get_lag(sandbox: Sandbox, workspace: str) -> int:
    """Return after how many milliseconds search learns of a change."""
    return int(sandbox.switches.get(SLUG, "index_lag", workspace) * 1000)


def mark(sandbox: Sandbox, rows: list[Row]) -> None:
    """Say that objects are edited now; search believes what stands there for a while.

    Call it before what it remembers is changed.
    """
    for row in rows:
        workspace, now = BY_ID[row["workspace"]], sandbox.now_ms
        names = {"id": row["id"], "editor": workspace.people[0].id}
        names |= {"now": now, "lag": get_lag(sandbox, workspace.id)}
        sandbox.storage.run(MARK, **names, minute=to_minute(now))


def is_inside(storage: Storage, inner: str, outer: str) -> bool:
    return storage.one(ABOVE, start=inner, wanted=outer) is not None


def move(storage: Storage, row: Row, above: Row | None) -> None:
    """Put an object elsewhere: its block moves along, or ends where pages have none."""
    container = above["id"] if above else ""
    sql = "UPDATE notion_object SET container = ?, block = '' WHERE key = ?"
    storage.run(sql, container, row["key"])
    storage.run("DELETE FROM notion_block WHERE id = ?", row["id"])
    if above and above["kind"] == PAGE:
        names = {name: row[name] for name in ("id", "created", "edited")}
        names |= {"page": container, "parent": container, "body": "{}"}
        storage.run(BLOCK, **names, type=f"child_{row['kind']}")


def delete(storage: Storage, object_id: str) -> int:
    [(gone,)] = storage.all(BELOW, object_id)
    for where in GONE:
        sql = f"DELETE FROM notion_{where} IN (SELECT value FROM json_each(?))"  # noqa: S608
        count = storage.run(sql, gone).rowcount
    return count
