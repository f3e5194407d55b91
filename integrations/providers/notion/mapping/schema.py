"""Read the columns of a data source: their ids, labels, kinds and options."""

import json
from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import Any, Final

from integrations.providers.links import INVERSE_FIELD, TARGET
from integrations.providers.notion.ids import find_id
from integrations.providers.notion.mapping.items import (
    ABOUT,
    BLOCK_KEY,
    BURIED_KEY,
    ICON_KEY,
    MAX_ID,
    PARENT_KEY,
)
from integrations.providers.records import (
    COLOURS_KEY,
    DEFINITIONS_KEY,
    FIELDS_KEY,
    NAME_LABEL_KEY,
    REFUSED_KEY,
    TAG_KEY,
    FieldSpec,
    colours_of,
    read_fields,
)
from integrations.providers.typed.definitions import fingerprint
from integrations.providers.typed.values import cut

MAX_FIELDS: Final = 500
MAX_OPTIONS: Final = 1000
MAX_LABEL: Final = 200
# Under this key of a schema stand the names of users by id.
USERS: Final = "users"
# Under this option a number says how it is shown where that is no currency.
FORMAT: Final = "format"

ABOUT_FIELDS: Final = (
    # It stands before the name.
    FieldSpec(name=ICON_KEY, label="Icon", is_hidden=True),
    FieldSpec(name=f"{ABOUT}description", label="Description", is_read_only=True),
    FieldSpec(
        name=f"{ABOUT}public_url", label="Published at", kind="link", is_read_only=True
    ),
    FieldSpec(
        name=f"{ABOUT}archived", label="Archived", kind="boolean", is_read_only=True
    ),
    FieldSpec(
        name=BURIED_KEY, label="Inside the trash", kind="boolean", is_read_only=True
    ),
    FieldSpec(name=f"{ABOUT}locked", label="Locked", kind="boolean", is_read_only=True),
    FieldSpec(name=f"{ABOUT}inline", label="Inline", kind="boolean", is_read_only=True),
    FieldSpec(name=BLOCK_KEY, label="Block around it", is_hidden=True),
    FieldSpec(name=PARENT_KEY, label="Kind of its parent", is_hidden=True),
)
_KINDS: Final = {
    "number": "number",
    "select": "choice",
    "status": "choice",
    "multi_select": "choices",
    "date": "date",
    "created_time": "datetime",
    "last_edited_time": "datetime",
    "people": "user",
    "created_by": "user",
    "last_edited_by": "user",
    "checkbox": "boolean",
    "url": "link",
    "email": "email",
    "phone_number": "phone",
    "relation": "relation",
    "files": "files",
    "unique_id": "serial",
    "formula": "value",
    "rollup": "value",
    "verification": "verification",
}
_LEADING: Final = ("choice", "user", "date")
_READ_ONLY: Final = frozenset(
    ("created_time", "created_by", "last_edited_time", "last_edited_by")
) | {"formula", "rollup", "unique_id", "button"}
_EDITED: Final = "last_edited_time"
# https://developers.notion.com/reference/property-object#number
_CURRENCIES: Final = {
    "dollar": "USD",
    "australian_dollar": "AUD",
    "canadian_dollar": "CAD",
    "singapore_dollar": "SGD",
    "euro": "EUR",
    "pound": "GBP",
    "yen": "JPY",
    "ruble": "RUB",
    "rupee": "INR",
    "won": "KRW",
    "yuan": "CNY",
    "real": "BRL",
    "lira": "TRY",
    "rupiah": "IDR",
    "franc": "CHF",
    "hong_kong_dollar": "HKD",
    "new_zealand_dollar": "NZD",
    "krona": "SEK",
    "norwegian_krone": "NOK",
    "mexican_peso": "MXN",
    "rand": "ZAR",
    "new_taiwan_dollar": "TWD",
    "danish_krone": "DKK",
    "zloty": "PLN",
    "baht": "THB",
    "forint": "HUF",
    "koruna": "CZK",
    "shekel": "ILS",
    "chilean_peso": "CLP",
    "philippine_peso": "PHP",
    "dirham": "AED",
    "colombian_peso": "COP",
    "riyal": "SAR",
    "ringgit": "MYR",
    "leu": "RON",
    "argentine_peso": "ARS",
    "uruguayan_peso": "UYU",
    "peruvian_sol": "PEN",
}
# Rollups with these functions are shares of one.
_SHARES: Final = frozenset(
    ("percent_empty", "percent_not_empty", "percent_checked", "percent_unchecked")
) | {"percent_per_group"}
# Rollups with these are numbers or days, whatever they are made of; the others are
# known by their values alone.
_ROLLED_UP: Final = {
    **dict.fromkeys(_SHARES, "percent"),
    **dict.fromkeys(
        (
            *("average", "median", "min", "max", "range", "sum"),
            *("count", "count_per_group", "count_values", "unique"),
            *("checked", "unchecked", "empty", "not_empty"),
        ),
        "number",
    ),
    **dict.fromkeys(("earliest_date", "latest_date"), "date"),
}
# What is told of these columns changes the values of rows that nobody edits.
# https://developers.notion.com/reference/property-object
_DEFINING: Final = {
    "formula": ("expression",),
    "rollup": ("function", "relation_property_id", "rollup_property_id"),
    "unique_id": ("prefix",),
}
# Without commas, which is what Notion does with a number unless told otherwise.
PLAIN, WITH_COMMAS = "number", "number_with_commas"


def to_schema(source: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the fields of a data source, or of things that have no columns."""
    properties = source.get("properties") if source else None
    entries = properties if isinstance(properties, dict) else {}
    found = (_to_field(name, each) for name, each in entries.items())
    fields = [spec for spec in found if spec is not None]
    shown = fields[:MAX_FIELDS]
    schema = {
        FIELDS_KEY: [spec.to_json() for spec in (*shown, *ABOUT_FIELDS)],
        REFUSED_KEY: ["more_fields"] if len(fields) > MAX_FIELDS else [],
        COLOURS_KEY: _colours(entries),
        DEFINITIONS_KEY: _definitions(entries),
        NAME_LABEL_KEY: _title_label(entries),
    }
    return {**schema, TAG_KEY: tag_of(schema)} if source else schema


def tag_of(schema: Mapping[str, Any]) -> str:
    """Return what changes whenever something about the columns does."""
    fields = sorted(schema[FIELDS_KEY], key=lambda each: str(each["name"]))
    about = [fields, schema[COLOURS_KEY], schema[NAME_LABEL_KEY]]
    told = json.dumps(about, sort_keys=True)
    return blake2b(told.encode(), digest_size=8).hexdigest()


def _colours(entries: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Return the colours of the options of those columns that have some."""
    found = {}
    for each in entries.values():
        about = each.get(str(each.get("type"))) if isinstance(each, dict) else None
        if isinstance(about, dict):
            found[str(each.get("id"))] = colours_of(about.get("options"))
    return {name: own for name, own in found.items() if own}


def _definitions(entries: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return what the values of computed columns follow from: ids, never names."""
    found = {}
    for each in entries.values():
        kind = each.get("type") if isinstance(each, dict) else None
        about = each.get(kind) if isinstance(kind, str) else None
        keys = _DEFINING.get(str(kind))
        if keys and isinstance(about, dict):
            told = [about.get(key) for key in keys]
            found[str(each.get("id"))[:MAX_ID]] = [fingerprint(kind, *told)]
    return found


def _title_label(entries: Mapping[str, Any]) -> str:
    """Return what users call the column of the titles; each data source has one."""
    titles = (
        name
        for name, each in entries.items()
        if isinstance(each, dict) and each.get("type") == "title"
    )
    return cut(next(titles, ""), MAX_LABEL)


def _to_field(name: str, entry: object) -> FieldSpec | None:
    """Map one column; the title has none, because it is the item's name."""
    if not isinstance(entry, dict) or entry.get("type") == "title":
        return None
    remote_id, kind = entry.get("id"), entry.get("type")
    if not isinstance(remote_id, str) or not remote_id or not isinstance(kind, str):
        return None
    about = entry.get(kind)
    about = about if isinstance(about, dict) else {}
    return FieldSpec(
        name=remote_id[:MAX_ID],
        label=cut(name, MAX_LABEL) or remote_id,
        kind=_kind_of(kind, about),
        options=_READ_OPTIONS.get(kind, _options)(about),
        is_read_only=kind in _READ_ONLY,
        hint=_hint(kind),
    )


def _hint(kind: str) -> str:
    return kind.replace("_", " ")


def leading_columns(schema: Mapping[str, Any]) -> list[str]:
    """Return the columns of a data source: states first, then people, then dates."""
    own = [
        spec
        for spec in read_fields(schema)
        if not spec.is_hidden and not spec.name.startswith(ABOUT)
    ]
    places = {kind: place for place, kind in enumerate(_LEADING)}
    own.sort(key=lambda spec: places.get(spec.kind, len(places)))
    return [spec.name for spec in own]


def bookkeeping_in(schema: Mapping[str, Any]) -> list[str]:
    """Return the columns that say when a page was edited."""
    return [spec.name for spec in read_fields(schema) if spec.hint == _hint(_EDITED)]


def names_users(schema: Mapping[str, Any]) -> bool:
    """Tell whether a schema has columns that hold users."""
    kinds = {field["kind"] for field in schema["fields"]}
    return not kinds.isdisjoint({"user", "verification"})


def _kind_of(kind: str, about: Mapping[str, Any]) -> str:
    if kind == "rollup":
        return _ROLLED_UP.get(str(about.get("function")), _KINDS[kind])
    if kind != "number":
        return _KINDS.get(kind, "text")
    if about.get("format") == "percent":
        return "percent"
    return "money" if "currency" in _format(about) else "number"


def _format(about: Mapping[str, Any]) -> dict[str, str]:
    """Return the currency of a number, known or not, or that it has commas."""
    told = about.get("format")
    if not isinstance(told, str) or told in {PLAIN, "percent"}:
        return {}
    if told == WITH_COMMAS:
        return {FORMAT: WITH_COMMAS}
    currency = _CURRENCIES.get(told) or cut(told.replace("_", " "), MAX_LABEL)
    return {"currency": currency}


def _options(about: Mapping[str, Any]) -> dict[str, str]:
    """Return the names of a choice; values are stored by name, as users see them."""
    options = about.get("options")
    entries = options[:MAX_OPTIONS] if isinstance(options, list) else []
    places = _places_in_groups(about)
    told = [each for each in entries if isinstance(each, dict)]
    told.sort(key=lambda each: places.get(str(each.get("id")), len(places)))
    names = (each.get("name") for each in told)
    return {n: cut(n, MAX_LABEL) for n in names if isinstance(n, str) and n}


def _places_in_groups(about: Mapping[str, Any]) -> dict[str, int]:
    """Return the places of a status's options, group by group, as Notion sorts them.

    https://developers.notion.com/reference/property-object#status
    """
    groups = about.get("groups")
    entries = groups[:MAX_OPTIONS] if isinstance(groups, list) else []
    listed = (each.get("option_ids") for each in entries if isinstance(each, dict))
    ids = (each for ids in listed if isinstance(ids, list) for each in ids)
    return {str(each): place for place, each in enumerate(ids)}


def _target(about: Mapping[str, Any]) -> dict[str, str]:
    target = find_id(about.get("data_source_id"))
    told = {TARGET: target} if target else {}
    dual = about.get("dual_property")
    inverse = dual.get("synced_property_id") if isinstance(dual, dict) else None
    return {**told, INVERSE_FIELD: inverse} if isinstance(inverse, str) else told


_READ_OPTIONS: Final[dict[str, Callable[[Mapping[str, Any]], dict[str, str]]]] = {
    "number": _format,
    "relation": _target,
}
