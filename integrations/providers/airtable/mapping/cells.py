"""Type the values of cells, by their shape and by the format of their field."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from integrations.providers.airtable.ids import RECORD, USER, is_id
from integrations.providers.airtable.mapping.fields import Format, result_of
from integrations.providers.text.markdown_blocks import markdown_blocks
from integrations.providers.typed.fields import (
    Boolean,
    Choice,
    Date,
    DateTime,
    Duration,
    Email,
    File,
    Link,
    Money,
    Number,
    Percent,
    Phone,
    Relation,
    RichText,
    Text,
    Unavailable,
    User,
    Value,
    to_several,
)
from integrations.providers.typed.values import (
    cut,
    one_line,
    to_day,
    to_number,
    to_time,
)

ERRORS: Final = {
    "#ERROR!": "Error in the formula",
    "NaN": "Not a number",
    "Infinity": "Infinite",
    "-Infinity": "Minus infinite",
    "emptyDependency": "Nothing to work on yet",
}
# https://airtable.com/developers/web/api/field-model
# Texts may mention users and records in tags of Airtable's own. The bounds keep a
# text full of tags that are never closed from taking for ever.
_MENTION: Final = re.compile(
    r"<airtable:mention\b[^>]{0,300}>(.{0,300}?)</airtable:mention>", re.DOTALL
)
MAX_JSON: Final = 1000
MONEY_DECIMALS: Final = 2
DEFAULT_DURATION: Final = "h:mm"
# How Airtable says that a time is shown in the zone of whoever looks, or in UTC.
ZONES: Final[Mapping[str, str]] = {"client": "", "utc": "UTC"}
DAY_LENGTH: Final = len("2026-11-22")


def to_value(
    cell: object, told: Format, *, linked_collection: str = ""
) -> Value | None:
    """Return a typed value, None for an empty cell; unknown shapes become texts."""
    told = result_of(told)
    if told.get("type") == "multipleRecordLinks" and (linked := linked_ids(cell)):
        return Relation(linked_ids=linked, linked_collection=linked_collection)
    if isinstance(cell, list):
        return to_several(to_value(each, told) for each in cell)
    if isinstance(cell, dict):
        return _from_object(cell, told)
    return None if cell is None or cell == "" else _from_scalar(cell, told)


def is_failed(cell: object) -> bool:
    """Tell whether a value stands for a formula, or a generator, that failed."""
    if isinstance(cell, list):
        return bool(cell) and all(is_failed(each) for each in cell)
    return isinstance(cell, dict) and bool(_error_of(cell))


def linked_ids(cell: object) -> tuple[str, ...]:
    """Return the ids of linked records, each once; their names are in their table."""
    entries: Sequence[object] = cell if isinstance(cell, list) else ()
    ids = [each.get("id") if isinstance(each, dict) else each for each in entries]
    return tuple(dict.fromkeys(str(each) for each in ids if is_id(each, RECORD)))


def _from_object(cell: Mapping[str, Any], told: Format) -> Value | None:
    """Type an object by what it has: a file, a button, a user, a bar code."""
    older = cell.get("value") if cell.get("state") in _WITHOUT_NEW_TEXT else None
    kept = _from_scalar(older, told) if isinstance(older, str) and older else None
    if error := _error_of(cell):
        reason = Unavailable(reason=ERRORS.get(error, f"Error: {error}"))
        return to_several([kept, reason]) if kept else reason
    if cell.get("state") == "loading":
        reason = Unavailable(reason=f"Not generated {'anew ' if kept else ''}yet")
        return to_several([kept, reason]) if kept else reason
    if known := _from_known(cell, told):
        return known
    for key in ("label", "name", "email", "text", "value"):
        inner = cell.get(key)
        if isinstance(inner, str | int | float) and inner != "":
            return _from_scalar(inner, told)
    if isinstance(cell.get("id"), str):
        return Text(text=str(cell["id"]))
    # Known objects without a content are empty; unknown ones are shown as they are.
    if cell.keys() & {"state", "label", "text"} or not cell:
        return None
    text = json.dumps(cell, ensure_ascii=False)
    return Text(text=cut(text, MAX_JSON))


def _from_known(cell: Mapping[str, Any], told: Format) -> Value | None:
    filename, label, name = cell.get("filename"), cell.get("label"), cell.get("name")
    if isinstance(filename, str) and filename:
        size = cell.get("size")
        return File(
            name=filename,
            size=size if isinstance(size, int) else None,
            type=one_line(cell.get("type")),
        )
    if isinstance(label, str) and label and isinstance(cell.get("url"), str):
        return Link(url=cell["url"], label=label)
    if told.get("type") in _CHOICES and isinstance(name, str) and name:
        return Choice(label=one_line(name) or name, colour=one_line(cell.get("color")))
    email = one_line(cell.get("email"))
    is_collaborator = told.get("type") in _COLLABORATORS
    is_named = is_id(cell.get("id"), USER) and (one_line(name) or email)
    if isinstance(cell.get("id"), str) and (is_named or is_collaborator):
        return User(id=cell["id"], name=one_line(name), email=email)
    return None


def _error_of(cell: Mapping[str, Any]) -> str:
    for key in ("error", "specialValue", "errorType"):
        error = cell.get(key)
        if isinstance(error, str) and error:
            return error
        if error:
            return "#ERROR!"
    return ""


def _from_scalar(cell: object, told: Format) -> Value:
    kind = str(told.get("type"))
    if isinstance(cell, bool):
        return Boolean(is_true=cell)
    if isinstance(cell, int | float):
        number = to_number(cell)
        make = _NUMBERS.get(kind, _number)
        return Text(text=str(cell)) if number is None else make(number, told)
    text = _MENTION.sub(r"\1", str(cell))
    if kind in _DATES:
        return _date(text, told) or Text(text=text)
    return _TEXTS.get(kind, lambda text: Text(text=text))(text)


def _date(text: str, told: Format) -> Value | None:
    if len(text) <= DAY_LENGTH or told.get("type") == "date":
        day = to_day(text)
        return None if day is None else Date(day=day)
    at = to_time(text)
    zone = str(told.get("time_zone") or "")
    return None if at is None else DateTime(at=at, zone=ZONES.get(zone, zone))


def _number(number: Decimal, told: Format) -> Value:
    return Number(amount=number, precision=told.get("precision"))


def _serial(number: Decimal, told: Format) -> Value:
    return Number(amount=number, is_grouped=False)


def _rating(number: Decimal, told: Format) -> Value:
    return Number(amount=number, out_of=told.get("max"))


def _percent(number: Decimal, told: Format) -> Value:
    return Percent(share=number, precision=told.get("precision"))


def _money(number: Decimal, told: Format) -> Value:
    return Money(
        amount=number,
        symbol=str(told.get("symbol") or ""),
        precision=told.get("precision", MONEY_DECIMALS),
    )


def _duration(number: Decimal, told: Format) -> Value:
    return Duration(seconds=number, style=str(told.get("duration") or DEFAULT_DURATION))


# A text of these states is an older one.
_WITHOUT_NEW_TEXT: Final = ("loading", "error")
_COLLABORATORS: Final = frozenset(
    {"singleCollaborator", "multipleCollaborators", "createdBy", "lastModifiedBy"}
)
_CHOICES: Final = frozenset({"singleSelect", "multipleSelects", "externalSyncSource"})
_DATES: Final = frozenset({"date", "dateTime", "createdTime", "lastModifiedTime"})
_NUMBERS: Final[Mapping[str, Callable[[Decimal, Format], Value]]] = {
    "autoNumber": _serial,
    "currency": _money,
    "duration": _duration,
    "percent": _percent,
    "rating": _rating,
}
_TEXTS: Final[Mapping[str, Callable[[str], Value]]] = {
    "email": lambda text: Email(address=text),
    "phoneNumber": lambda text: Phone(number=text),
    "richText": lambda text: RichText(blocks=markdown_blocks(text)),
    "url": lambda text: Link(url=text),
    **dict.fromkeys(_CHOICES, lambda text: Choice(label=one_line(text) or text)),
}
