"""Keep pages, databases and blocks as people see them, nested; and their texts, short.

A piece of text is a string, or an object with one of `t` (text), `user`, `page`,
`date`, `eq` (equation); beside `t` may stand `link` and any annotation.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from sandbox.notion.seed.workspaces import DATA_SOURCE, DATABASE, PAGE

Piece = str | dict[str, Any]
Text = str | Sequence[Piece]


def to_pieces(text: Text | None) -> list[Piece]:
    """Return the pieces of a text, whichever way it is kept."""
    if not text:
        return []
    return [text] if isinstance(text, str) else list(text)


def to_plain(text: Text | None) -> str:
    """Return what people read."""
    return "".join(_read_piece(piece) for piece in to_pieces(text))


def _read_piece(piece: Piece) -> str:
    if isinstance(piece, str):
        return piece
    shown = (piece[name] for name in ("t", "eq", "date", "shown") if name in piece)
    return str(next(shown, "Untitled"))


@dataclass(kw_only=True)
class Block:
    """Hold one block and what is inside it."""

    type: str
    body: dict[str, Any] = field(default_factory=dict)
    inside: "Iterable[Node]" = ()


@dataclass(kw_only=True)
class Item:
    """Hold what has an address of its own, with what is inside it."""

    kind: ClassVar[str]
    title: Text = ""
    icon: Any = None
    inside: "Iterable[Node]" = ()
    flags: dict[str, Any] = field(default_factory=dict)
    id: str = ""
    in_trash: bool = False
    is_archived: bool = False
    created: int | None = None

    def to_body(self) -> dict[str, Any]:
        """Return what is stored beside the columns of the table."""
        return {"icon": self.icon, **self.flags, **self._get_own()}

    def _get_own(self) -> dict[str, Any]:
        return {"title": self.title}


@dataclass(kw_only=True)
class Page(Item):
    """Hold one page; a row of a data source has values beside its title."""

    kind = PAGE
    values: dict[str, Any] = field(default_factory=dict)

    def _get_own(self) -> dict[str, Any]:
        return {"values": {"title": self.title, **self.values}}


@dataclass(kw_only=True)
class Source(Item):
    """Hold one data source: its columns, and its rows inside."""

    kind = DATA_SOURCE
    schema: list[dict[str, Any]]
    is_inline: bool = False

    def _get_own(self) -> dict[str, Any]:
        more = {"schema": self.schema, "is_inline": self.is_inline}
        return {"title": self.title, **more}


@dataclass(kw_only=True)
class Database(Item):
    """Hold one database: its sources inside, and in a wiki other databases."""

    kind = DATABASE
    description: Text = ""
    is_inline: bool = False

    def _get_own(self) -> dict[str, Any]:
        more = {"description": self.description, "is_inline": self.is_inline}
        return {"title": self.title, **more}


Node = Block | Item


def p(text: Text) -> Block:
    """Make a paragraph."""
    return Block(type="paragraph", body={"text": text})


def read_page(written: list[Any]) -> Page:
    """Read a page: its title or everything about it, and what is inside."""
    _, head, *inside = written
    about = head if isinstance(head, dict) else {"title": head}
    return Page(**about, inside=read_all(inside))


def read_all(written: Iterable[list[Any]]) -> list[Node]:
    """Read nodes: lists that begin with a type; `lines` are many paragraphs."""
    found: list[Node] = []
    for entry in written:
        if entry[0] == "lines":
            found += [p(line) for line in entry[1]]
        else:
            found.append(read_page(entry) if entry[0] == PAGE else _read_block(entry))
    return found


def _read_block(written: list[Any]) -> Block:
    kind, head, *inside = written if len(written) > 1 else [*written, {}]
    more = {"is_toggleable": False} if kind.startswith("heading_") else {}
    body = head if isinstance(head, dict) else {"text": head, **more}
    return Block(type=kind, body=body, inside=read_all(inside))
