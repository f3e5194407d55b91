"""Keep how fields that a schema no longer has were labelled and typed.

An item's history tells their values, which nothing else describes any more.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from integrations.providers.records import FIELDS_KEY, UNSHOWN_KEYS, field_entries

# Key of what is kept of them beside a collection's schema.
FORMER_KEY: Final = "former"
# Of fields that came and went more often, the last so many are known, as far as their
# JSON has so many characters together.
MOST, MOST_LENGTH = 200, 200_000
_FIELD: Final = "field"
_TOLD: Final = "told"


def former_fields(
    kept: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what is to be kept when one schema takes the place of another, by name.

    ``kept`` is what was until now. A field that is back is no former one.
    """
    names = _by_name(after)
    gone = {n: each for n, each in _by_name(before).items() if n not in names}
    still = {n: each for n, each in kept.items() if n not in names and n not in gone}
    parts = {k: v for k, v in before.items() if k not in UNSHOWN_KEYS}
    found = {name: _keep(entry, parts) for name, entry in gone.items()}
    return _bounded(still | found)


def _by_name(schema: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    named = ((entry.get("name"), entry) for entry in field_entries(schema))
    return {name: entry for name, entry in named if isinstance(name, str)}


def _bounded(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the last of the fields that there is room for."""
    kept: list[str] = []
    room = MOST_LENGTH
    for name in list(reversed(fields))[:MOST]:
        length = len(json.dumps(fields[name]))
        if length <= room:
            room -= length
            kept.append(name)
    return {name: fields[name] for name in reversed(kept)}


def with_former(
    schema: Mapping[str, Any], kept: Mapping[str, Any], names: Iterable[str]
) -> Mapping[str, Any]:
    """Return a schema that describes the former fields of these names as well."""
    wanted = [kept[name] for name in names if name in kept]
    if not wanted:
        return schema
    whole = dict(schema)
    whole[FIELDS_KEY] = [*field_entries(schema), *(each[_FIELD] for each in wanted)]
    for each in wanted:
        name = each[_FIELD]["name"]
        for part, told in each[_TOLD].items():
            beside = whole.get(part)
            if isinstance(beside, dict | None):
                whole[part] = {name: told, **(beside or {})}
    return whole


def _keep(entry: Mapping[str, Any], parts: Mapping[str, Any]) -> dict[str, Any]:
    """Return a field's entry, and what the schema tells beside it by its name."""
    name = entry["name"]
    told = {
        part: values[name]
        for part, values in parts.items()
        if isinstance(values, dict) and name in values
    }
    return {_FIELD: {**entry, "hint": "deleted"}, _TOLD: told}
