"""Write rich text and property values out in full by type: they are kept short."""

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.core.storage import Row
from sandbox.notion.api.auth import Caller
from sandbox.notion.api.ids import to_iso, to_url
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


def to_rich(text: Text | None) -> list[dict[str, Any]]:
    """Return a text as the array the API shows."""
    return [_to_item(piece) for piece in to_pieces(text)]


def _to_item(piece: Piece) -> dict[str, Any]:
    whole: dict[str, Any] = {"t": piece} if isinstance(piece, str) else piece
    href = whole.get("link")
    if "t" in whole:
        link = {"url": href} if href else None
        kind, own = "text", {"content": whole["t"], "link": link}
    elif "eq" in whole:
        kind, own = "equation", {"expression": whole["eq"]}
    else:
        kind, own = "mention", _to_mention(whole)
        href = to_url(whole["page"]) if "page" in whole else None
    marks: dict[str, Any] = {mark: bool(whole.get(mark)) for mark in MARKS}
    marks["color"] = whole.get("color", "default")
    more = {"annotations": marks, "plain_text": to_plain([piece]), "href": href}
    return {"type": kind, kind: own, **more}


def _to_mention(piece: dict[str, Any]) -> dict[str, Any]:
    if "user" in piece:
        return {"type": "user", "user": to_partial(piece["user"])}
    if "page" in piece:
        return {"type": "page", "page": {"id": piece["page"]}}
    return {"type": "date", "date": _to_date(piece["date"])}


def _cut_references(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    seen = 0
    for index, item in enumerate(items):
        seen += item["type"] == "mention"
        if seen > MOST:
            return items[:index]
    return items


def to_property(
    caller: Caller, row: Row, definition: Definition, kept: Any
) -> dict[str, Any]:
    """Return one property as a page shows it, long lists cut."""
    kind = definition["type"]
    value = to_value(caller, row, definition, kept)
    whole: dict[str, Any] = {"id": definition["id"], "type": kind}
    if kind == "relation":
        whole["has_more"] = len(value) > MOST
    if kind in ("title", "rich_text"):
        value = _cut_references(value)
    elif kind in LISTED:
        value = value[:MOST]
    return {**whole, kind: value}


def to_value(caller: Caller, row: Row, definition: Definition, kept: Any) -> Any:
    """Return the value of one property in full."""
    kind = definition["type"]
    if kind in BY_ROW:
        return BY_ROW[kind](row)
    if kind in BY_KEPT:
        return BY_KEPT[kind](caller, definition, kept)
    return EMPTY.get(kind) if kept is None else kept


def _to_option(definition: Definition, name: str) -> dict[str, Any]:
    options: list[dict[str, Any]] = definition["config"]["options"]
    return next(option for option in options if option["name"] == name)


def _to_date(kept: Any) -> dict[str, Any] | None:
    if not kept:
        return None
    given = {"start": kept} if isinstance(kept, str) else kept
    return {"start": None, "end": None, "time_zone": None, **given}


def _to_choice(_: Caller, definition: Definition, kept: Any) -> dict[str, Any] | None:
    return _to_option(definition, kept) if kept else None


def _to_verification(caller: Caller, _: Definition, kept: Any) -> dict[str, Any]:
    if not kept:
        return {"state": "unverified", "verified_by": None, "date": None}
    by, date = _describe(caller, kept["by"]), _to_date(kept["date"])
    return {"state": "verified", "verified_by": by, "date": date}


def _describe(caller: Caller, user_id: str) -> dict[str, Any]:
    return describe_user(caller.workspace, user_id, caller.capabilities)


BY_ROW: Mapping[str, Callable[[Row], Any]] = {
    "created_time": lambda row: to_iso(row["created"]),
    "last_edited_time": lambda row: to_iso(row["edited"]),
    "created_by": lambda row: to_partial(row["created_by"]),
    "last_edited_by": lambda row: to_partial(row["edited_by"]),
}
BY_KEPT: Mapping[str, Callable[[Caller, Definition, Any], Any]] = {
    "title": lambda _, __, kept: to_rich(kept),
    "rich_text": lambda _, __, kept: to_rich(kept),
    "relation": lambda _, __, kept: [{"id": page} for page in kept or ()],
    "people": lambda caller, _, kept: [_describe(caller, u) for u in kept or ()],
    "select": _to_choice,
    "status": _to_choice,
    "multi_select": lambda _, d, kept: [_to_option(d, name) for name in kept or ()],
    "date": lambda _, __, kept: _to_date(kept),
    "verification": _to_verification,
}
