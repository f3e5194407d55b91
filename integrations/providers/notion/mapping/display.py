"""Label an item's kept properties and type their values, by kind and by shape."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from integrations.providers.links import TARGET
from integrations.providers.notion.ids import find_id, find_ids
from integrations.providers.notion.mapping.items import ABOUT
from integrations.providers.notion.mapping.schema import (
    ABOUT_FIELDS,
    FORMAT,
    USERS,
    WITH_COMMAS,
)
from integrations.providers.notion.mapping.values import UNAVAILABLE, UNKNOWN
from integrations.providers.records import (
    DisplayField,
    FieldSpec,
    lookup_in,
    read_fields,
    unknown_names,
)
from integrations.providers.text.rich_text import (
    SPANS,
    Block,
    BlockKind,
    spans_from_json,
)
from integrations.providers.typed.fields import (
    Boolean,
    Choice,
    Date,
    DateTime,
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
    MORE,
    to_day,
    to_number,
    to_time,
    to_zone,
)

# "links" is how schemas of an earlier version say it, until they are read again.
RELATIONS: Final = frozenset({"relation", "links"})
LINKING: Final = RELATIONS | {"value"}
_VERIFIED: Final = {
    "verified": "Verified",
    "expired": "Verification expired",
    "unverified": "Not verified",
}
NOT_GIVEN: Final = "Notion does not give this value"
NOT_READ: Final = "Of a type that cannot be read here; see Notion"
_UNAVAILABLE: Final = {
    "incomplete": "Too much for Notion to give; see there",
    UNKNOWN: NOT_READ,
}
_SERIAL: Final = re.compile(r"(.*-)?(0|[1-9]\d*)\Z", re.ASCII | re.DOTALL)
_ISO_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d\Z", re.ASCII)


def describe(
    properties: Mapping[str, Any], schema: Mapping[str, Any]
) -> list[DisplayField]:
    """Return the properties that have a value, labelled, columns first."""
    users = lookup_in(schema, USERS)
    return [
        DisplayField(name=spec.name, label=label, value=value)
        for spec in _fields(properties, schema)
        for label, value in _values(_named(properties.get(spec.name), users), spec)
        if value is not None
    ]


def _named(kept: Any, users: Mapping[str, str]) -> Any:
    """Return a kept value with the names of the users that it knows by id only."""
    if isinstance(kept, list):
        return [_named(each, users) for each in kept]
    if not isinstance(kept, dict):
        return kept
    if kept.get("id") in users and "name" not in kept:
        return {**kept, "name": users[kept["id"]]}
    return {name: _named(each, users) for name, each in kept.items()}


def _fields(
    properties: Mapping[str, Any], schema: Mapping[str, Any]
) -> Iterator[FieldSpec]:
    """Yield the fields to show; a column younger than the schema comes last."""
    specs = read_fields(schema)
    known = {spec.name for spec in specs}
    specs += [spec for spec in ABOUT_FIELDS if spec.name not in known]
    yield from (spec for spec in specs if not spec.is_hidden)
    for name in unknown_names(properties, schema):
        if not name.startswith(ABOUT):
            yield FieldSpec(name=name, label=name, kind="value")


def _values(kept: Any, spec: FieldSpec) -> Iterator[tuple[str, Value | None]]:
    """Yield what a property holds; a verification is three things."""
    if not isinstance(kept, dict) or "state" not in kept:
        yield spec.label, to_value(kept, spec)
        return
    state, period = str(kept["state"]), kept.get("date")
    yield spec.label, Choice(label=_VERIFIED.get(state, state))
    yield f"{spec.label} by", to_value(kept.get("by"), spec)
    until = period.get("end") if isinstance(period, dict) else None
    yield f"{spec.label} until", _period({"start": until}) if until else None


def to_value(kept: Any, spec: FieldSpec) -> Value | None:
    """Return a typed value; what is not understood is the text that it is."""
    if kept is None or kept == "":
        return None
    if isinstance(kept, list):
        return _list(kept, spec)
    if isinstance(kept, dict):
        return _from_object(kept)
    if isinstance(kept, bool):
        return Boolean(is_true=kept)
    if isinstance(kept, int | float):
        return _number(kept, spec)
    text = str(kept)
    if spec.kind in {"date", "datetime"}:
        return _period({"start": text})
    return _TEXTS.get(spec.kind, _text)(text)


def _list(kept: list[Any], spec: FieldSpec) -> Value | None:
    """Return the pages that a relation names, or a rollup of them, or a list."""
    told, has_more = [each for each in kept if each != MORE], MORE in kept
    # A rollup holds all sorts of things; only when they all are ids they are links.
    is_relation = spec.kind in RELATIONS or bool(told)
    if spec.kind in LINKING and is_relation and all(find_id(each) for each in told):
        return Relation(
            linked_ids=tuple(find_ids(told)),
            linked_collection=spec.options.get(TARGET, ""),
            has_more=has_more,
        )
    return to_several((to_value(each, spec) for each in told), has_more=has_more)


def _from_object(kept: Mapping[str, Any]) -> Value | None:
    """Return what is kept as an object besides verifications."""
    if SPANS in kept:
        block = Block(kind=BlockKind.PARAGRAPH, spans=spans_from_json(kept))
        return RichText(blocks=(block,))
    if UNAVAILABLE in kept:
        return Unavailable(reason=_UNAVAILABLE.get(kept[UNAVAILABLE], NOT_GIVEN))
    if "start" in kept:
        return _period(kept)
    if "url" in kept:
        return Link(url=str(kept["url"]), label=str(kept.get("name") or ""))
    if "id" in kept:
        return User(id=str(kept["id"]), name=str(kept.get("name") or ""))
    return None


def _period(kept: Mapping[str, Any]) -> Value | None:
    """Return days or times, from one to another; the zone is that of the entry."""
    start, end = str(kept["start"]), kept.get("end")
    ends = [start, str(end)] if end else [start]
    zone = str(kept.get("time_zone") or "")
    has_end = len(ends) > 1
    if all(_ISO_DATE.match(each) for each in ends):
        days = [to_day(each) for each in ends]
        if days[0] is not None and days[-1] is not None:
            return Date(day=days[0], end=days[-1] if has_end else None)
    times = [to_time(each, zone=to_zone(zone) or UTC) for each in ends]
    first, last = times[0], times[-1]
    if first is None or last is None:
        return to_several(Text(text=each) for each in ends)
    return DateTime(
        at=first, end=last if has_end else None, zone=zone or _offset(start)
    )


def _offset(text: str) -> str:
    """Return the offset that a time was given with, as the name of a zone."""
    name = datetime.fromisoformat(text).tzname() or ""
    return "" if name == "UTC" else name


def _number(kept: float, spec: FieldSpec) -> Value:
    number = to_number(kept)
    if number is None:
        return Text(text=str(kept))
    if spec.kind == "percent":
        return Percent(share=number)
    if spec.kind == "money":
        return Money(amount=number, currency=spec.options.get("currency", ""))
    return Number(amount=number, is_grouped=spec.options.get(FORMAT) == WITH_COMMAS)


def _text(text: str) -> Value:
    return Text(text=text)


def _serial(text: str) -> Value:
    """Return an ID, as in TASK-12, as its number behind what all of them begin with."""
    found = _SERIAL.match(text)
    number = to_number(found[2]) if found else None
    if found is None or number is None:
        return Text(text=text)
    return Number(amount=number, is_grouped=False, prefix=found[1] or "")


_TEXTS: Final[Mapping[str, Callable[[str], Value]]] = {
    "choice": lambda text: Choice(label=text),
    "choices": lambda text: Choice(label=text),
    "email": lambda text: Email(address=text),
    "files": lambda text: File(name=text),
    "link": lambda text: Link(url=text),
    "phone": lambda text: Phone(number=text),
    "serial": _serial,
}
