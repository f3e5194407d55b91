"""Turn a field's definition into a FieldSpec and into how its values are written."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeGuard

from integrations.providers.airtable.ids import FIELD, TABLE, is_id
from integrations.providers.links import INVERSE_FIELD
from integrations.providers.records import FieldSpec, colours_of
from integrations.providers.typed.values import one_line

Format = Mapping[str, Any]

MAX_OPTIONS: Final = 1000
# A result says its own type; results of results are nonsense.
MAX_DEPTH: Final = 3
KINDS: Final = {
    "autoNumber": "serial",
    "button": "button",
    "checkbox": "boolean",
    "count": "number",
    "createdBy": "user",
    "createdTime": "datetime",
    "currency": "money",
    "date": "date",
    "dateTime": "datetime",
    "duration": "duration",
    "email": "email",
    "externalSyncSource": "choice",
    "lastModifiedBy": "user",
    "lastModifiedTime": "datetime",
    "multipleAttachments": "files",
    "multipleCollaborators": "user",
    "multipleRecordLinks": "relation",
    "multipleSelects": "choices",
    "number": "number",
    "percent": "percent",
    "phoneNumber": "phone",
    "rating": "rating",
    "richText": "markdown",
    "singleCollaborator": "user",
    "singleSelect": "choice",
    "url": "link",
}
# It holds when a record, or some of its fields, were edited.
MODIFIED: Final = "lastModifiedTime"
COMPUTED: Final = frozenset(
    {
        "aiText",
        "autoNumber",
        "button",
        "count",
        "createdBy",
        "createdTime",
        "externalSyncSource",
        "formula",
        "lastModifiedBy",
        MODIFIED,
        "multipleLookupValues",
        "rollup",
    }
)
HIDDEN: Final = frozenset({"manualSort"})


def to_field(entry: Mapping[str, Any]) -> tuple[FieldSpec, dict[str, Any]] | None:
    """Return what is to know of one field, or None for an odd definition.

    The list of types is open, so that values of an unknown one are shown by their
    own shape.
    """
    name = entry.get("id")
    if not isinstance(name, str) or not is_id(name, FIELD):
        return None
    told = to_format(entry)
    spec = FieldSpec(
        name=name,
        label=one_line(entry.get("name")) or name,
        kind=KINDS.get(result_of(told)["type"], "text"),
        options=_to_options(options_of(entry)) | _inverse(options_of(entry)),
        is_hidden=told["type"] in HIDDEN,
        is_read_only=told["type"] in COMPUTED,
        hint=type_in_words(entry),
    )
    return spec, told


def to_format(entry: Mapping[str, Any], *, depth: int = 0) -> dict[str, Any]:
    """Return the type of a field and what showing its values takes, JSON-safe."""
    options = options_of(entry)
    told: dict[str, Any] = {"type": one_line(entry.get("type"))}
    for key, name in _NUMBERS.items():
        value = options.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 10:
            told[key] = value
    for key, name in _TEXTS.items():
        if value := one_line(options.get(name)):
            told[key] = value
    if options.get("isValid") is False:
        told["is_broken"] = True
    if is_id(options.get("linkedTableId"), TABLE):
        told["table"] = options["linkedTableId"]
    result = options.get("result")
    if isinstance(result, dict) and depth < MAX_DEPTH:
        told["result"] = to_format(result, depth=depth + 1)
    return told


def type_in_words(entry: Mapping[str, Any]) -> str:
    """Return the type of a field, with that of what it comes to: formula: currency."""
    words = _HUMP.sub(" ", one_line(entry.get("type"))).lower()
    result = options_of(entry).get("result")
    of = type_in_words(result) if isinstance(result, dict) else ""
    return f"{words}: {of}" if of else words


def colours(entries: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """Return the colours of the options of those fields that have some."""
    found = {
        str(each.get("id")): colours_of(options_of(each).get("choices"))
        for each in entries
    }
    return {name: own for name, own in found.items() if own}


def formats_of(schema: Mapping[str, Any]) -> Mapping[str, Format]:
    """Return how each field's values are written, as the schema keeps it."""
    formats = schema.get("formats")
    if not isinstance(formats, dict):
        return {}
    return {name: told for name, told in formats.items() if isinstance(told, dict)}


def bookkeeping_in(schema: Mapping[str, Any]) -> list[str]:
    """Return the fields that say when a record was edited."""
    formats = formats_of(schema).items()
    return [name for name, told in formats if told.get("type") == MODIFIED]


def result_of(told: Format) -> Format:
    """Return the format of what a formula, lookup or rollup comes to."""
    result = told.get("result")
    return result_of(result) if isinstance(result, dict) else told


_HUMP: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_NUMBERS: Final = {"precision": "precision", "max": "max"}
_TEXTS: Final = {
    "symbol": "symbol",
    "duration": "durationFormat",
    "time_zone": "timeZone",
}


def options_of(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a field's definition says beyond its type, if anything."""
    options = entry.get("options")
    return options if isinstance(options, dict) else {}


def _to_options(options: Mapping[str, Any]) -> dict[str, str]:
    """Return the choices of a select: a record holds them by name."""
    choices = options.get("choices")
    names = [
        choice.get("name")
        for choice in (choices if isinstance(choices, list) else [])[:MAX_OPTIONS]
        if isinstance(choice, dict)
    ]
    return {name: one_line(name) or name for name in names if _is_text(name)}


def _inverse(options: Mapping[str, Any]) -> dict[str, str]:
    """Return the field of the linked table that shows the same links."""
    field = options.get("inverseLinkFieldId")
    return {INVERSE_FIELD: str(field)} if is_id(field, FIELD) else {}


def _is_text(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and value != ""
