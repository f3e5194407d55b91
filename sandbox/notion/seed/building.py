"""Store in rows what was kept in nodes."""

import json
import random
import sqlite3
import uuid
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sandbox.notion.seed.nodes import Block, Item, Node, to_plain
from sandbox.notion.seed.workspaces import PAGE, Workspace

# Fixed moments, so that the same seed makes the same data on any day.
NEWEST = 1_793_491_200_000  # 2026-11-01
DAY_MS, MINUTE_MS = 86_400_000, 60_000
OLDEST = NEWEST - 2 * 365 * DAY_MS
OBJECT = (
    "INSERT INTO notion_object (workspace, id, kind, container, block, created, edited,"
    " created_by, edited_by, in_trash, is_archived, luck, title, body, indexed_at)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
BLOCK = "INSERT INTO notion_block VALUES (?, ?, ?, ?, ?, ?, ?, ?)"


def make_id(rng: random.Random) -> str:
    """Draw an id."""
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


def get_luck(object_id: str) -> int:
    """Return a number below a hundred that an id keeps for ever."""
    return zlib.crc32(object_id.encode()) % 100


def to_minute(milliseconds: int) -> int:
    """Forget seconds, as Notion does."""
    return milliseconds - milliseconds % MINUTE_MS


@dataclass(frozen=True, kw_only=True)
class Place:
    """Say where something is put: in which object, and in which block of it."""

    container: str = ""
    block: str = ""


@dataclass(kw_only=True)
class Builder:
    """Turn nodes into rows, which are stored all at once."""

    workspace: Workspace
    rng: random.Random
    now: int | None = None
    index_lag: int = 0
    objects: list[tuple[Any, ...]] = field(default_factory=list)
    blocks: list[tuple[Any, ...]] = field(default_factory=list)

    def store(self, connection: sqlite3.Connection) -> None:
        """Store everything built so far."""
        connection.executemany(OBJECT, self.objects)
        connection.executemany(BLOCK, self.blocks)
        self.objects.clear()
        self.blocks.clear()

    def add(self, item: Item, place: Place | None = None) -> str:
        """Build an object with everything inside it, and return its id."""
        item_id = item.id or make_id(self.rng)
        self._add_object(item_id, item, place or Place())
        if item.kind == PAGE:
            self._add_blocks(item_id, item_id, item.inside)
            return item_id
        for inner in item.inside:
            if isinstance(inner, Item):
                self.add(inner, Place(container=item_id))
        return item_id

    def add_into(self, page: str, position: int, node: Node) -> None:
        """Build a node at the end of a page that is there already."""
        self._add_node(page, page, position, node)

    def _add_object(self, item_id: str, item: Item, place: Place) -> None:
        moments = self._draw_moments(item.created)
        people = [person.id for person in self.workspace.people]
        self.objects.append(
            (
                self.workspace.id,
                item_id,
                item.kind,
                place.container,
                place.block,
                *moments,
                *(self.rng.choice(people), self.rng.choice(people)),
                item.in_trash,
                item.is_archived,
                get_luck(item_id),
                to_plain(item.title),
                _dump(item.to_body()),
                0 if self.now is None else self.now + self.index_lag,
            )
        )

    def _draw_moments(self, created: int | None = None) -> tuple[int, int]:
        if self.now is not None:
            return to_minute(self.now), to_minute(self.now)
        start = created or self.rng.randint(OLDEST, NEWEST - DAY_MS)
        return to_minute(start), to_minute(self.rng.randint(start, NEWEST))

    def _add_blocks(self, page: str, parent: str, nodes: Iterable[Node]) -> None:
        for position, node in enumerate(nodes):
            self._add_node(page, parent, position, node)

    def _add_node(self, page: str, parent: str, position: int, node: Node) -> None:
        moments = self._draw_moments()
        if isinstance(node, Block):
            block_id, kind, body = make_id(self.rng), node.type, node.body
            self._add_blocks(page, block_id, node.inside)
        else:
            place = Place(container=page, block="" if parent == page else parent)
            block_id, kind, body = self.add(node, place), f"child_{node.kind}", {}
        row = (block_id, page, parent, position, kind, *moments, _dump(body))
        self.blocks.append(row)


def _dump(body: dict[str, Any]) -> str:
    kept = {name: value for name, value in body.items() if value is not None}
    return json.dumps(kept, separators=(",", ":"), ensure_ascii=False)
