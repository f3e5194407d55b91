"""Keep pages, databases and blocks as people see them, nested; and their texts, short.

A piece of text is a string, or an object with one of `t` (text), `user`, `date`, `eq`
(equation); beside `t` may stand `link` and any annotation.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.notion.seed.workspaces import PAGE

Piece = str | dict[str, Any]
Text = str | Sequence[Piece]
SHOWN = ("t", "eq", "date", "shown")


def to_pieces(text: Text | None) -> list[Piece]:
    """Return the pieces of a text, whichever way it is kept."""
    if not text:
        return []
    return [text] if isinstance(text, str) else list(text)


def to_plain(text: Text | None) -> str:
    """Return what people read."""
    return "".join(
        piece
        if isinstance(piece, str)
        else next(str(piece[name]) for name in SHOWN if name in piece)
        for piece in to_pieces(text)
    )


@dataclass(frozen=True)
class Node:
    """A block or an object: its kind, what is known of it, and what is inside it."""

    kind: str
    about: dict[str, Any]
    inside: "Iterable[Node]" = ()


def p(text: Text) -> Node:
    """Make a paragraph."""
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
        else:
            name = "title" if kind == PAGE else "text"
            about = head if isinstance(head, dict) else {name: head}
            if kind.startswith("heading_"):
                about["is_toggleable"] = False
            yield Node(kind, about, read(inside, made))
