"""Tell what a connection may see, so that it can be compared with what it found."""

from typing import Any

from sandbox.control.helpers import describe_live, get_account, get_limit
from sandbox.core.data import read_statements
from sandbox.core.provider import CommandError, Params
from sandbox.core.state import Sandbox
from sandbox.core.storage import Row
from sandbox.core.times import to_iso
from sandbox.notion.api.calls import OBJECT, to_id
from sandbox.notion.api.changes import make_holder
from sandbox.notion.seed.workspaces import KINDS, PAGE, SLUG, WORKSPACES
from sandbox.oauth import grants

SQL = read_statements(__package__, "inventory.sql")
NAMES = {name: kind for kind, name in KINDS.items()}


def get_row(sandbox: Sandbox, params: Params, field: str = "id") -> Row:
    wanted = str(params.get(field) or "")
    row = sandbox.storage.one(OBJECT, to_id(wanted) or "no id")
    if row is None:
        raise CommandError(f"no such object: {wanted}")
    return row


def show(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    if params.get("id"):
        return {"records": [_describe(get_row(sandbox, params))]}
    names = {
        "account": get_account(WORKSPACES, params).id,
        "kind": NAMES.get(str(params.get("type")), PAGE),
        "limit": get_limit(params),
        **{name: str(params.get(name) or "") for name in ("after", "title")},
    }
    rows = sandbox.storage.all(SQL["records"], **names)
    return {"records": [_describe(row) for row in rows]}


def _describe(row: Row) -> dict[str, Any]:
    told = {n: row[n] for n in ("id", "kind", "container", "block", "title")}
    told |= {name: bool(row[name]) for name in ("in_trash", "is_archived")}
    times = {"created_time": row["created"], "last_edited_time": row["edited"]}
    return {**told, **{name: to_iso(time) for name, time in times.items()}}


def get_inventory(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    """Count what the newest grant may see, of anybody or of `user`, and digest it.

    Without a grant it is everything in the workspace. `archived` counts what lies in
    the trash.
    """
    workspace, user = get_account(WORKSPACES, params).id, str(params.get("user") or "")
    storage = sandbox.storage
    live = grants.list_grants(storage, SLUG, workspace, user, is_live=True)
    grant = grants.get_grant(storage, live[-1]) if live else None
    holder = make_holder(workspace, grant["user"]) if grant else ""
    rows = storage.all(SQL["inventory"], account=workspace, holder=holder)
    types = {
        name: _count([row for row in rows if row["kind"] == kind], params)
        for kind, name in KINDS.items()
    }
    number = grant["id"] if grant else None
    return {"account": workspace, "grant": number, "types": types}


def _count(rows: list[Row], params: Params) -> dict[str, Any]:
    live = [(row["id"], row["edited"]) for row in rows if not row["in_trash"]]
    trashed = [row["id"] for row in rows if row["in_trash"]]
    found = {"archived": len(trashed), **describe_live(live, params)}
    return {**found, "trashed": trashed} if params.get("with_ids") else found
