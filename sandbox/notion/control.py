"""Let people and tests change the simulated workspaces behind the API's back."""

import json
import random
import sqlite3
from typing import Any

from sandbox.control.helpers import (
    describe_live,
    get_account,
    get_limit,
    get_number,
)
from sandbox.core.provider import TOUCH, CommandError, Field, Form, Params
from sandbox.core.state import Command, Sandbox
from sandbox.core.storage import Row
from sandbox.notion.api import changes
from sandbox.notion.api.changes import Change
from sandbox.notion.api.ids import to_id, to_iso
from sandbox.notion.api.nodes import Page, p
from sandbox.notion.api.shares import HOLDERS, make_holder, set_share, spread_all
from sandbox.notion.api.text import to_plain
from sandbox.notion.seed.building import Builder, Place
from sandbox.notion.seed.workspaces import (
    BY_ID,
    DATA_SOURCE,
    DATABASE,
    KINDS,
    PAGE,
    SLUG,
    WORKSPACES,
)
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


def get_change(sandbox: Sandbox, workspace: str) -> Change:
    """Return a change as a person makes it in Notion itself."""
    lag = sandbox.switches.get(SLUG, "index_lag", workspace)
    editor = BY_ID[workspace].people[0].id
    return Change(now=sandbox.now_ms, lag=int(lag * 1000), editor=editor)


def _get_row(sandbox: Sandbox, params: Params, field: str = "id") -> Row:
    found = to_id(str(params.get(field) or ""))
    row = sandbox.storage.one(
        "SELECT * FROM notion_object WHERE id = ?", found or "no id"
    )
    if row is None:
        message = f"no such object: {params.get(field)}"
        raise CommandError(message)
    return row


def edit(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    """Set a title, an icon, values by property id; add a paragraph of text."""
    row = _get_row(sandbox, params)
    body = json.loads(row["body"])
    if params.get("icon") is not None:
        body["icon"] = params["icon"]
    if isinstance(params.get("values"), dict):
        body.setdefault("values", {}).update(params["values"])
    if params.get("title") not in (None, ""):
        kept = body.setdefault("values", {}) if row["kind"] == PAGE else body
        kept["title"] = params["title"]
    kept = body.get("values", {}) if row["kind"] == PAGE else body
    title = to_plain(kept.get("title"))
    with sandbox.storage.write() as connection:
        change = get_change(sandbox, row["workspace"])
        connection.execute(
            "UPDATE notion_object SET body = ?, title = ? WHERE key = ?",
            (json.dumps(body), title, row["key"]),
        )
        if params.get("text") and row["kind"] == PAGE:
            _add_text(sandbox, connection, row, str(params["text"]))
        changes.mark(connection, row, change)
    return {"id": row["id"]}


def _make_builder(sandbox: Sandbox, workspace: str) -> Builder:
    change = get_change(sandbox, workspace)
    rng = random.Random()
    return Builder(
        workspace=BY_ID[workspace], rng=rng, now=change.now, index_lag=change.lag
    )


def _add_text(
    sandbox: Sandbox, connection: sqlite3.Connection, row: Row, text: str
) -> None:
    builder = _make_builder(sandbox, row["workspace"])
    builder.add_into(row["id"], _next_position(connection, row["id"]), p(text))
    builder.store(connection)


def _next_position(connection: sqlite3.Connection, parent: str) -> int:
    row = connection.execute(
        "SELECT COALESCE(MAX(position), -1) + 1 AS n FROM notion_block"
        " WHERE parent = ?",
        (parent,),
    ).fetchone()
    return int(row["n"])


def create(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    """Create a page inside the page or data source `id`, or at the top."""
    above = _get_row(sandbox, params) if params.get("id") else None
    workspace = above["workspace"] if above else get_account(WORKSPACES, params).id
    if above is not None and above["kind"] == DATABASE:
        raise CommandError("rows are in a data source, not in its database")
    values = params.get("values")
    builder = _make_builder(sandbox, workspace)
    node = Page(
        title=str(params.get("title") or "New page"),
        values=values if isinstance(values, dict) else {},
        inside=[p(str(params["text"]))] if params.get("text") else (),
    )
    with sandbox.storage.write() as connection:
        if above is not None and above["kind"] == PAGE:
            position = _next_position(connection, above["id"])
            builder.add_into(above["id"], position, node)
            changes.mark(connection, above, get_change(sandbox, workspace))
        else:
            builder.add(node, Place(container=above["id"] if above else ""))
        new_id = builder.objects[0][1]
        builder.store(connection)
        spread_all(connection, workspace)
    return {"id": new_id}


def move(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    """Move a page into the page, or a row into the data source, `to`; or to the top."""
    row = _get_row(sandbox, params)
    above = _get_row(sandbox, params, "to") if params.get("to") else None
    if above is not None and above["workspace"] != row["workspace"]:
        raise CommandError("nothing moves between workspaces")
    if row["kind"] == DATA_SOURCE and (above is None or above["kind"] != DATABASE):
        raise CommandError("a data source moves between databases only")
    if row["kind"] == PAGE and above is not None and above["kind"] == DATABASE:
        raise CommandError("rows are in a data source, not in its database")
    with sandbox.storage.write() as connection:
        if above is not None and row["id"] in changes.list_above(
            connection, above["id"]
        ):
            raise CommandError("nothing moves into itself")
        changes.move(connection, row, above)
        changes.mark(connection, row, get_change(sandbox, row["workspace"]))
        spread_all(connection, row["workspace"])
    return {"id": row["id"]}


def delete(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    """Delete an object for good, with everything inside it."""
    row = _get_row(sandbox, params)
    with sandbox.storage.write() as connection:
        gone = changes.delete(connection, row["id"])
        spread_all(connection, row["workspace"])
    return {"id": row["id"], "deleted": gone}


def _set_flag(column: str, *, value: bool) -> Command:
    def act(sandbox: Sandbox, params: Params) -> dict[str, Any]:
        row = _get_row(sandbox, params)
        with sandbox.storage.write() as connection:
            # The column is one of two names in this module.
            connection.execute(
                f"UPDATE notion_object SET {column} = ? WHERE key = ?",  # noqa: S608
                (int(value), row["key"]),
            )
            changes.mark(connection, row, get_change(sandbox, row["workspace"]))
        return {"id": row["id"]}

    return act


def _set_share(*, allowed: bool) -> Command:
    def act(sandbox: Sandbox, params: Params) -> dict[str, Any]:
        """Share a subtree with everybody's connection, or with that of `user`."""
        row, user = _get_row(sandbox, params), str(params.get("user") or "")
        with sandbox.storage.write() as connection:
            holders = [
                found["holder"]
                for found in connection.execute(HOLDERS, (row["workspace"],)).fetchall()
                if not user or found["holder"].endswith(f":{user}")
            ]
            for holder in holders:
                set_share(
                    connection, holder, row["id"], allowed=allowed, now=sandbox.now_ms
                )
        return {"id": row["id"], "connections": len(holders)}

    return act


def touch(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    """Edit the first `count` pages, after `offset`, at one and the same moment."""
    workspace = get_account(WORKSPACES, params).id
    rows = sandbox.storage.all(
        "SELECT * FROM notion_object WHERE workspace = ? AND kind = ? AND in_trash = 0"
        " ORDER BY id LIMIT ? OFFSET ?",
        workspace,
        PAGE,
        get_number(params, "count", 1),
        get_number(params, "offset", 0),
    )
    change = get_change(sandbox, workspace)
    with sandbox.storage.write() as connection:
        for row in rows:
            changes.mark(connection, row, change)
    return {"touched": len(rows), "ids": [row["id"] for row in rows]}


def show(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    """Return one object by id, or a page of objects of a type from `after` on."""
    if params.get("id"):
        rows = [_get_row(sandbox, params)]
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

ID = Field("id", "Id")
FORMS = (
    Form(
        "A page",
        {
            "records/edit": "Save",
            "records/create": "Add inside it",
            "records/trash": "Delete",
        },
        (
            Field("id", "Id (page, or data source to add to)"),
            Field("title", "Title"),
            Field("text", "Text to add"),
        ),
    ),
    Form(
        "Restore, erase, archive",
        {
            "records/restore": "Restore",
            "records/delete": "Erase for good",
            "records/archive": "Archive",
            "records/unarchive": "Unarchive",
        },
        (ID,),
    ),
    Form(
        "Move and share",
        {
            "records/move": "Move",
            "records/share": "Share",
            "records/unshare": "Unshare",
        },
        (ID, Field("to", "Move into (empty: to the top)")),
    ),
    TOUCH,
)
