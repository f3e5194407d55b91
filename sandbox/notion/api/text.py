"""Write rich text out in full, which is kept short."""

from typing import Any

from sandbox.notion.api.ids import to_url
from sandbox.notion.seed.nodes import Piece, Text, to_pieces, to_plain

MARKS = ("bold", "italic", "strikethrough", "underline", "code")


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
    plain = to_plain([piece])
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
