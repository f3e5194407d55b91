"""Keep pages, databases and blocks as people see them, nested; and their texts, short.

A piece of text is a string, or an object with one of `t` (text), `user`, `page`,
`date`, `eq` (equation); beside `t` may stand `link` and any annotation.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

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

    kind: str
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
        return {**self._get_texts(), "icon": self.icon, **self.flags}

    def _get_texts(self) -> dict[str, Any]:
        return {"title": self.title}


@dataclass(kw_only=True)
class Page(Item):
    """Hold one page; a row of a data source has values beside its title."""

    kind: str = PAGE
    values: dict[str, Any] = field(default_factory=dict)

    def _get_texts(self) -> dict[str, Any]:
        return {"values": {"title": self.title, **self.values}}


def make_source(
    title: str, schema: list[dict[str, Any]], rows: Iterable[Page], item_id: str = ""
) -> Item:
    """Make a data source of its columns and its rows."""
    flags = {"schema": schema, "is_inline": False}
    return Item(kind=DATA_SOURCE, title=title, inside=rows, flags=flags, id=item_id)


def make_database(
    title: str, icon: str | None, inside: Iterable[Item], description: str = ""
) -> Item:
    """Make a database of its data sources, and in a wiki of other databases."""
    flags = {"description": description, "is_inline": False}
    return Item(kind=DATABASE, title=title, icon=icon, inside=inside, flags=flags)


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
