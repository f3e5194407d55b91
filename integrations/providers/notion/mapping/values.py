"""Turn property values into short JSON: no colours, and no links that expire."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from integrations.providers.notion.ids import find_id
from integrations.providers.notion.mapping.rich import to_spans
from integrations.providers.notion.mapping.titles import (
    MAX_NAME,
    MAX_REFERENCES,
    references_in,
)
from integrations.providers.text.rich_text import Span, spans_to_json
from integrations.providers.typed.values import MAX_TIME, MORE, cut

MAX_TEXT: Final = 20_000
# As many as are fetched of one value.
MAX_LIST: Final = 1000
MAX_DEPTH: Final = 3
MAX_URL: Final = 2000
MAX_STATE: Final = 40
# Under this key stands why Notion gives no value, where it says so.
UNAVAILABLE: Final = "unavailable"
UNKNOWN: Final = "unknown"
HAS_MORE: Final = "has_more"
_MIDNIGHT: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)T00:00(?::00(?:\.0+)?)?(?:Z|\+00:00)\Z"
)

Value = str | int | float | bool | list[Any] | dict[str, Any] | None


def to_value(prop: object, *, depth: int = 0) -> Value:
    """Return what a property holds, None when it is empty or cannot be read.

    A list or text that Notion cut ends with ``…``; so does what is too long to keep.
    """
    if not isinstance(prop, dict) or depth > MAX_DEPTH:
        return None
    kind = prop.get("type")
    if not isinstance(kind, str):
        return None
    if kind == "formula":
        return to_value(prop.get("formula"), depth=depth + 1)
    if kind == "rollup":
        return _rollup(prop, depth)
    value = prop.get(kind)
    has_more = _has_more(prop, kind, value)
    if kind in {"title", "rich_text"}:
        return _rich_text(value, has_more=has_more)
    if kind in _LISTS:
        return _all(value, _LISTS[kind], has_more=has_more)
    reader = _READERS.get(kind)
    return reader(value) if reader else _of_any_type(value)


def _has_more(prop: dict[str, Any], kind: str, value: object) -> bool:
    """Tell whether Notion has more; where nobody asked it, a full list may be cut."""
    if HAS_MORE in prop:
        return prop[HAS_MORE] is True
    if kind == "people":
        return isinstance(value, list) and len(value) == MAX_REFERENCES
    return references_in(value) == MAX_REFERENCES


def _of_any_type(value: object) -> Value:
    """Return what is simple, also of types that are younger than this code.

    Of what is not, it is said that it is there, which is not the same as nothing.
    """
    is_simple = value is None or isinstance(value, str | bool | int | float)
    return _scalar(value) if is_simple or not value else {UNAVAILABLE: UNKNOWN}


def newly_read(before: Mapping[str, Any], after: Mapping[str, Any]) -> set[str]:
    """Return the properties that differ and are of an unknown type on either side."""
    return {
        name
        for name in before.keys() | after.keys()
        if before.get(name) != after.get(name)
        and (_is_unknown(before.get(name)) or _is_unknown(after.get(name)))
    }


def _is_unknown(value: object) -> bool:
    mark = {UNAVAILABLE: UNKNOWN}
    return value == mark or (isinstance(value, list) and mark in value)


def _scalar(value: object) -> Value:
    if isinstance(value, str):
        return cut(value, MAX_TEXT) or None
    return value if isinstance(value, bool | int | float) else None


def _rich_text(parts: object, *, has_more: bool) -> Value:
    """Return the text with its links and styles, as a string where it has none."""
    spans, is_cut = to_spans(parts, limit=MAX_TEXT)
    if spans and (has_more or is_cut):
        spans = (*spans, Span(text=MORE))
    return spans_to_json(spans) or None


def _choice(value: object) -> Value:
    return _scalar(value.get("name")) if isinstance(value, dict) else None


def _date(value: object) -> Value:
    """Return start, end and zone as given: zones are part of what users entered."""
    if not isinstance(value, dict):
        return None
    names = ("start", "end", "time_zone")
    texts = {name: value.get(name) for name in names}
    kept = {n: cut(t, MAX_TIME) for n, t in texts.items() if isinstance(t, str) and t}
    return kept if "start" in kept else None


def _user(value: object) -> Value:
    """Return id and name of a user, a bot or a group; the name may be withheld."""
    if not isinstance(value, dict):
        return None
    remote_id, name = find_id(value.get("id")), value.get("name")
    if not remote_id:
        return None
    known = {"name": cut(name, MAX_NAME)} if isinstance(name, str) and name else {}
    return {"id": remote_id, **known}


def _file(value: object) -> Value:
    """Return a file's name, with its address only where that does not expire."""
    if not isinstance(value, dict):
        return None
    name, url = value.get("name"), _get(value.get("external"), "url")
    text = cut(name, MAX_NAME) if isinstance(name, str) else ""
    # A link that was cut would be a wrong one.
    if isinstance(url, str) and 0 < len(url) <= MAX_URL:
        return {"name": text, "url": url}
    return text or "File"


def _rollup(prop: dict[str, Any], depth: int) -> Value:
    """Return what is rolled up; a time at midnight stands for a day."""
    value = prop.get("rollup")
    if not isinstance(value, dict):
        return None
    kind = str(value.get("type"))
    if kind in {"incomplete", "unsupported"}:
        return {UNAVAILABLE: kind}
    if kind == "date":
        return _days(_date(value.get("date")))
    if kind != "array":
        return to_value(value, depth=depth + 1)
    found: list[Any] = []
    entries = value.get("array")
    for entry in entries if isinstance(entries, list) else ():
        each = to_value(entry, depth=depth + 1)
        found += each if isinstance(each, list) else [each]
    # The marks of its parts are one mark of the whole.
    known = [each for each in found if each is not None and each != MORE]
    return _bounded(known, has_more=prop.get(HAS_MORE) is True or MORE in found)


def _days(kept: Value) -> Value:
    """Return a date without the midnights that Notion gives a rolled up day."""
    if not isinstance(kept, dict):
        return kept
    ends = {n: _MIDNIGHT.match(kept[n]) for n in ("start", "end") if n in kept}
    if not all(ends.values()):
        return kept
    return {**kept, **{name: found[1] for name, found in ends.items() if found}}


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
        "state": cut(state, MAX_STATE),
        "by": _user(_get(value, "verified_by")),
        "date": _date(_get(value, "date")),
    }
    return {name: each for name, each in about.items() if each is not None}


def _place(value: object) -> Value:
    """Return the name and address of a place, else where on earth it is."""
    told = (_scalar(_get(value, key)) for key in ("name", "address"))
    named = ", ".join(dict.fromkeys(str(each) for each in told if each))
    where = [_get(value, "lat"), _get(value, "lon")]
    if not named and all(isinstance(each, int | float) for each in where):
        return f"{where[0]}, {where[1]}"
    return named or None


def _nothing(value: object) -> Value:
    return None


def _get(value: object, key: str) -> object:
    return value.get(key) if isinstance(value, dict) else None


def _all(values: object, read: Callable[[object], Value], *, has_more: bool) -> Value:
    if not isinstance(values, list):
        return None
    found = [each for each in map(read, values) if each is not None]
    return _bounded(found, has_more=has_more)


def _bounded(found: list[Any], *, has_more: bool) -> Value:
    """Return a list, with a mark at its end when there is more than it holds."""
    has_more = has_more or len(found) > MAX_LIST
    kept = found[:MAX_LIST]
    return [*kept, MORE] if has_more else kept or None


_LISTS: Final[dict[str, Callable[[object], Value]]] = {
    "relation": lambda each: find_id(_get(each, "id")),
    "multi_select": _choice,
    "people": _user,
    "files": _file,
}
_READERS: Final[dict[str, Callable[[object], Value]]] = {
    "select": _choice,
    "status": _choice,
    "date": _date,
    "person": _user,
    "created_by": _user,
    "last_edited_by": _user,
    "unique_id": _unique_id,
    "verification": _verification,
    "place": _place,
    "button": _nothing,
    "unsupported": lambda _: {UNAVAILABLE: "unsupported"},
    "incomplete": lambda _: {UNAVAILABLE: "incomplete"},
}
