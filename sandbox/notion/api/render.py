"""Write pages, databases and data sources out as the API shows them."""

import json
from typing import TYPE_CHECKING, Any

from sandbox.core.storage import Row
from sandbox.notion.api.auth import Caller
from sandbox.notion.api.ids import to_iso, to_url
from sandbox.notion.api.people import to_partial
from sandbox.notion.api.text import to_rich
from sandbox.notion.api.values import TITLE, Definition, to_property
from sandbox.notion.seed.workspaces import DATA_SOURCE, DATABASE, PAGE

if TYPE_CHECKING:
    from sandbox.core.state import Sandbox


class Library:
    """Look objects up while one answer is made, each of them once."""

    def __init__(self, sandbox: "Sandbox", caller: Caller) -> None:
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


def read_rows(sandbox: "Sandbox", keys: list[int]) -> list[Row]:
    """Return objects in the order of their keys in a list."""
    return sandbox.storage.all(
        "SELECT o.* FROM json_each(?) k JOIN notion_object o ON o.key = k.value"
        " ORDER BY k.key",
        json.dumps(keys),
    )


def to_parent(library: Library, row: Row) -> dict[str, Any]:
    """Name what an object is in, as near as Notion names it."""
    if row["block"]:
        return {"type": "block_id", "block_id": row["block"]}
    above = library.get(row["container"])
    if above is None:
        odd: dict[str, Any] | None = json.loads(row["body"]).get("parent")
        return odd or {"type": "workspace", "workspace": True}
    kind, above_id = above["kind"], above["id"]
    if kind == DATA_SOURCE:
        parent = {"type": "data_source_id", "data_source_id": above_id}
        return {**parent, "database_id": above["container"]}
    name = "page_id" if kind == PAGE else "database_id"
    return {"type": name, name: above_id}


def to_object(
    library: Library, row: Row, names: frozenset[str] | None = None
) -> dict[str, Any]:
    """Return an object of any kind; names limit the properties of a page."""
    if row["kind"] == PAGE:
        return to_page(library, row, names)
    if row["kind"] == DATABASE:
        return to_database(library, row)
    return to_data_source(library, row)


def _to_common(library: Library, row: Row, body: dict[str, Any]) -> dict[str, Any]:
    return {
        "object": row["kind"],
        "id": row["id"],
        "created_time": to_iso(row["created"]),
        "last_edited_time": to_iso(row["edited"]),
        "created_by": to_partial(row["created_by"]),
        "last_edited_by": to_partial(row["edited_by"]),
        "in_trash": bool(row["in_trash"]),
        "icon": to_icon(library.sandbox, body.get("icon")),
        "cover": body.get("cover"),
        "parent": to_parent(library, row),
        "url": to_url(row["id"]),
        "public_url": body.get("public_url"),
    }


def to_icon(sandbox: "Sandbox", kept: Any) -> dict[str, Any] | None:
    """Return an icon; an emoji is kept as such, a file's address ends in an hour."""
    if not kept:
        return None
    if isinstance(kept, str):
        return {"type": "emoji", "emoji": kept}
    if "file" in kept:
        end = to_iso(sandbox.now_ms + 3_600_000)
        url = f"{kept['file']}?X-Amz-Expires=3600&X-Amz-Date={sandbox.now_ms}"
        return {"type": "file", "file": {"url": url, "expiry_time": end}}
    icon: dict[str, Any] = kept
    return icon


def to_page(
    library: Library, row: Row, names: frozenset[str] | None = None
) -> dict[str, Any]:
    """Return a page."""
    body = json.loads(row["body"])
    values = body.get("values", {})
    properties = {
        definition["name"]: to_property(
            library.caller, row, definition, values.get(definition["id"])
        )
        for definition in library.get_schema(row)
        if names is None or definition["id"] in names
    }
    return {
        **_to_common(library, row, body),
        "is_archived": bool(row["is_archived"]),
        "is_locked": bool(body.get("is_locked")),
        "properties": properties,
    }


def to_database(library: Library, row: Row) -> dict[str, Any]:
    """Return a database: the container, without any properties."""
    body = json.loads(row["body"])
    sources = library.sandbox.storage.all(
        "SELECT id, title FROM notion_object WHERE container = ? AND kind = ?"
        " AND in_trash = 0 ORDER BY key",
        row["id"],
        DATA_SOURCE,
    )
    return {
        **_to_common(library, row, body),
        "title": to_rich(body.get("title")),
        "description": to_rich(body.get("description")),
        "is_inline": bool(body.get("is_inline")),
        "is_locked": bool(body.get("is_locked")),
        "data_sources": [{"id": s["id"], "name": s["title"]} for s in sources],
    }


def to_data_source(library: Library, row: Row) -> dict[str, Any]:
    """Return a data source with its schema."""
    body = json.loads(row["body"])
    database = library.get(row["container"])
    above = to_parent(library, database) if database is not None else None
    return {
        **_to_common(library, row, body),
        "title": to_rich(body.get("title")),
        "description": to_rich(body.get("description")),
        "database_parent": above,
        "is_inline": bool(body.get("is_inline")),
        "is_archived": bool(row["is_archived"]),
        "properties": {d["name"]: to_definition(d) for d in body["schema"]},
    }


def to_definition(definition: Definition) -> dict[str, Any]:
    """Return the definition of one property."""
    return {
        "id": definition["id"],
        "name": definition["name"],
        "description": None,
        "type": definition["type"],
        definition["type"]: definition.get("config", {}),
    }
