"""Keep pages, databases and blocks as people see them, nested, and store them in rows.

A piece of text is a string, or an object with one of `t` (text), `user`, `date`, `eq`
(equation); beside `t` may stand `link` and any annotation.
"""

import json
import random
import uuid
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.core.storage import Storage
from sandbox.core.times import DAY_MS, NEWEST
from sandbox.notion.seed.workspaces import KINDS, PAGE, Workspace

Piece = str | dict[str, Any]
Text = str | Sequence[Piece]
SHOWN = ("t", "eq", "date", "shown")
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


def to_pieces(text: Text | None) -> Sequence[Piece]:
    return [text] if text and isinstance(text, str) else text or ()


def to_plain(text: Text | None) -> str:
    wholes = (({"t": p} if isinstance(p, str) else p) for p in to_pieces(text))
    return "".join(next(str(w[name]) for name in SHOWN if name in w) for w in wholes)


@dataclass(frozen=True)
class Node:
    """A block or an object: its kind, what is known of it, and what is inside it."""

    kind: str
    about: dict[str, Any]
    inside: "Iterable[Node]" = ()


def p(text: Text) -> Node:
    return Node("paragraph", {"text": text})


def make_page(title: Text, inside: Iterable[Node] = (), **about: Any) -> Node:
    return Node(PAGE, {"title": title, **about}, inside)


def read(
    written: Iterable[list[Any]], made: Mapping[str, Iterable[Node]]
) -> Iterator[Node]:
    """Read lists of a kind, a text or all about it, and what is inside.

    The kind `all` stands for nodes that were made.
    """
    for kind, head, *inside in written:
        if kind == "all":
            yield from made[head]
            continue
        name = "title" if kind == PAGE else "text"
        about = head if isinstance(head, dict) else {name: head}
        if kind.startswith("heading_"):
            about["is_toggleable"] = False
        yield Node(kind, about, read(inside, made))


def make_id(rng: random.Random) -> str:
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


def to_minute(milliseconds: int) -> int:
    """Forget seconds, as Notion does."""
    return milliseconds - milliseconds % 60_000


@dataclass(frozen=True, kw_only=True)
class Builder:
    """Store nodes with all that is inside them, long ago or at a moment."""

    storage: Storage
    workspace: Workspace
    rng: random.Random
    now: int | None = None
    lag: int = 0

    def add(self, node: Node, container: str = "", block: str = "") -> str:
        about = dict(node.about)
        node_id = about.pop("id", None) or make_id(self.rng)
        moments = self._draw_moments(about.pop("created", None))
        people = [user.id for user in self.workspace.people]
        authors = (self.rng.choice(people), self.rng.choice(people))
        flags = [about.pop(name, False) for name in ("in_trash", "is_archived")]
        title = about.get("title", "")
        if node.kind == PAGE:
            about.pop("title", None)
            about["values"] = {"title": title, **about.get("values", {})}
        # A number below a hundred that the id keeps for ever.
        luck = zlib.crc32(node_id.encode()) % 100
        indexed_at = 0 if self.now is None else self.now + self.lag
        place = (self.workspace.id, node_id, node.kind, container, block)
        words = (luck, to_plain(title), _dump(about), indexed_at)
        self.storage.run(OBJECT, *place, *moments, *authors, *flags, *words)
        for inner in node.inside:
            if node.kind == PAGE:
                self.add_into(node_id, inner)
            else:
                self.add(inner, node_id)
        return node_id

    def add_into(self, page: str, node: Node, parent: str = "") -> str:
        """Store a node at the end of a page, or of a block on it; return its id."""
        created, edited = self._draw_moments()
        kind, body = node.kind, node.about
        if kind in KINDS:
            node_id = self.add(node, page, parent)
            kind, body = f"child_{kind}", {}
        else:
            node_id = make_id(self.rng)
            for inner in node.inside:
                self.add_into(page, inner, node_id)
        names = {"id": node_id, "page": page, "parent": parent or page, "type": kind}
        moments = {"created": created, "edited": edited}
        self.storage.run(BLOCK, **names, **moments, body=_dump(body))
        return node_id

    def _draw_moments(self, created: int | None = None) -> tuple[int, int]:
        if self.now is not None:
            return to_minute(self.now), to_minute(self.now)
        start = created or self.rng.randint(OLDEST, NEWEST - DAY_MS)
        return to_minute(start), to_minute(self.rng.randint(start, NEWEST))


def _dump(body: dict[str, Any]) -> str:
    kept = {name: value for name, value in body.items() if value is not None}
    return json.dumps(kept, separators=(",", ":"), ensure_ascii=False)
