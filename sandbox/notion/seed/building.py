"""Store in rows what was kept in nodes."""

import json
import random
import sqlite3
import uuid
import zlib
from dataclasses import dataclass
from typing import Any

from sandbox.core.times import DAY_MS
from sandbox.notion.seed.nodes import Node, to_plain
from sandbox.notion.seed.workspaces import KINDS, PAGE, Workspace

# Fixed moments, so that the same seed makes the same data on any day.
NEWEST = 1_793_491_200_000  # 2026-11-01
OLDEST = NEWEST - 2 * 365 * DAY_MS
OBJECT = """
INSERT INTO notion_object (workspace, id, kind, container, block, created, edited,
    created_by, edited_by, in_trash, is_archived, luck, title, body, indexed_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
# A block comes after those that are in its parent already.
BLOCK = """
INSERT INTO notion_block
SELECT :id, :page, :parent, COALESCE(MAX(position), -1) + 1, :type, :created, :edited,
    :body FROM notion_block WHERE parent = :parent
"""


def make_id(rng: random.Random) -> str:
    """Draw an id."""
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


def to_minute(milliseconds: int) -> int:
    """Forget seconds, as Notion does."""
    return milliseconds - milliseconds % 60_000


@dataclass(frozen=True, kw_only=True)
class Builder:
    """Store nodes with all that is inside them, long ago or at a moment."""

    connection: sqlite3.Connection
    workspace: Workspace
    rng: random.Random
    now: int | None = None
    index_lag: int = 0

    def add(self, node: Node, container: str = "", block: str = "") -> str:
        """Store an object, and return its id."""
        about = dict(node.about)
        node_id = about.pop("id", None) or make_id(self.rng)
        moments = self._draw_moments(about.pop("created", None))
        people = [person.id for person in self.workspace.people]
        authors = (self.rng.choice(people), self.rng.choice(people))
        flags = [about.pop(name, False) for name in ("in_trash", "is_archived")]
        title = about.get("title", "")
        if node.kind == PAGE:
            about.pop("title", None)
            about["values"] = {"title": title, **about.get("values", {})}
        # A number below a hundred that the id keeps for ever.
        luck = zlib.crc32(node_id.encode()) % 100
        indexed_at = 0 if self.now is None else self.now + self.index_lag
        place = (self.workspace.id, node_id, node.kind, container, block)
        words = (luck, to_plain(title), _dump(about), indexed_at)
        self.connection.execute(OBJECT, (*place, *moments, *authors, *flags, *words))
        for inner in node.inside:
            if node.kind == PAGE:
                self.add_into(node_id, inner)
            else:
                self.add(inner, node_id)
        return node_id

    def add_into(self, page: str, node: Node, parent: str = "") -> str:
        """Store a node at the end of a page, or of a block on it; return its id."""
        created, edited = self._draw_moments()
        block = {"page": page, "parent": parent or page}
        block |= {"created": created, "edited": edited}
        if node.kind in KINDS:
            node_id = self.add(node, page, parent)
            block |= {"type": f"child_{node.kind}", "body": "{}"}
        else:
            node_id = make_id(self.rng)
            block |= {"type": node.kind, "body": _dump(node.about)}
            for inner in node.inside:
                self.add_into(page, inner, node_id)
        self.connection.execute(BLOCK, {"id": node_id, **block})
        return node_id

    def _draw_moments(self, created: int | None = None) -> tuple[int, int]:
        if self.now is not None:
            return to_minute(self.now), to_minute(self.now)
        start = created or self.rng.randint(OLDEST, NEWEST - DAY_MS)
        return to_minute(start), to_minute(self.rng.randint(start, NEWEST))


def _dump(body: dict[str, Any]) -> str:
    kept = {name: value for name, value in body.items() if value is not None}
    return json.dumps(kept, separators=(",", ":"), ensure_ascii=False)
