"""Store what was written down in nodes."""

import json
import random
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox.notion.api.ids import get_luck, make_id, to_minute
from sandbox.notion.api.nodes import Block, Database, Node, Page, Source
from sandbox.notion.api.text import to_plain
from sandbox.notion.seed.workspaces import DATA_SOURCE, DATABASE, PAGE, Workspace

# Fixed moments, so that the same seed makes the same data on any day.
NEWEST = 1_793_491_200_000  # 2026-11-01
OLDEST = NEWEST - 2 * 365 * 86_400_000
OBJECT = (
    "INSERT INTO notion_object (workspace, id, kind, container, block, created, edited,"
    " created_by, edited_by, in_trash, is_archived, luck, title, body, indexed_at)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
BLOCK = "INSERT INTO notion_block VALUES (?, ?, ?, ?, ?, ?, ?, ?)"


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

    def add(self, node: Page | Database, place: Place | None = None) -> str:
        """Build a page or a database, and return its id."""
        place = place or Place()
        if isinstance(node, Page):
            return self._add_page(node, place)
        return self._add_database(node, place)

    def _add_page(self, node: Page, place: Place) -> str:
        page_id = node.id or make_id(self.rng)
        body: dict[str, Any] = {"values": {"title": node.title, **node.values}}
        title = to_plain(node.title)
        self._add_object(page_id, PAGE, place, node, title=title, body=body)
        self._add_blocks(page_id, page_id, node.inside)
        return page_id

    def _add_database(self, node: Database, place: Place) -> str:
        database_id = make_id(self.rng)
        body: dict[str, Any] = {"title": node.title, "description": node.description}
        title = to_plain(node.title)
        body |= _inline(node)
        self._add_object(database_id, DATABASE, place, node, title=title, body=body)
        inside = Place(container=database_id)
        for source in node.sources:
            self._add_source(node, source, inside)
        for database in node.databases:
            self._add_database(database, inside)
        return database_id

    def _add_source(self, database: Database, node: Source, place: Place) -> None:
        source_id = node.id or make_id(self.rng)
        body = {"title": node.title, "schema": node.schema, **_inline(database)}
        self._add_object(
            source_id, DATA_SOURCE, place, node, title=node.title, body=body
        )
        inside = Place(container=source_id)
        for row in node.rows:
            self._add_page(row, inside)

    def _add_object(
        self,
        object_id: str,
        kind: str,
        place: Place,
        node: Page | Database | Source,
        *,
        title: str,
        body: dict[str, Any],
    ) -> None:
        created, edited = self._draw_moments(getattr(node, "created", None))
        people = [person.id for person in self.workspace.people]
        author, editor = self.rng.choice(people), self.rng.choice(people)
        body |= {"icon": getattr(node, "icon", None), **getattr(node, "flags", {})}
        indexed_at = 0 if self.now is None else self.now + self.index_lag
        self.objects.append(
            (
                self.workspace.id,
                object_id,
                kind,
                place.container,
                place.block,
                created,
                edited,
                author,
                editor,
                int(getattr(node, "in_trash", False)),
                int(getattr(node, "is_archived", False)),
                get_luck(object_id),
                title,
                _dump(body),
                indexed_at,
            )
        )

    def _draw_moments(self, created: int | None) -> tuple[int, int]:
        if self.now is not None:
            return to_minute(self.now), to_minute(self.now)
        start = created or self.rng.randint(OLDEST, NEWEST - 86_400_000)
        return to_minute(start), to_minute(self.rng.randint(start, NEWEST))

    def _add_blocks(self, page: str, parent: str, nodes: Sequence[Node]) -> None:
        for position, node in enumerate(nodes):
            self._add_node(page, parent, position, node)

    def _add_node(self, page: str, parent: str, position: int, node: Node) -> None:
        created, edited = self._draw_moments(None)
        if isinstance(node, Block):
            block_id, kind, body = make_id(self.rng), node.type, node.body
            self._add_blocks(page, block_id, node.inside)
        else:
            place = Place(container=page, block="" if parent == page else parent)
            block_id, body = self.add(node, place), {}
            kind = "child_page" if isinstance(node, Page) else "child_database"
        row = (block_id, page, parent, position, kind, created, edited, _dump(body))
        self.blocks.append(row)

    def add_into(self, page: str, position: int, node: Node) -> None:
        """Build a node at the end of a page that is there already."""
        self._add_node(page, page, position, node)


def _inline(node: Database) -> dict[str, Any]:
    return {"is_inline": node.is_inline}


def _dump(body: dict[str, Any]) -> str:
    kept = {name: value for name, value in body.items() if value is not None}
    return json.dumps(kept, separators=(",", ":"), ensure_ascii=False)
