"""Show records the way HubSpot does."""

import json
from dataclasses import dataclass
from typing import Any

from sandbox.core.storage import Row, Storage
from sandbox.core.times import to_short_iso
from sandbox.core.web import Request
from sandbox.hubspot.api.auth import Caller
from sandbox.hubspot.api.errors import invalid
from sandbox.hubspot.api.inputs import require
from sandbox.hubspot.api.records import find_links
from sandbox.hubspot.seed.accounts import ALIASES, BY_ID, MODIFIED, SINGULAR, TYPES
from sandbox.hubspot.seed.definitions import choose_properties
from sandbox.hubspot.seed.tables import PRIMARY, TYPE_IDS

MAX_ASSOCIATIONS = 100
NOTHING = "-"


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What an answer shows of a record."""

    portal: str
    type: str
    names: tuple[str, ...]
    history: tuple[str, ...] = ()
    associations: tuple[str, ...] = ()
    archived: bool = False


def read_shape(request: Request, caller: Caller, type_id: str) -> Shape:
    """Read what a query wants to see."""
    query = request.query
    wanted = []
    for name in filter(None, query.get("associations", "").split(",")):
        other = ALIASES.get(name.strip())
        if other is None or other == type_id:
            raise invalid(request, f"One or more associations are invalid: {name}")
        require(caller, other, "read")
        wanted.append(other)
    return Shape(
        portal=caller.portal,
        type=type_id,
        names=choose_properties(type_id, query.get("properties", "")),
        history=choose_properties(
            type_id, query.get("propertiesWithHistory") or NOTHING
        ),
        associations=tuple(wanted),
        archived=query.get("archived", "").lower() == "true",
    )


def to_object(storage: Storage, row: Row, shape: Shape) -> dict[str, Any]:
    """Show one record; a property that is defined but unset is null."""
    values = json.loads(row["properties"])
    record_id = values["hs_object_id"]
    domain = BY_ID[shape.portal].ui_domain
    shown = {
        "id": record_id,
        "properties": {name: values.get(name) for name in shape.names},
        "createdAt": values["createdate"],
        "updatedAt": values[MODIFIED[shape.type]],
        "archived": shape.archived,
        "url": f"https://{domain}/contacts/{shape.portal}/record/{shape.type}/{record_id}",
    }
    if shape.archived:
        shown["archivedAt"] = to_short_iso(row["archived_at"])
    if shape.history:
        shown["propertiesWithHistory"] = _get_history(storage, row, values, shape)
    return shown


def _get_history(
    storage: Storage, row: Row, values: dict[str, str], shape: Shape
) -> dict[str, list[dict[str, str]]]:
    rows = storage.all(
        "SELECT * FROM hubspot_history WHERE portal = ? AND type = ? AND id = ?"
        " ORDER BY at DESC, rowid DESC",
        *(shape.portal, shape.type, row["id"]),
    )
    found: dict[str, list[dict[str, str]]] = {name: [] for name in shape.history}
    for name, value, at, source in (tuple(entry)[3:] for entry in rows):
        if name in found:
            found[name].append(_to_version(value, at, source))
    for name, versions in found.items():
        if not versions and name in values:
            versions.append(_to_version(values[name], row["created"], "IMPORT"))
    return found


def _to_version(value: str, at: int, source: str) -> dict[str, str]:
    return {"value": value, "timestamp": to_short_iso(at), "sourceType": source}


def add_associations(
    storage: Storage,
    request: Request,
    rows: list[Row],
    shown: list[dict[str, Any]],
    shape: Shape,
) -> None:
    """Add the associations of a page; a record without any has no such key."""
    ids = [row["id"] for row in rows]
    for other in shape.associations if ids else ():
        links = find_links(storage, shape.portal, shape.type, other, ids)
        for record_id, item in zip(ids, shown, strict=True):
            if record_id not in links:
                continue
            entries = [
                {"id": str(link["to_id"]), "type": _name(link, shape.type, other)}
                for link in links[record_id]
            ]
            path = f"{request.origin}/hubspot/crm/v3/objects/{TYPES[shape.type]}"
            group = _cut(entries, f"{path}/{record_id}/associations/{TYPES[other]}")
            item.setdefault("associations", {})[TYPES[other]] = group


def _name(link: Row, from_type: str, to_type: str) -> str:
    """Name an association type as lists show it."""
    name = f"{SINGULAR[from_type]}_to_{SINGULAR[to_type]}"
    has_primary = TYPE_IDS[from_type, to_type][1] is not None
    is_plain = has_primary and link["type_id"] not in PRIMARY
    return f"{name}_unlabeled" if is_plain else name


def _cut(entries: list[dict[str, str]], url: str) -> dict[str, Any]:
    """Show the first of many associations, and where the others begin."""
    kept: list[dict[str, str]] = []
    for entry in entries:
        after = entry["id"]
        if len(kept) >= MAX_ASSOCIATIONS and after != kept[-1]["id"]:
            following = {"after": after, "link": f"{url}?after={after}"}
            return {"results": kept, "paging": {"next": following}}
        kept.append(entry)
    return {"results": kept}
