"""Write rich text out in full: it is kept short, as strings and small objects.

A piece is a string, or an object with one of `t` (text), `user`, `page`, `date`,
`eq` (equation); beside `t` may stand `link` and any annotation.
"""

from collections.abc import Sequence
from typing import Any

from sandbox.notion.api.ids import to_url

Piece = str | dict[str, Any]
Text = str | Sequence[Piece]
MARKS = ("bold", "italic", "strikethrough", "underline", "code")


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
    if "t" in piece:
        return str(piece["t"])
    if "eq" in piece:
        return str(piece["eq"])
    if "date" in piece:
        return str(piece["date"])
    return str(piece.get("shown", "Untitled"))


def to_rich(text: Text | None) -> list[dict[str, Any]]:
    """Return the array the API shows."""
    return [_to_item(piece) for piece in to_pieces(text)]


def _to_item(piece: Piece) -> dict[str, Any]:
    whole: dict[str, Any] = {"t": piece} if isinstance(piece, str) else piece
    href = whole.get("link")
    if "t" in whole:
        link = {"url": href} if href else None
        own = {"type": "text", "text": {"content": whole["t"], "link": link}}
    elif "eq" in whole:
        own = {"type": "equation", "equation": {"expression": whole["eq"]}}
    else:
        own = {"type": "mention", "mention": _to_mention(whole)}
        href = to_url(whole["page"]) if "page" in whole else None
    marks: dict[str, Any] = {mark: bool(whole.get(mark)) for mark in MARKS}
    marks["color"] = whole.get("color", "default")
    plain = _read_piece(piece)
    return {**own, "annotations": marks, "plain_text": plain, "href": href}


def _to_mention(piece: dict[str, Any]) -> dict[str, Any]:
    if "user" in piece:
        return {"type": "user", "user": {"object": "user", "id": piece["user"]}}
    if "page" in piece:
        return {"type": "page", "page": {"id": piece["page"]}}
    date = {"start": piece["date"], "end": None, "time_zone": None}
    return {"type": "date", "date": date}


def cut_references(items: list[dict[str, Any]], most: int) -> list[dict[str, Any]]:
    """Cut rich text after so many references, as pages show it."""
    seen = 0
    for index, item in enumerate(items):
        seen += item["type"] == "mention"
        if seen > most:
            return items[:index]
    return items
