"""Turn an item's raw properties into what a person reads."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from integrations.providers.airtable.ids import FIELD, RECORD, is_id, table_key
from integrations.providers.airtable.listing.structure import FIELD_PREFIX, VIEW_PREFIX
from integrations.providers.airtable.mapping.fields import KINDS, Format, result_of
from integrations.providers.airtable.mapping.items import formats_of
from integrations.providers.airtable.mapping.showing import show
from integrations.providers.airtable.mapping.zones import zone_of
from integrations.providers.records import DisplayField

# These lead somewhere, which several values in one text cannot.
SINGLE_KINDS: Final = frozenset({"email", "phone", "link"})


def describe(
    properties: Mapping[str, Any],
    schema: Mapping[str, Any],
    account: Mapping[str, Any],
) -> list[DisplayField]:
    """Return the properties that have a value, labelled, the primary field first."""
    shown = []
    for name, label, options in _fields(properties, schema):
        told = formats_of(schema).get(name, {})
        value = properties[name]
        text = show(value, told, zone_of(account, told))
        if value is None and told.get("type") == "checkbox":
            # A box without a tick is no empty box, once it is known to be one.
            text = "No"
        if not text:
            continue
        linked = _linked_ids(value, told)
        shown.append(
            DisplayField(
                name=name,
                label=label,
                value=options.get(text, text),
                kind=_kind(value, told),
                linked_ids=linked,
                linked_collection=_linked_collection(told, schema) if linked else "",
            )
        )
    return shown


def _fields(
    properties: Mapping[str, Any], schema: Mapping[str, Any]
) -> Iterator[tuple[str, str, Mapping[str, str]]]:
    """Yield name, label and options of what there is to show, in the schema's order.

    Fields that the schema does not know come last: younger ones, and deleted ones
    in an item's history.
    """
    known = set()
    for entry in schema.get("fields") or ():
        name = str(entry.get("name", ""))
        known.add(name)
        if name in properties and not entry.get("is_hidden"):
            yield name, str(entry.get("label") or name), entry.get("options") or {}
    rest = [name for name in properties if name not in known]
    for name in sorted(rest, key=lambda name: (name[:5], str(properties[name]))):
        yield name, _label(name), {}


def _label(name: str) -> str:
    if name.startswith(FIELD_PREFIX):
        return "Field"
    if name.startswith(VIEW_PREFIX):
        return "View"
    if is_id(name, FIELD):
        return f"Field {name}"
    return name.replace("_", " ").capitalize()


def _kind(value: object, told: Format) -> str:
    kind = KINDS.get(str(result_of(told).get("type")), "text")
    if kind not in SINGLE_KINDS:
        return kind
    is_single = isinstance(value, str) or (isinstance(value, list) and len(value) == 1)
    return kind if is_single else "text"


def _linked_ids(value: object, told: Format) -> tuple[str, ...]:
    """Return the ids of linked records; their names are in the table they are in."""
    if result_of(told).get("type") != "multipleRecordLinks":
        return ()
    entries: Sequence[object] = value if isinstance(value, list) else ()
    ids = [each.get("id") if isinstance(each, dict) else each for each in entries]
    return tuple(str(each) for each in ids if is_id(each, RECORD))


def _linked_collection(told: Format, schema: Mapping[str, Any]) -> str:
    """Return the collection that holds the linked records, which is in their base."""
    base_id, table_id = schema.get("base_id"), result_of(told).get("table")
    return table_key(str(base_id), str(table_id)) if base_id and table_id else ""
