"""Show blocks and their children one level at a time, and whole pages as Markdown."""

import json
from typing import Any

from sandbox.core.state import Sandbox
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
from sandbox.notion.api.dialect import Outline
from sandbox.notion.api.errors import malformed, not_found
from sandbox.notion.api.paging import read_page_query, refuse_unknown
from sandbox.notion.api.render import Library, to_moments, to_parent
from sandbox.notion.api.values import to_rich
from sandbox.notion.seed.workspaces import DATABASE, PAGE, SLUG

MOST_UNKNOWN = 100
# Blocks, less the pages and databases that are not shared or lie in the trash.
SHOWN = """
FROM notion_block b LEFT JOIN notion_object o ON o.id = b.id
WHERE (o.id IS NULL OR o.in_trash = 0 AND EXISTS (
    SELECT 1 FROM notion_visible v WHERE v.holder = :holder AND v.key = o.key))
"""
BLOCKS = f"""
SELECT b.*, o.title, (SELECT s.id FROM notion_object s WHERE s.container = o.id
    AND s.kind = 'data_source' AND s.in_trash = 0 ORDER BY s.key) AS source {SHOWN}
"""  # noqa: S608 - only this module's own words go in
BELOW = f"{BLOCKS} AND b.parent = :parent ORDER BY b.position LIMIT :n OFFSET :offset"
ON_PAGE = f"{BLOCKS} AND b.page = :page ORDER BY b.position"
PARENTS = f"""
SELECT DISTINCT b.parent {SHOWN} AND b.parent IN (SELECT value FROM json_each(:ids))
"""  # noqa: S608 - only this module's own words go in
ONE = f"""
{BLOCKS} AND b.id = :id AND EXISTS (
    SELECT 1 FROM notion_visible v JOIN notion_object page ON page.key = v.key
    WHERE v.holder = :holder AND page.id = b.page)
"""  # noqa: S608 - only this module's own words go in


def _run(sandbox: Sandbox, caller: Caller, sql: str, **values: Any) -> list[Row]:
    values["holder"] = caller.holder
    return sandbox.storage.connection.execute(sql, values).fetchall()


@api(READ)
def show_block(sandbox: Sandbox, request: Request, caller: Caller) -> Response:
    """Return one block; a page and a database are blocks as well."""
    block_id = read_path_id(request, "block")
    library = Library(sandbox, caller)
    parents = _find_parents(library, [block_id])
    whole = find_visible(sandbox, caller, block_id, PAGE, DATABASE)
    if whole is not None:
        return answer(request, _to_child(library, whole, parents))
    row = _find_block(sandbox, request, caller, block_id)
    return answer(request, _to_block(library, row, parents))


@api(READ)
def list_children(sandbox: Sandbox, request: Request, caller: Caller) -> Response:
    """List the blocks directly inside a block or a page."""
    parent = read_path_id(request, "block")
    if find_visible(sandbox, caller, parent, PAGE, DATABASE) is None:
        _find_block(sandbox, request, caller, parent)
    page = read_page_query(request, f"children:{parent}")
    part = {"parent": parent, "n": page.size + 1, "offset": page.offset}
    rows = _run(sandbox, caller, BELOW, **part)
    library, shown = Library(sandbox, caller), rows[: page.size]
    parents = _find_parents(library, [row["id"] for row in shown])
    results = [_to_block(library, row, parents) for row in shown]
    return page.answer(results, "block", has_more=len(rows) > page.size)


@api(READ)
def show_markdown(sandbox: Sandbox, request: Request, caller: Caller) -> Response:
    """Return the text of a page, or of one block when its id is given instead."""
    root = read_path_id(request, "page")
    transcript = _read_transcript(request)
    page = find_visible(sandbox, caller, root, PAGE)
    block = None if page else _find_block(sandbox, request, caller, root)
    page_id = block["page"] if block else root
    rows = _run(sandbox, caller, ON_PAGE, page=page_id)
    most = sandbox.switches.get(SLUG, "markdown_blocks", caller.workspace)
    outline = Outline(page_id, rows, most=most, with_transcript=transcript)
    lines = outline.write_one(block) if block else outline.write_inside(root)
    found = {
        "object": "page_markdown",
        "id": root,
        "markdown": "".join(f"{line}\n" for line in lines),
        "truncated": bool(outline.unknown),
        "unknown_block_ids": outline.unknown[:MOST_UNKNOWN],
    }
    return answer(request, found)


def _read_transcript(request: Request) -> bool:
    refuse_unknown(request, "query", request.query, ("include_transcript",))
    value = request.query.get("include_transcript", "false")
    if value not in ("true", "false"):
        raise malformed(request, "query.include_transcript", "should be a boolean")
    return value == "true"


def _find_block(
    sandbox: Sandbox, request: Request, caller: Caller, block_id: str
) -> Row:
    """Return a block on a page the connection may see, or refuse."""
    found = _run(sandbox, caller, ONE, id=block_id)
    if not found:
        raise not_found(request, "block", block_id)
    return found[0]


def _find_parents(library: Library, ids: list[str]) -> set[str]:
    """Return those of some blocks that have anything to show inside."""
    rows = _run(library.sandbox, library.caller, PARENTS, ids=json.dumps(ids))
    return {row["parent"] for row in rows}


def _to_block(library: Library, row: Row, parents: set[str]) -> dict[str, Any]:
    """Return one block; pages and databases among them are told by their titles."""
    name = "page_id" if row["parent"] == row["page"] else "block_id"
    page = library.get(row["page"])
    if page is None:
        message = f"block {row['id']} is on no page"
        raise LookupError(message)
    parent = {"type": name, name: row["parent"]}
    return _describe(row, row["type"], _to_content(row), parents) | {
        **to_moments(row, page),
        "parent": parent,
        "in_trash": False,
    }


def _to_child(library: Library, row: Row, parents: set[str]) -> dict[str, Any]:
    """Return a page or a database as the block it is."""
    content = {"title": row["title"]}
    return _describe(row, f"child_{row['kind']}", content, parents) | {
        **to_moments(row, row),
        "parent": to_parent(library, row),
        "in_trash": bool(row["in_trash"]),
    }


def _describe(
    row: Row, kind: str, content: dict[str, Any], parents: set[str]
) -> dict[str, Any]:
    has_children = row["id"] in parents
    found = {"object": "block", "id": row["id"], "has_children": has_children}
    return {**found, "type": kind, kind: content}


def _to_content(row: Row) -> dict[str, Any]:
    """Write out what is particular to a type of block."""
    body = json.loads(row["body"])
    match row["type"]:
        case "child_page" | "child_database":
            return {"title": row["title"] or body.get("title", "")}
        case "table_row":
            return {"cells": [to_rich(cell) for cell in body["cells"]]}
        case "synced_block":
            return {"synced_from": None}
        case "meeting_notes":
            return {"title": to_rich(body["title"]), "status": "notes_ready"}
        case "unsupported":
            return {"block_type": "form"}
    if "text" in body:
        text = to_rich(body.pop("text"))
        body = {"rich_text": text, "color": "default", **body}
    if "caption" in body:
        body["caption"] = to_rich(body["caption"])
    if isinstance(body.get("icon"), str):
        body["icon"] = {"type": "emoji", "emoji": body["icon"]}
    return body
