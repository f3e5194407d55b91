"""Let people and tests change the simulated workspaces behind the API's back."""

import json
import random
import sqlite3
from typing import Any

from sandbox.control.helpers import (
    get_account,
    get_number,
)
from sandbox.core.provider import TOUCH, CommandError, Field, Form, Params
from sandbox.core.state import Command, Sandbox
from sandbox.core.storage import Row
from sandbox.notion.api import changes
from sandbox.notion.api.changes import Change
from sandbox.notion.api.shares import HOLDERS, set_share, spread_all
from sandbox.notion.inventory import get_inventory, get_row, show
from sandbox.notion.seed.building import Builder, Place
from sandbox.notion.seed.nodes import Page, p, to_plain
from sandbox.notion.seed.workspaces import (
    BY_ID,
    DATA_SOURCE,
    DATABASE,
    PAGE,
    SLUG,
    WORKSPACES,
)


def get_change(sandbox: Sandbox, workspace: str) -> Change:
    """Return a change as a person makes it in Notion itself."""
    lag = sandbox.switches.get(SLUG, "index_lag", workspace)
    editor = BY_ID[workspace].people[0].id
    return Change(now=sandbox.now_ms, lag=int(lag * 1000), editor=editor)


def edit(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    """Set a title, an icon, values by property id; add a paragraph of text."""
    row = get_row(sandbox, params)
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
    above = get_row(sandbox, params) if params.get("id") else None
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
    row = get_row(sandbox, params)
    above = get_row(sandbox, params, "to") if params.get("to") else None
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
    row = get_row(sandbox, params)
    with sandbox.storage.write() as connection:
        gone = changes.delete(connection, row["id"])
        spread_all(connection, row["workspace"])
    return {"id": row["id"], "deleted": gone}


def _set_flag(column: str, *, value: bool) -> Command:
    def act(sandbox: Sandbox, params: Params) -> dict[str, Any]:
        row = get_row(sandbox, params)
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
        row, user = get_row(sandbox, params), str(params.get("user") or "")
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
