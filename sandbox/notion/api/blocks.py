"""Show blocks and their children one level at a time, and whole pages as Markdown."""

import json
from collections.abc import Collection
from typing import Any

from sandbox.core.serving.web import Response
from sandbox.core.storage import Row
from sandbox.notion.api.calls import READ, Call, api
from sandbox.notion.api.dialect import Outline
from sandbox.notion.api.errors import not_found
from sandbox.notion.api.objects import to_moments, to_parent
from sandbox.notion.api.paging import read_page
from sandbox.notion.api.values import to_rich
from sandbox.notion.seed.workspaces import DATABASE, PAGE

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


@api(READ)
def show_block(call: Call) -> Response:
    block_id = call.read_id("block")
    parents = _find_parents(call, [block_id])
    whole = call.find(block_id, PAGE, DATABASE)
    if whole is None:
        return call.answer(_to_block(call, _find_block(call, block_id), parents))
    kind, title = f"child_{whole['kind']}", {"title": whole["title"]}
    more = {"parent": to_parent(call, whole), "in_trash": bool(whole["in_trash"])}
    shown = {**_describe(whole, parents), "type": kind, kind: title}
    return call.answer({**shown, **to_moments(whole, whole), **more})


@api(READ)
def list_children(call: Call) -> Response:
    parent = call.read_id("block")
    if call.find(parent, PAGE, DATABASE) is None:
        _find_block(call, parent)
    page = read_page(call.request, call.request.query, f"children:{parent}")
    rows = call.run(BELOW, parent=parent, n=page.size + 1, offset=page.offset)
    shown = rows[: page.size]
    parents = _find_parents(call, [row["id"] for row in shown])
    results = [_to_block(call, row, parents) for row in shown]
    return page.answer(results, "block", has_more=len(rows) > page.size)


@api(READ)
def show_markdown(call: Call) -> Response:
    """Return the text of a page, or of one block when its id is given instead."""
    root = call.read_id("page")
    block = None if call.find(root, PAGE) else _find_block(call, root)
    page_id = block["page"] if block else root
    rows, most = call.run(ON_PAGE, page=page_id), call.switch("markdown_blocks")
    outline = Outline(page_id, rows, most=most)
    lines = outline.write_one(block) if block else outline.write_inside(root)
    found = {
        "object": "page_markdown",
        "id": root,
        "markdown": "".join(f"{line}\n" for line in lines),
        "truncated": outline.is_cut,
        "unknown_block_ids": outline.unknown[:MOST_UNKNOWN],
    }
    return call.answer(found)


def _find_block(call: Call, block_id: str) -> Row:
    found = call.run(ONE, id=block_id)
    if not found:
        raise not_found("block", block_id)
    return found[0]


def _find_parents(call: Call, ids: list[str]) -> set[str]:
    return {row["parent"] for row in call.run(PARENTS, ids=json.dumps(ids))}


def _describe(row: Row, parents: Collection[str]) -> dict[str, Any]:
    return {"object": "block", "id": row["id"], "has_children": row["id"] in parents}


def _to_block(call: Call, row: Row, parents: Collection[str]) -> dict[str, Any]:
    name = "page_id" if row["parent"] == row["page"] else "block_id"
    (page,) = call.run("SELECT * FROM notion_object WHERE id = :id", id=row["page"])
    return {
        **_describe(row, parents),
        "type": row["type"],
        row["type"]: _to_content(row),
        **to_moments(row, page),
        "parent": {"type": name, name: row["parent"]},
        "in_trash": False,
    }


def _to_content(row: Row) -> dict[str, Any]:
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
        body["rich_text"] = to_rich(body.pop("text"))
        if row["type"] != "code":
            body.setdefault("color", "default")
    if "caption" in body:
        body["caption"] = to_rich(body["caption"])
    if isinstance(body.get("icon"), str):
        body["icon"] = {"type": "emoji", "emoji": body["icon"]}
    return body
