"""Tell what a connection may see, so that it can be compared with what it found."""

from typing import Any

from sandbox.control.helpers import describe_live, get_account, get_limit
from sandbox.core.provider import CommandError, Params
from sandbox.core.state import Sandbox
from sandbox.core.storage import Row
from sandbox.notion.api.ids import to_id, to_iso
from sandbox.notion.api.shares import make_holder
from sandbox.notion.seed.workspaces import KINDS, PAGE, SLUG, WORKSPACES
from sandbox.oauth import grants

VISIBLE = """
SELECT o.id, o.kind, o.in_trash, o.edited
FROM notion_object o JOIN notion_visible v ON v.key = o.key
WHERE v.holder = ? ORDER BY o.id
"""
EVERY = """
SELECT id, kind, in_trash, edited FROM notion_object WHERE workspace = ? ORDER BY id
"""
NAMES = {name: kind for kind, name in KINDS.items()}


def get_row(sandbox: Sandbox, params: Params, field: str = "id") -> Row:
    found = to_id(str(params.get(field) or ""))
    row = sandbox.storage.one(
        "SELECT * FROM notion_object WHERE id = ?", found or "no id"
    )
    if row is None:
        message = f"no such object: {params.get(field)}"
        raise CommandError(message)
    return row


def show(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    """Return one object by id, or a page of objects of a type from `after` on."""
    if params.get("id"):
        rows = [get_row(sandbox, params)]
    else:
        kind = NAMES.get(str(params.get("type") or "pages"), PAGE)
        rows = sandbox.storage.all(
            "SELECT * FROM notion_object WHERE workspace = ? AND kind = ? AND id > ?"
            " AND (? = '' OR title = ?) ORDER BY id LIMIT ?",
            get_account(WORKSPACES, params).id,
            kind,
            str(params.get("after") or ""),
            str(params.get("title") or ""),
            str(params.get("title") or ""),
            get_limit(params),
        )
    return {"records": [_describe(row) for row in rows]}


def _describe(row: Row) -> dict[str, Any]:
    names = ("id", "kind", "container", "block", "title")
    return {
        **{name: row[name] for name in names},
        "in_trash": bool(row["in_trash"]),
        "is_archived": bool(row["is_archived"]),
        "created_time": to_iso(row["created"]),
        "last_edited_time": to_iso(row["edited"]),
        "luck": row["luck"],
    }


def get_inventory(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    """Count what the newest grant may see, of anybody or of `user`, and digest it.

    Without a grant it is everything in the workspace. `archived` counts what lies in
    the trash.
    """
    workspace, user = get_account(WORKSPACES, params).id, str(params.get("user") or "")
    storage, grant = sandbox.storage, None
    rows = storage.all(EVERY, workspace)
    live = grants.list_grants(storage.connection, SLUG, workspace, user, is_live=True)
    if live:
        grant = grants.get_grant(storage.connection, live[-1])
        rows = storage.all(VISIBLE, make_holder(workspace, grant["user"]))
    return {
        "account": workspace,
        "grant": grant["id"] if grant else None,
        "types": {
            name: _count([row for row in rows if row["kind"] == kind], params)
            for kind, name in KINDS.items()
        },
    }


def _count(rows: list[Row], params: Params) -> dict[str, Any]:
    live = [(row["id"], row["edited"]) for row in rows if not row["in_trash"]]
    trashed = [row["id"] for row in rows if row["in_trash"]]
    found = {"archived": len(trashed), **describe_live(live, params)}
    return {**found, "trashed": trashed} if params.get("with_ids") else found
