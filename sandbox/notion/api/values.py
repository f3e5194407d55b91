"""Write rich text and property values out in full by type: they are kept short."""

from collections.abc import Callable, Mapping
from itertools import accumulate
from typing import Any

from sandbox.core.storage import Row
from sandbox.core.times import to_iso
from sandbox.notion.api.calls import Call
from sandbox.notion.api.people import describe_user, to_partial
from sandbox.notion.seed.nodes import Piece, Text, to_pieces, to_plain

MOST = 25
MARKS = ("bold", "italic", "strikethrough", "underline", "code")
LISTED = ("title", "rich_text", "relation", "people")
EMPTY: Mapping[str, Any] = {
    "multi_select": [],
    "files": [],
    "checkbox": False,
    "button": {},
    "formula": {"type": "number", "number": None},
    "rollup": {"type": "number", "number": None, "function": "count"},
    "unique_id": {"prefix": None, "number": None},
}
TITLE = {"id": "title", "name": "title", "type": "title"}
Definition = Mapping[str, Any]


def to_url(object_id: str) -> str:
    return f"https://app.notion.com/p/{object_id.replace('-', '')}"


def to_rich(text: Text | None) -> list[dict[str, Any]]:
    return [_to_item(piece) for piece in to_pieces(text)]


def _to_item(piece: Piece) -> dict[str, Any]:
    whole: dict[str, Any] = {"t": piece} if isinstance(piece, str) else piece
    href = whole.get("link")
    if "t" in whole:
        link = {"url": href} if href else None
        kind, own = "text", {"content": whole["t"], "link": link}
    elif "eq" in whole:
        kind, own = "equation", {"expression": whole["eq"]}
    elif "user" in whole:
        kind, own = "mention", {"type": "user", "user": to_partial(whole["user"])}
    else:
        kind, own = "mention", {"type": "date", "date": _to_date(whole["date"])}
    marks: dict[str, Any] = {mark: bool(whole.get(mark)) for mark in MARKS}
    marks["color"] = whole.get("color", "default")
    more = {"annotations": marks, "plain_text": to_plain([piece]), "href": href}
    return {"type": kind, kind: own, **more}


def to_property(
    call: Call, row: Row, definition: Definition, kept: Any
) -> dict[str, Any]:
    kind = definition["type"]
    value = to_value(call, row, definition, kept)
    whole: dict[str, Any] = {"id": definition["id"], "type": kind}
    if kind == "relation":
        whole["has_more"] = len(value) > MOST
    if kind in ("title", "rich_text"):
        # Only references are counted: mentions, not text.
        seen = accumulate(item["type"] == "mention" for item in value)
        value = [item for item, n in zip(value, seen, strict=True) if n <= MOST]
    elif kind in LISTED:
        value = value[:MOST]
    return {**whole, kind: value}


def to_value(call: Call, row: Row, definition: Definition, kept: Any) -> Any:
    kind = definition["type"]
    if kind in WRITERS:
        return WRITERS[kind](call, row, definition, kept)
    return EMPTY.get(kind) if kept is None else kept


def _to_option(definition: Definition, name: str) -> dict[str, Any]:
    options: list[dict[str, Any]] = definition["config"]["options"]
    return next(option for option in options if option["name"] == name)


def _to_date(kept: Any) -> dict[str, Any] | None:
    if not kept:
        return None
    given = {"start": kept} if isinstance(kept, str) else kept
    return {"start": None, "end": None, "time_zone": None, **given}


def _to_verification(call: Call, kept: Any) -> dict[str, Any]:
    if not kept:
        return {"state": "unverified", "verified_by": None, "date": None}
    by = describe_user(call.workspace, kept["by"], call.held)
    return {"state": "verified", "verified_by": by, "date": _to_date(kept["date"])}


WRITERS: Mapping[str, Callable[[Call, Row, Definition, Any], Any]] = {
    "created_time": lambda _, row, *__: to_iso(row["created"]),
    "last_edited_time": lambda _, row, *__: to_iso(row["edited"]),
    "created_by": lambda _, row, *__: to_partial(row["created_by"]),
    "last_edited_by": lambda _, row, *__: to_partial(row["edited_by"]),
    "title": lambda *given: to_rich(given[-1]),
    "rich_text": lambda *given: to_rich(given[-1]),
    "relation": lambda *given: [{"id": page} for page in given[-1] or ()],
    "people": lambda call, _, __, kept: [
        describe_user(call.workspace, user, call.held) for user in kept or ()
    ],
    "select": lambda _, __, d, kept: _to_option(d, kept) if kept else None,
    "status": lambda _, __, d, kept: _to_option(d, kept) if kept else None,
    "multi_select": lambda _, __, d, kept: [_to_option(d, name) for name in kept or ()],
    "date": lambda *given: _to_date(given[-1]),
    "verification": lambda call, _, __, kept: _to_verification(call, kept),
}
