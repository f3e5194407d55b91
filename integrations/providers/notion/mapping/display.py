"""Turn stored values into what a person reads, by their kind and their shape."""

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from integrations.providers.notion.ids import find_id, find_ids
from integrations.providers.notion.mapping.items import ABOUT
from integrations.providers.notion.mapping.schema import ABOUT_FIELDS, TARGET
from integrations.providers.notion.mapping.titles import MORE
from integrations.providers.records import DisplayField, FieldSpec

MAX_DIGITS: Final = 24
MAX_SHOWN: Final = 4000
UNNAMED: Final = "Somebody"
LINKING: Final = frozenset({"links", "value"})
_VERIFIED: Final = {
    "verified": "Verified",
    "expired": "Verification expired",
    "unverified": "Not verified",
}
_ISO_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d\Z", re.ASCII)


def describe(
    properties: Mapping[str, Any], schema: Mapping[str, Any]
) -> list[DisplayField]:
    """Return the properties that have a value, labelled, columns first."""
    shown = []
    for spec in _fields(properties, schema):
        kept = properties.get(spec.name)
        linked = linked_ids(kept, spec)
        value = _count(kept, linked) if linked else show(kept, spec)[:MAX_SHOWN]
        if value:
            shown.append(
                DisplayField(
                    name=spec.name,
                    label=spec.label,
                    value=value,
                    kind=spec.kind,
                    linked_ids=linked,
                    linked_collection=spec.options.get(TARGET, "") if linked else "",
                )
            )
    return shown


def linked_ids(value: object, spec: FieldSpec) -> tuple[str, ...]:
    """Return the pages that a relation names, or a rollup of relations."""
    if spec.kind not in LINKING or not isinstance(value, list):
        return ()
    # A rollup shows all sorts of things; only when they all are ids they are links.
    if not all(each == MORE or find_id(each) for each in value):
        return ()
    return tuple(find_ids(value))


def _count(value: Any, linked: tuple[str, ...]) -> str:
    """Say how many pages are linked, where nobody looks up their names."""
    noun = "page" if len(linked) == 1 else "pages"
    more = " or more" if MORE in value else ""
    return f"{len(linked)} {noun}{more}"


def show(value: Any, spec: FieldSpec) -> str:
    """Return one value for reading; what is not understood is shown as it is."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, list):
        return ", ".join(filter(None, (show(each, spec) for each in value)))
    if isinstance(value, dict):
        return _show_object(value)
    if isinstance(value, int | float):
        return _show_number(value, spec)
    text = str(value)
    return _show_moment(text) if spec.kind in {"date", "datetime"} else text


def _fields(
    properties: Mapping[str, Any], schema: Mapping[str, Any]
) -> Iterator[FieldSpec]:
    """Yield the fields to show; a column younger than the schema comes last."""
    entries = schema.get("fields")
    specs = [_to_spec(each) for each in entries or () if isinstance(each, dict)]
    known = {spec.name for spec in specs}
    specs += [spec for spec in ABOUT_FIELDS if spec.name not in known]
    yield from (spec for spec in specs if not spec.is_hidden)
    for name in sorted(set(properties) - known):
        if not name.startswith(ABOUT):
            yield FieldSpec(name=name, label=name, kind="value")


def _to_spec(entry: Mapping[str, Any]) -> FieldSpec:
    name = str(entry.get("name", ""))
    return FieldSpec(
        name=name,
        label=str(entry.get("label") or name),
        kind=str(entry.get("kind", "text")),
        options=entry.get("options") or {},
        is_hidden=bool(entry.get("is_hidden")),
    )


def _show_object(value: Mapping[str, Any]) -> str:
    """Show a date, a verification or a person: the objects that are kept."""
    if "start" in value:
        return _show_range(value)
    if "state" in value:
        return _show_verification(value)
    return str(value.get("name") or UNNAMED) if "id" in value else ""


def _show_verification(value: Mapping[str, Any]) -> str:
    words = [_VERIFIED.get(str(value["state"]), str(value["state"]))]
    person, period = value.get("by"), value.get("date")
    if isinstance(person, dict) and person.get("name"):
        words.append(f"by {person['name']}")
    if isinstance(period, dict) and period.get("end"):
        words.append(f"until {_show_moment(str(period['end']))}")
    return " ".join(words)


def _show_range(value: Mapping[str, Any]) -> str:
    """Show a date, or a range, in the zone that was entered with it."""
    ends = [value.get("start"), value.get("end")]
    text = " to ".join(_show_moment(str(end)) for end in ends if end)
    zone = value.get("time_zone")
    return f"{text} ({zone})" if zone else text


def _show_moment(text: str) -> str:
    try:
        if _ISO_DATE.match(text):
            return date.fromisoformat(text).isoformat()
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return f"{moment:%Y-%m-%d %H:%M %Z}".strip()


def _show_number(value: float, spec: FieldSpec) -> str:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return str(value)
    if not number.is_finite() or abs(number.adjusted()) > MAX_DIGITS:
        return str(value)
    if spec.kind == "percent":
        return f"{_plain(number * 100)} %"
    if spec.kind == "money":
        return f"{_amount(number)} {spec.options.get('currency', '')}".strip()
    return _plain(number)


def _plain(number: Decimal) -> str:
    is_whole = number == number.to_integral_value()
    return f"{number:,.0f}" if is_whole else f"{number.normalize():,f}"


def _amount(number: Decimal) -> str:
    is_whole = number == number.to_integral_value()
    return f"{number:,.{0 if is_whole else 2}f}"
