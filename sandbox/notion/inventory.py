"""Tell what a connection may see, so that it can be compared with what it found."""

import hashlib
from typing import TYPE_CHECKING, Any

from sandbox.core.provider import OrderError, Params
from sandbox.core.storage import Row
from sandbox.notion.api.shares import make_holder
from sandbox.notion.seed.workspaces import BY_ID, KINDS, LANTERN, SLUG

if TYPE_CHECKING:
    from sandbox.core.state import Sandbox

GRANT = """
SELECT id, user FROM oauth_grant WHERE provider = ? AND account = ?
AND ended_at IS NULL AND (? = '' OR user = ?) ORDER BY id DESC
"""
VISIBLE = """
SELECT o.id, o.kind, o.in_trash, o.edited
FROM notion_object o JOIN notion_visible v ON v.key = o.key
WHERE v.holder = ? ORDER BY o.id
"""
EVERY = """
SELECT id, kind, in_trash, edited FROM notion_object WHERE workspace = ? ORDER BY id
"""


def get_workspace(params: Params) -> str:
    """Return the workspace an order is about; the large one needs no naming."""
    workspace = str(params.get("account") or LANTERN.id)
    if workspace not in BY_ID:
        message = f"no account {workspace}"
        raise OrderError(message)
    return workspace


def get_inventory(sandbox: "Sandbox", params: Params) -> dict[str, Any]:
    """Count what the newest grant may see, of anybody or of `user`, and digest it.

    Without a grant it is everything in the workspace. `archived` counts what lies in
    the trash; `ids` and `content` are SHA-256 of the others, in the order of their ids,
    of lines of id, and of id and last edited time. `with_ids` adds the ids.
    """
    workspace, user = get_workspace(params), str(params.get("user") or "")
    grant = sandbox.storage.one(GRANT, SLUG, workspace, user, user)
    if grant is None:
        rows = sandbox.storage.all(EVERY, workspace)
    else:
        rows = sandbox.storage.all(VISIBLE, make_holder(workspace, grant["user"]))
    return {
        "account": workspace,
        "grant": grant["id"] if grant else None,
        "types": {
            name: _describe([row for row in rows if row["kind"] == kind], params)
            for kind, name in KINDS.items()
        },
    }


def _describe(rows: list[Row], params: Params) -> dict[str, Any]:
    live = [row for row in rows if not row["in_trash"]]
    found: dict[str, Any] = {
        "live": len(live),
        "archived": len(rows) - len(live),
        "ids": _digest([row["id"] for row in live]),
        "content": _digest([f"{row['id']} {row['edited']}" for row in live]),
    }
    if params.get("with_ids"):
        found["id_list"] = [row["id"] for row in live]
        found["trashed"] = [row["id"] for row in rows if row["in_trash"]]
    return found


def _digest(lines: list[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
