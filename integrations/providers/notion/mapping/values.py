"""Turn property values into short JSON: no annotations, and no links that expire."""

from collections.abc import Callable
from typing import Any, Final

from integrations.providers.notion.ids import find_id
from integrations.providers.notion.mapping.titles import (
    MAX_REFERENCES,
    MORE,
    plain_text,
)

MAX_TEXT: Final = 20_000
MAX_LIST: Final = 200
MAX_DEPTH: Final = 3

Value = str | int | float | bool | list[Any] | dict[str, Any] | None


def to_value(prop: object, *, depth: int = 0) -> Value:
    """Return what a property holds, None when it is empty or cannot be read.

    A list that Notion cut ends with ``…``; so does one that is too long to keep.
    """
    if not isinstance(prop, dict) or depth > MAX_DEPTH:
        return None
    kind = prop.get("type")
    if not isinstance(kind, str):
        return None
    if kind == "formula":
        return to_value(prop.get("formula"), depth=depth + 1)
    if kind == "rollup":
        return _rollup(prop.get("rollup"), depth)
    if kind == "relation":
        return _relation(prop)
    reader = _READERS.get(kind)
    value = prop.get(kind)
    return reader(value) if reader else _scalar(value)


def _scalar(value: object) -> Value:
    """Return what is simple, also of types that are younger than this code."""
    if isinstance(value, str):
        return value[:MAX_TEXT] or None
    return value if isinstance(value, bool | int | float) else None


def _rich_text(parts: object) -> Value:
    """Return the text; it may be cut behind as many references as a page shows."""
    text = plain_text(parts)
    entries = parts if isinstance(parts, list) else []
    references = sum(_get(each, "type") == "mention" for each in entries)
    return (text + MORE if references == MAX_REFERENCES else text) or None


def _choice(value: object) -> Value:
    return _scalar(value.get("name")) if isinstance(value, dict) else None


def _choices(values: object) -> Value:
    return _all(values, _choice)


def _date(value: object) -> Value:
    """Return start, end and zone as given: zones are part of what users entered."""
    if not isinstance(value, dict):
        return None
    names = ("start", "end", "time_zone")
    texts = {name: value.get(name) for name in names}
    kept = {n: text[:60] for n, text in texts.items() if isinstance(text, str) and text}
    return kept if "start" in kept else None


def _user(value: object) -> Value:
    """Return id and name of a user, a bot or a group; the name may be withheld."""
    if not isinstance(value, dict):
        return None
    remote_id, name = find_id(value.get("id")), value.get("name")
    if not remote_id:
        return None
    known = isinstance(name, str) and bool(name)
    return {"id": remote_id, "name": str(name)[:200]} if known else {"id": remote_id}


def _users(values: object) -> Value:
    return _all(values, _user, most=MAX_REFERENCES)


def _files(values: object) -> Value:
    """Return names only: the links are signed and valid for an hour."""
    return _all(values, lambda each: _name_of(each, "File"))


def _name_of(value: object, unnamed: str) -> Value:
    if not isinstance(value, dict):
        return None
    name = value.get("name")
    return name[:500] if isinstance(name, str) and name else unnamed


def _relation(prop: dict[str, Any]) -> Value:
    values = prop.get("relation")
    ids = _all(values, lambda each: find_id(_get(each, "id")))
    is_cut = prop.get("has_more") is True
    if is_cut and isinstance(ids, list) and ids[-1] != MORE:
        ids.append(MORE)
    return ids


def _rollup(value: object, depth: int) -> Value:
    if not isinstance(value, dict):
        return None
    if value.get("type") != "array":
        return to_value(value, depth=depth + 1)
    found: list[Any] = []
    entries = value.get("array")
    for entry in entries if isinstance(entries, list) else ():
        each = to_value(entry, depth=depth + 1)
        found += each if isinstance(each, list) else [each]
    return _bounded([each for each in found if each is not None])


def _unique_id(value: object) -> Value:
    number, prefix = _get(value, "number"), _get(value, "prefix")
    if isinstance(number, bool) or not isinstance(number, int):
        return None
    return f"{prefix}-{number}" if isinstance(prefix, str) and prefix else str(number)


def _verification(value: object) -> Value:
    """Return the state, by whom and until when; ``unverified`` is worth saying, too."""
    state = _get(value, "state")
    if not isinstance(state, str) or not state:
        return None
    about = {
        "state": state[:40],
        "by": _user(_get(value, "verified_by")),
        "date": _date(_get(value, "date")),
    }
    return {name: each for name, each in about.items() if each is not None}


def _place(value: object) -> Value:
    """Return the name of a place, else its address, else where on earth it is."""
    named = _scalar(_get(value, "name") or _get(value, "address"))
    where = [_get(value, "lat"), _get(value, "lon")]
    if named is None and all(isinstance(each, int | float) for each in where):
        return f"{where[0]}, {where[1]}"
    return named


def _nothing(value: object) -> Value:
    return None


def _get(value: object, key: str) -> object:
    return value.get(key) if isinstance(value, dict) else None


def _all(
    values: object, read: Callable[[object], Value], *, most: int | None = None
) -> Value:
    """Read a list; ``most`` is the length at which Notion may have cut it."""
    if not isinstance(values, list):
        return None
    found = [each for each in map(read, values[:MAX_LIST]) if each is not None]
    is_cut = len(values) > MAX_LIST or len(values) == most
    return _bounded([*found, MORE] if found and is_cut else found)


def _bounded(found: list[Any]) -> Value:
    if len(found) > MAX_LIST + 1:
        found = [*found[:MAX_LIST], MORE]
    return found or None


_READERS: Final[dict[str, Callable[[object], Value]]] = {
    "title": _rich_text,
    "rich_text": _rich_text,
    "select": _choice,
    "status": _choice,
    "multi_select": _choices,
    "date": _date,
    "people": _users,
    "person": _user,
    "created_by": _user,
    "last_edited_by": _user,
    "files": _files,
    "unique_id": _unique_id,
    "verification": _verification,
    "place": _place,
    "button": _nothing,
    "unsupported": _nothing,
    "incomplete": _nothing,
}
