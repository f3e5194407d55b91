"""Change stored objects and shares; remember what search still believes.

A holder is the connection of one person in one workspace, named by both; `*` stands
for everybody.
"""

import json
from collections.abc import Collection

from sandbox.core.data import read_statements
from sandbox.core.state import Sandbox
from sandbox.core.storage import Row, Storage
from sandbox.notion.seed.nodes import BLOCK, to_minute
from sandbox.notion.seed.workspaces import BY_ID, PAGE, SLUG

SQL = read_statements(__package__, "changes.sql")
GONE = ("block WHERE id", "block WHERE page", "share WHERE id", "object WHERE id")


def make_holder(workspace: str, user: str = "*") -> str:
    """Name the connection of one person in one workspace, or match everybody's."""
    return f"{workspace}:{user}"


def set_shares(
    storage: Storage, holder: str, picked: Collection[str], now: int
) -> None:
    names = {"holder": holder, "picked": json.dumps(picked)}
    storage.run(SQL["unpick"], **names)
    storage.run(SQL["pick"], **names, now=now)
    spread(storage, holder)


def end_shares(storage: Storage, holder: str) -> None:
    storage.run("DELETE FROM notion_share WHERE holder = ?", holder)
    spread(storage, holder)


def spread(storage: Storage, holders: str) -> None:
    storage.run("DELETE FROM notion_visible WHERE holder GLOB ?", holders)
    storage.run(SQL["spread"], holders=holders, workspace=holders.partition(":")[0])


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
        sandbox.storage.run(SQL["mark"], **names, minute=to_minute(now))


def is_inside(storage: Storage, inner: str, outer: str) -> bool:
    return storage.one(SQL["above"], start=inner, wanted=outer) is not None


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
    [(gone,)] = storage.all(SQL["below"], object_id)
    for where in GONE:
        sql = f"DELETE FROM notion_{where} IN (SELECT value FROM json_each(?))"  # noqa: S608
        count = storage.run(sql, gone).rowcount
    return count
