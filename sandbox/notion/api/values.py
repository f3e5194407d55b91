"""Write property values out by type: they are kept short."""

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.core.storage import Row
from sandbox.notion.api.auth import Caller
from sandbox.notion.api.ids import to_iso
from sandbox.notion.api.people import describe_user, to_partial
from sandbox.notion.api.text import cut_references, to_rich

MOST = 25
LISTED = ("title", "rich_text", "relation", "people")
EMPTY: Mapping[str, Any] = {
    "multi_select": [],
    "files": [],
    "checkbox": False,
    "button": {},
}
TITLE = {"id": "title", "name": "title", "type": "title"}
BY_SYSTEM: Mapping[str, Callable[[Row], Any]] = {
    "created_time": lambda row: to_iso(row["created"]),
    "last_edited_time": lambda row: to_iso(row["edited"]),
    "created_by": lambda row: to_partial(row["created_by"]),
    "last_edited_by": lambda row: to_partial(row["edited_by"]),
}
Definition = Mapping[str, Any]


def to_property(
    caller: Caller, row: Row, definition: Definition, kept: Any
) -> dict[str, Any]:
    """Return one property as a page shows it, long lists cut."""
    kind = definition["type"]
    value = to_value(caller, row, definition, kept)
    whole: dict[str, Any] = {"id": definition["id"], "type": kind}
    if kind in ("title", "rich_text"):
        value = cut_references(value, MOST)
    elif kind in LISTED:
        if kind == "relation":
            whole["has_more"] = len(value) > MOST
        value = value[:MOST]
    return {**whole, kind: value}


def to_value(caller: Caller, row: Row, definition: Definition, kept: Any) -> Any:
    """Return the value of one property in full."""
    kind = definition["type"]
    match kind:
        case "title" | "rich_text":
            return to_rich(kept)
        case "relation":
            return [{"id": page} for page in kept or ()]
        case "people":
            return [describe_user(caller, user) for user in kept or ()]
        case "select" | "status":
            return _to_option(definition, kept) if kept else None
        case "multi_select":
            return [_to_option(definition, name) for name in kept or ()]
        case "verification":
            return _to_verification(caller, kept)
    if kind in BY_SYSTEM:
        return BY_SYSTEM[kind](row)
    if kind == "date":
        return _to_date(kept)
    return EMPTY.get(kind) if kept is None else kept


def _to_option(definition: Definition, name: str) -> dict[str, Any]:
    options: list[dict[str, Any]] = definition["config"]["options"]
    return next(option for option in options if option["name"] == name)


def _to_date(kept: Any) -> dict[str, Any] | None:
    if not kept:
        return None
    given = {"start": kept} if isinstance(kept, str) else kept
    return {"start": None, "end": None, "time_zone": None, **given}


def _to_verification(caller: Caller, kept: Any) -> dict[str, Any]:
    if not kept:
        return {"state": "unverified", "verified_by": None, "date": None}
    by = describe_user(caller, kept["by"])
    date = _to_date(kept["date"])
    return {"state": "verified", "verified_by": by, "date": date}
