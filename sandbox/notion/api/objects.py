"""Show pages, databases and data sources, and what a page cuts off."""

import json
from typing import Any
from urllib.parse import unquote

from sandbox.core.serving.web import Response
from sandbox.core.state import Handler
from sandbox.core.storage import Row
from sandbox.core.times import to_iso
from sandbox.notion.api.calls import READ, Call, api
from sandbox.notion.api.errors import not_found
from sandbox.notion.api.paging import read_page
from sandbox.notion.api.people import to_partial
from sandbox.notion.api.values import (
    LISTED,
    TITLE,
    Definition,
    to_property,
    to_rich,
    to_url,
    to_value,
)
from sandbox.notion.seed.workspaces import DATA_SOURCE, DATABASE, PAGE

HOUR_MS = 3_600_000
SOURCES = """
SELECT id, title AS name FROM notion_object
WHERE container = :database AND kind = 'data_source' AND in_trash = 0 ORDER BY key
"""


def show(kind: str) -> Handler:
    return api(READ)(lambda call: call.answer(to_object(call, call.get_visible(kind))))


@api(READ)
def show_property(call: Call) -> Response:
    """Return one property, whole: a list for the types that can be long."""
    row, wanted = call.get_visible(PAGE), call.request.params["property"]
    schema = _get_schema(call, row)
    found = next((d for d in schema if unquote(d["id"]) == wanted), None)
    if found is None:
        raise not_found("property", wanted)
    kept = json.loads(row["body"]).get("values", {}).get(found["id"])
    kind, value = found["type"], to_value(call, row, found, kept)
    named = {"id": found["id"], "type": kind}
    item: dict[str, Any] = {"object": "property_item", **named}
    if kind not in LISTED:
        return call.answer({**item, kind: value})
    listing = f"property:{row['id']}:{found['id']}"
    page = read_page(call.request, call.request.query, listing)
    own = {**named, "next_url": None, kind: {}}
    whole = [{**item, kind: one} for one in value]
    return page.cut(whole, "property_item", property_item=own)


def _get_schema(call: Call, row: Row) -> list[Definition]:
    above = call.get(row["container"])
    if above is None or above["kind"] != DATA_SOURCE:
        return [TITLE]
    schema: list[Definition] = json.loads(above["body"])["schema"]
    return schema


def to_parent(call: Call, row: Row) -> dict[str, Any]:
    if row["block"]:
        return {"type": "block_id", "block_id": row["block"]}
    above = call.get(row["container"])
    if above is None:
        odd: dict[str, Any] | None = json.loads(row["body"]).get("parent")
        return odd or {"type": "workspace", "workspace": True}
    name = f"{above['kind']}_id"
    parent = {"type": name, name: above["id"]}
    if above["kind"] == DATA_SOURCE:
        parent["database_id"] = above["container"]
    return parent


def to_moments(row: Row, owner: Row) -> dict[str, Any]:
    return {
        "created_time": to_iso(row["created"]),
        "last_edited_time": to_iso(row["edited"]),
        "created_by": to_partial(owner["created_by"]),
        "last_edited_by": to_partial(owner["edited_by"]),
    }


def to_object(call: Call, row: Row) -> dict[str, Any]:
    body, kind = json.loads(row["body"]), row["kind"]
    whole = {
        "object": kind,
        "id": row["id"],
        **to_moments(row, row),
        "in_trash": bool(row["in_trash"]),
        "icon": _to_icon(call, body.get("icon")),
        "cover": None,
        "parent": to_parent(call, row),
        "url": to_url(row["id"]),
        "public_url": body.get("public_url"),
    }
    if kind != PAGE:
        whole |= {name: to_rich(body.get(name)) for name in ("title", "description")}
        whole["is_inline"] = bool(body.get("is_inline"))
    if kind != DATABASE:
        whole["is_archived"] = bool(row["is_archived"])
    if kind != DATA_SOURCE:
        whole["is_locked"] = False
    if kind == PAGE:
        schema, values = _get_schema(call, row), body.get("values", {})
        shown = {
            d["name"]: to_property(call, row, d, values.get(d["id"])) for d in schema
        }
        return {**whole, "properties": shown}
    if kind == DATABASE:
        # It is told who made a page or a data source, not who made what holds one.
        del whole["created_by"], whole["last_edited_by"]
        sources = call.run(SOURCES, database=row["id"])
        return {**whole, "data_sources": [dict(source) for source in sources]}
    database, schema = call.get(row["container"]), body["schema"]
    whole["database_parent"] = to_parent(call, database) if database else None
    return {**whole, "properties": {d["name"]: _to_definition(call, d) for d in schema}}


def _to_icon(call: Call, kept: Any) -> Any:
    if isinstance(kept, str):
        return {"type": "emoji", "emoji": kept} if kept else None
    if not kept or "file" not in kept:
        return kept
    now = call.sandbox.now_ms
    url = f"{kept['file']}?X-Amz-Expires=3600&X-Amz-Date={now}"
    file = {"url": url, "expiry_time": to_iso(now + HOUR_MS)}
    return {"type": "file", "file": file}


def _to_definition(call: Call, definition: Definition) -> dict[str, Any]:
    kind, config = definition["type"], dict(definition.get("config", {}))
    if "options" in config:
        config["options"] = [{**o, "description": None} for o in config["options"]]
    if kind == "relation":
        source = call.get(config["data_source_id"])
        config["database_id"] = source["container"] if source else None
    named = {name: definition[name] for name in ("id", "name", "type")}
    return {**named, "description": None, kind: config}
