"""Show records the way HubSpot does."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.core.storage import Row
from sandbox.core.times import to_short_iso
from sandbox.hubspot.api.calls import READ, Call
from sandbox.hubspot.api.errors import ApiRefusal
from sandbox.hubspot.seed.accounts import ALIASES, BY_ID, MODIFIED, SINGULAR, TYPES
from sandbox.hubspot.seed.definitions import DEFAULTS, choose_properties
from sandbox.hubspot.seed.tables import PRIMARY, TYPE_IDS

MAX_ASSOCIATIONS = 100


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What an answer shows of each record."""

    names: list[str]
    history: list[str]
    associations: list[str]


def read_query(call: Call) -> Shape:
    """Read what a query wants to see of records."""
    fields = ("properties", "propertiesWithHistory", "associations")
    query = call.request.query
    asked = {name: query[name].split(",") for name in fields if query.get(name)}
    types = [ALIASES.get(name.strip(), "") for name in asked.get("associations", ())]
    for other in types:
        if (call.types[0], other) not in TYPE_IDS:
            raise ApiRefusal("One or more associations are invalid")
        call.require(other, READ)
    return read_shape(call, asked, types)


def read_shape(
    call: Call, asked: Mapping[str, Any], associations: list[str] | None = None
) -> Shape:
    """Read what a body wants to see; no properties asked for is the default ones."""
    type_id = call.types[0]
    names = _read_names(asked, "properties") or DEFAULTS[type_id].split()
    history = _read_names(asked, "propertiesWithHistory")
    return Shape(
        names=choose_properties(type_id, names),
        history=choose_properties(type_id, history),
        associations=associations or [],
    )


def _read_names(asked: Mapping[str, Any], field: str) -> list[str]:
    names = asked.get(field) or []
    if not isinstance(names, list):
        raise ApiRefusal(f"{field} must be a list")
    return [str(name) for name in names]


def to_objects(call: Call, rows: list[Row], shape: Shape) -> list[dict[str, Any]]:
    """Show records; one without associations of a type has no such key."""
    shown = {row["id"]: _to_object(call, row, shape) for row in rows}
    for other in shape.associations:
        for record_id, links in call.records.find_links(other, list(shown)).items():
            groups = shown[record_id].setdefault("associations", {})
            groups[TYPES[other]] = _to_group(call, record_id, other, links)
    return list(shown.values())


def _to_object(call: Call, row: Row, shape: Shape) -> dict[str, Any]:
    """Show one record; a property that is defined but unset is null."""
    values, type_id = json.loads(row["properties"]), call.types[0]
    domain, name = BY_ID[call.portal].ui_domain, values["hs_object_id"]
    shown = {
        "id": name,
        "properties": {name: values.get(name) for name in shape.names},
        "createdAt": values["createdate"],
        "updatedAt": values[MODIFIED[type_id]],
        "archived": bool(row["archived"]),
        "url": f"https://{domain}/contacts/{call.portal}/record/{type_id}/{name}",
    }
    if row["archived"]:
        shown["archivedAt"] = to_short_iso(row["archived_at"])
    if shape.history:
        history = {
            name: _get_history(call, row["id"], values, name) for name in shape.history
        }
        shown["propertiesWithHistory"] = history
    return shown


def _get_history(
    call: Call, record_id: int, values: dict[str, str], name: str
) -> list[dict[str, str]]:
    """Return the values of one property, newest first; the first was imported."""
    rows = call.sandbox.storage.all(
        "SELECT * FROM hubspot_history WHERE portal = ? AND type = ? AND id = ?"
        " AND name = ? ORDER BY at DESC, rowid DESC",
        *(call.portal, call.types[0], record_id, name),
    )
    versions = [(row["value"], to_short_iso(row["at"]), row["source"]) for row in rows]
    first = rows[-1]["old"] if rows else values.get(name)
    if first is not None:
        versions.append((first, values["createdate"], "IMPORT"))
    fields = ("value", "timestamp", "sourceType")
    return [dict(zip(fields, version, strict=True)) for version in versions]


def _to_group(
    call: Call, record_id: int, other: str, links: list[Row]
) -> dict[str, Any]:
    """Show the first of many associations, and where the others begin."""
    kept: list[dict[str, str]] = []
    for link in links:
        after = str(link["to_id"])
        if len(kept) >= MAX_ASSOCIATIONS and after != kept[-1]["id"]:
            path = f"{TYPES[call.types[0]]}/{record_id}/associations/{TYPES[other]}"
            return {"results": kept, **to_paging(call, path, after)}
        kept.append({"id": after, "type": _name(link, call.types[0], other)})
    return {"results": kept}


def _name(link: Row, from_type: str, to_type: str) -> str:
    """Name an association type as lists show it."""
    name = f"{SINGULAR[from_type]}_to_{SINGULAR[to_type]}"
    has_primary = TYPE_IDS[from_type, to_type][1] is not None
    is_plain = has_primary and link["type_id"] not in PRIMARY
    return f"{name}_unlabeled" if is_plain else name


def to_paging(call: Call, path: str, after: str) -> dict[str, Any]:
    """Return where the next page begins; the link's version nobody may call."""
    link = f"{call.request.origin}/hubspot/crm/v3/objects/{path}?after={after}"
    return {"paging": {"next": {"after": after, "link": link}}}
