"""Write pages, databases and data sources out as the API shows them."""

import json
from typing import Any

from sandbox.core.state import Sandbox
from sandbox.core.storage import Row
from sandbox.notion.api.auth import Caller
from sandbox.notion.api.ids import to_iso, to_url
from sandbox.notion.api.people import to_partial
from sandbox.notion.api.values import TITLE, Definition, to_property, to_rich
from sandbox.notion.seed.workspaces import DATA_SOURCE, DATABASE, PAGE

HOUR_MS = 3_600_000
SOURCES = """
SELECT id, title AS name FROM notion_object
WHERE container = ? AND kind = 'data_source' AND in_trash = 0 ORDER BY key
"""
IN_ORDER = """
SELECT o.* FROM json_each(?) k JOIN notion_object o ON o.key = k.value ORDER BY k.key
"""


class Library:
    """Look objects up while one answer is made, each of them once."""

    def __init__(self, sandbox: Sandbox, caller: Caller) -> None:
        """Start with nothing looked up."""
        self.sandbox = sandbox
        self.caller = caller
        self._rows: dict[str, Row | None] = {}
        self._schemas: dict[str, list[Definition]] = {}

    def get(self, object_id: str) -> Row | None:
        """Return an object, whether the connection may see it or not."""
        if object_id not in self._rows:
            self._rows[object_id] = self.sandbox.storage.one(
                "SELECT * FROM notion_object WHERE id = ?", object_id
            )
        return self._rows[object_id]

    def get_schema(self, row: Row) -> list[Definition]:
        """Return the properties of a page: its data source's, or just a title."""
        above = self.get(row["container"])
        if above is None or above["kind"] != DATA_SOURCE:
            return [TITLE]
        if above["id"] not in self._schemas:
            self._schemas[above["id"]] = json.loads(above["body"])["schema"]
        return self._schemas[above["id"]]

    def read(self, keys: list[int]) -> list[Row]:
        """Return objects in the order of their keys in a list."""
        return self.sandbox.storage.all(IN_ORDER, json.dumps(keys))


def to_parent(library: Library, row: Row) -> dict[str, Any]:
    """Name what an object is in, as near as Notion names it."""
    if row["block"]:
        return {"type": "block_id", "block_id": row["block"]}
    above = library.get(row["container"])
    if above is None:
        odd: dict[str, Any] | None = json.loads(row["body"]).get("parent")
        return odd or {"type": "workspace", "workspace": True}
    name = f"{above['kind']}_id"
    parent = {"type": name, name: above["id"]}
    if above["kind"] == DATA_SOURCE:
        parent["database_id"] = above["container"]
    return parent


def to_moments(row: Row, owner: Row) -> dict[str, Any]:
    """Tell when something was made and edited, and by whom its owner was."""
    return {
        "created_time": to_iso(row["created"]),
        "last_edited_time": to_iso(row["edited"]),
        "created_by": to_partial(owner["created_by"]),
        "last_edited_by": to_partial(owner["edited_by"]),
    }


def to_object(
    library: Library, row: Row, names: frozenset[str] | None = None
) -> dict[str, Any]:
    """Return an object of any kind; names limit the properties of a page."""
    body = json.loads(row["body"])
    whole = {
        "object": row["kind"],
        "id": row["id"],
        **to_moments(row, row),
        "in_trash": bool(row["in_trash"]),
        "icon": _to_icon(library.sandbox, body.get("icon")),
        "cover": None,
        "parent": to_parent(library, row),
        "url": to_url(row["id"]),
        "public_url": body.get("public_url"),
    }
    if row["kind"] == PAGE:
        return whole | _to_page(library, row, body, names)
    whole |= {name: to_rich(body.get(name)) for name in ("title", "description")}
    whole["is_inline"] = bool(body.get("is_inline"))
    if row["kind"] == DATABASE:
        return whole | _to_database(library, row)
    return whole | _to_data_source(library, row, body)


def _to_icon(sandbox: Sandbox, kept: Any) -> dict[str, Any] | None:
    """Return an icon; an emoji is kept as such, a file's address ends in an hour."""
    if not kept:
        return None
    if isinstance(kept, str):
        return {"type": "emoji", "emoji": kept}
    if "file" in kept:
        end = to_iso(sandbox.now_ms + HOUR_MS)
        url = f"{kept['file']}?X-Amz-Expires=3600&X-Amz-Date={sandbox.now_ms}"
        return {"type": "file", "file": {"url": url, "expiry_time": end}}
    icon: dict[str, Any] = kept
    return icon


def _to_page(
    library: Library, row: Row, body: dict[str, Any], names: frozenset[str] | None
) -> dict[str, Any]:
    values = body.get("values", {})
    properties = {
        definition["name"]: to_property(
            library.caller, row, definition, values.get(definition["id"])
        )
        for definition in library.get_schema(row)
        if names is None or definition["id"] in names
    }
    is_archived = bool(row["is_archived"])
    return {"is_archived": is_archived, "is_locked": False, "properties": properties}


def _to_database(library: Library, row: Row) -> dict[str, Any]:
    """Return what only databases have: they are containers, without properties."""
    sources = library.sandbox.storage.all(SOURCES, row["id"])
    return {"is_locked": False, "data_sources": [dict(source) for source in sources]}


def _to_data_source(library: Library, row: Row, body: dict[str, Any]) -> dict[str, Any]:
    database = library.get(row["container"])
    return {
        "database_parent": to_parent(library, database) if database else None,
        "is_archived": bool(row["is_archived"]),
        "properties": {d["name"]: _to_definition(library, d) for d in body["schema"]},
    }


def _to_definition(library: Library, definition: Definition) -> dict[str, Any]:
    kind, config = definition["type"], dict(definition.get("config", {}))
    if "options" in config:
        config["options"] = [{**o, "description": None} for o in config["options"]]
    if kind == "relation":
        source = library.get(config["data_source_id"])
        config["database_id"] = source["container"] if source else None
    named = {name: definition[name] for name in ("id", "name", "type")}
    return {**named, "description": None, kind: config}
