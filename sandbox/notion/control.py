"""Let people and tests change the simulated workspaces behind the API's back."""

import json
import random
from typing import Any

from sandbox.control import helpers
from sandbox.control.helpers import describe_live, get_account, get_limit, get_part
from sandbox.core.data import read_statements
from sandbox.core.provider import CommandError, Params
from sandbox.core.state import Command, Sandbox
from sandbox.core.storage import Row
from sandbox.core.times import to_iso
from sandbox.notion.api import changes
from sandbox.notion.api.calls import OBJECT, to_id
from sandbox.notion.api.changes import make_holder, spread
from sandbox.notion.seed.nodes import Builder, Node, make_page, p, to_plain
from sandbox.notion.seed.workspaces import BY_ID, KINDS, PAGE, SLUG, WORKSPACES
from sandbox.oauth.grants import Grants

# Where each kind can be put; "" is the top.
PLACES = {
    "page": ("", "page", "data_source"),
    "database": ("", "page", "database", "data_source"),
    "data_source": ("database",),
}
SQL = read_statements(__package__, "inventory.sql")
NAMES = {name: kind for kind, name in KINDS.items()}
TOUCHED = """
SELECT id, workspace FROM notion_object
WHERE workspace = ? AND kind = ? AND in_trash = 0 ORDER BY id LIMIT ? OFFSET ?
"""


def edit(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    """Set a title, an icon, values by property id; add a paragraph of text."""
    row = get_row(sandbox, params)
    body = json.loads(row["body"])
    if params.get("icon") is not None:
        body["icon"] = params["icon"]
    if isinstance(params.get("values"), dict):
        body.setdefault("values", {}).update(params["values"])
    titled = body.setdefault("values", {}) if row["kind"] == PAGE else body
    if params.get("title") not in (None, ""):
        titled["title"] = params["title"]
    new = (json.dumps(body), to_plain(titled.get("title")), row["key"])
    changes.mark(sandbox, [row])
    sql = "UPDATE notion_object SET body = ?, title = ? WHERE key = ?"
    sandbox.storage.run(sql, *new)
    if params.get("text") and row["kind"] == PAGE:
        builder = _make_builder(sandbox, row["workspace"])
        builder.add_into(row["id"], p(str(params["text"])))
    return {"id": row["id"]}


def _make_builder(sandbox: Sandbox, workspace: str) -> Builder:
    moment = {"now": sandbox.now_ms, "lag": changes.get_lag(sandbox, workspace)}
    place, rng = BY_ID[workspace], random.Random()
    return Builder(storage=sandbox.storage, workspace=place, rng=rng, **moment)


def create(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    """Create a page inside the page or data source `id`, or at the top."""
    above = get_row(sandbox, params) if params.get("id") else None
    workspace = above["workspace"] if above else get_account(WORKSPACES, params).id
    _check_place(PAGE, above)
    builder = _make_builder(sandbox, workspace)
    if above and above["kind"] == PAGE:
        new_id = builder.add_into(above["id"], _read_page(params))
        changes.mark(sandbox, [above])
    else:
        new_id = builder.add(_read_page(params), above["id"] if above else "")
    spread(sandbox.storage, make_holder(workspace))
    return {"id": new_id}


def _read_page(params: Params) -> Node:
    values, text = params.get("values"), params.get("text")
    title, inside = str(params.get("title") or "New page"), [p(str(text))]
    values = values if isinstance(values, dict) else {}
    return make_page(title, inside if text else (), values=values)


def _check_place(kind: str, above: Row | None) -> None:
    if (above["kind"] if above else "") not in PLACES[kind]:
        raise CommandError(f"a {kind} cannot be put there; rows are in a data source")


def move(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    """Move a page into the page, or a row into the data source, `to`; or to the top."""
    row = get_row(sandbox, params)
    above = get_row(sandbox, params, "to") if params.get("to") else None
    _check_place(row["kind"], above)
    if above and above["workspace"] != row["workspace"]:
        raise CommandError("nothing moves between workspaces")
    if above and changes.is_inside(sandbox.storage, above["id"], row["id"]):
        raise CommandError("nothing moves into itself")
    changes.move(sandbox.storage, row, above)
    changes.mark(sandbox, [row])
    spread(sandbox.storage, make_holder(row["workspace"]))
    return {"id": row["id"]}


def delete(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    row = get_row(sandbox, params)
    gone = changes.delete(sandbox.storage, row["id"])
    spread(sandbox.storage, make_holder(row["workspace"]))
    return {"id": row["id"], "deleted": gone}


def _set_flag(column: str, *, value: bool) -> Command:
    # The column is one of two names in this module.
    sql = f"UPDATE notion_object SET {column} = ? WHERE key = ?"  # noqa: S608

    def act(sandbox: Sandbox, params: Params) -> dict[str, Any]:
        row = get_row(sandbox, params)
        changes.mark(sandbox, [row])
        sandbox.storage.run(sql, value, row["key"])
        return {"id": row["id"]}

    return act


def _set_share(*, allowed: bool) -> Command:
    def act(sandbox: Sandbox, params: Params) -> dict[str, Any]:
        """Share a subtree with everybody's connection, or with that of `user`."""
        row = get_row(sandbox, params)
        holders = make_holder(row["workspace"], str(params.get("user") or "*"))
        names = {"holders": holders, "id": row["id"], "now": sandbox.now_ms}
        shared = sandbox.storage.run(changes.SQL["share"], **names, allowed=allowed)
        spread(sandbox.storage, holders)
        return {"id": row["id"], "connections": shared.rowcount}

    return act


def touch(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    workspace = get_account(WORKSPACES, params).id
    rows = sandbox.storage.all(TOUCHED, workspace, PAGE, *get_part(params))
    return helpers.touch(
        sandbox, params, rows, lambda row, _: changes.mark(sandbox, [row])
    )


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
    known = Grants(storage, SLUG, sandbox.clock())
    live = known.list(workspace, user, is_live=True)
    grant = known.get(live[-1]) if live else None
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


QUERIES = {"inventory": get_inventory, "records": show}
COMMANDS: dict[str, Command] = {
    "records/edit": edit,
    "records/create": create,
    "records/move": move,
    "records/trash": _set_flag("in_trash", value=True),
    "records/restore": _set_flag("in_trash", value=False),
    "records/delete": delete,
    "records/archive": _set_flag("is_archived", value=True),
    "records/unarchive": _set_flag("is_archived", value=False),
    "records/share": _set_share(allowed=True),
    "records/unshare": _set_share(allowed=False),
    "records/touch": touch,
}
