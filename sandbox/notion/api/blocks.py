"""Show blocks and their children, one level at a time."""

import json
from typing import TYPE_CHECKING, Any

from sandbox.core.storage import Row
from sandbox.core.web import Request, Response
from sandbox.notion.api.auth import (
    READ,
    Caller,
    answer,
    api,
    find_visible,
    read_path_id,
)
from sandbox.notion.api.errors import not_found
from sandbox.notion.api.ids import to_iso
from sandbox.notion.api.paging import read_page_query, to_list
from sandbox.notion.api.people import to_partial
from sandbox.notion.api.render import Library, to_parent
from sandbox.notion.api.text import to_rich
from sandbox.notion.seed.workspaces import DATABASE, PAGE

if TYPE_CHECKING:
    from sandbox.core.state import Sandbox

# Blocks, less the pages and databases that are not shared or lie in the trash.
SHOWN = """
FROM notion_block b LEFT JOIN notion_object o ON o.id = b.id
WHERE (o.id IS NULL OR o.in_trash = 0 AND EXISTS (
    SELECT 1 FROM notion_visible v WHERE v.holder = :holder AND v.key = o.key))
"""
CHILDREN = (
    f"SELECT b.*, o.title {SHOWN} AND b.parent = :parent"
    " ORDER BY b.position LIMIT :n OFFSET :offset"
)
PARENTS = (
    f"SELECT DISTINCT b.parent {SHOWN}"  # noqa: S608
    " AND b.parent IN (SELECT value FROM json_each(:ids))"
)
ON_PAGE = (
    f"SELECT b.*, o.title {SHOWN} AND b.id = :id AND EXISTS ("  # noqa: S608
    "SELECT 1 FROM notion_visible v JOIN notion_object page ON page.key = v.key"
    " WHERE v.holder = :holder AND page.id = b.page)"
)
CHILD_TYPES = {PAGE: "child_page", DATABASE: "child_database"}


@api(READ)
def show_block(sandbox: "Sandbox", request: Request, caller: Caller) -> Response:
    """Return one block; a page and a database are blocks as well."""
    block_id = read_path_id(request, "block")
    library = Library(sandbox, caller)
    whole = find_visible(sandbox, caller, block_id, *CHILD_TYPES)
    if whole is not None:
        return answer(request, _to_child(library, whole))
    row = find_block(sandbox, request, caller, block_id)
    has_children = bool(_find_parents(library, [block_id]))
    return answer(request, to_block(library, row, has_children=has_children))


@api(READ)
def list_children(sandbox: "Sandbox", request: Request, caller: Caller) -> Response:
    """List the blocks directly inside a block or a page."""
    parent = read_path_id(request, "block")
    if find_visible(sandbox, caller, parent, *CHILD_TYPES) is None:
        find_block(sandbox, request, caller, parent)
    page = read_page_query(request, f"children:{parent}")
    rows = sandbox.storage.connection.execute(
        CHILDREN,
        {
            "holder": caller.holder,
            "parent": parent,
            "n": page.size + 1,
            "offset": page.offset,
        },
    ).fetchall()
    library, shown = Library(sandbox, caller), rows[: page.size]
    parents = _find_parents(library, [row["id"] for row in shown])
    results = [
        to_block(library, row, has_children=row["id"] in parents) for row in shown
    ]
    has_more = len(rows) > page.size
    return to_list(request, results, page=page, has_more=has_more, kind="block")


def find_block(
    sandbox: "Sandbox", request: Request, caller: Caller, block_id: str
) -> Row:
    """Return a block on a page the connection may see, or refuse."""
    found: Row | None = sandbox.storage.connection.execute(
        ON_PAGE, {"holder": caller.holder, "id": block_id}
    ).fetchone()
    if found is None:
        raise not_found(request, "block", block_id)
    return found


def _find_parents(library: Library, ids: list[str]) -> set[str]:
    values = {"holder": library.caller.holder, "ids": json.dumps(ids)}
    rows = library.sandbox.storage.connection.execute(PARENTS, values).fetchall()
    return {row["parent"] for row in rows}


def _to_child(library: Library, row: Row) -> dict[str, Any]:
    """Return a page or a database as the block it is."""
    kind = CHILD_TYPES[row["kind"]]
    return {
        "object": "block",
        "id": row["id"],
        "parent": to_parent(library, row),
        **_to_moments(row, row),
        "has_children": bool(_find_parents(library, [row["id"]])),
        "in_trash": bool(row["in_trash"]),
        "type": kind,
        kind: {"title": row["title"]},
    }


def _to_moments(row: Row, owner: Row) -> dict[str, Any]:
    return {
        "created_time": to_iso(row["created"]),
        "last_edited_time": to_iso(row["edited"]),
        "created_by": to_partial(owner["created_by"]),
        "last_edited_by": to_partial(owner["edited_by"]),
    }


def to_block(library: Library, row: Row, *, has_children: bool) -> dict[str, Any]:
    """Return one block; pages and databases among them are told by their titles."""
    name = "page_id" if row["parent"] == row["page"] else "block_id"
    page = library.get(row["page"])
    if page is None:
        message = f"block {row['id']} is on no page"
        raise LookupError(message)
    return {
        "object": "block",
        "id": row["id"],
        "parent": {"type": name, name: row["parent"]},
        **_to_moments(row, page),
        "has_children": has_children,
        "in_trash": False,
        "type": row["type"],
        row["type"]: _to_content(row),
    }


def _to_content(row: Row) -> dict[str, Any]:
    """Write out what is particular to a type of block."""
    body = json.loads(row["body"])
    if row["type"] in CHILD_TYPES.values():
        return {"title": row["title"] or body.get("title", "")}
    if row["type"] == "table_row":
        return {"cells": [to_rich(cell) for cell in body["cells"]]}
    content = {name: value for name, value in body.items() if name != "text"}
    if "text" in body:
        content = {"rich_text": to_rich(body["text"]), "color": "default", **content}
    if "caption" in body:
        content["caption"] = to_rich(body["caption"])
    if isinstance(body.get("icon"), str):
        content["icon"] = {"type": "emoji", "emoji": body["icon"]}
    return content
