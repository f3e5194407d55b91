"""Let people and tests change the simulated records behind the API's back."""

import hashlib
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sandbox.core.provider import Action, OrderError, Params
from sandbox.core.storage import Row
from sandbox.core.times import to_short_iso
from sandbox.hubspot.api import records
from sandbox.hubspot.api.auth import SLUG
from sandbox.hubspot.api.merging import merge_records
from sandbox.hubspot.api.records import Change
from sandbox.hubspot.seed.accounts import ALIASES, MODIFIED, PORTALS, TYPES
from sandbox.hubspot.seed.definitions import get_definitions

if TYPE_CHECKING:
    from sandbox.core.state import Sandbox

TOUCHED = {"0-1": "jobtitle", "0-2": "description", "0-3": "description"}
MAX_PAGE = 1_000


def get_change(sandbox: "Sandbox", portal: str) -> Change:
    """Return a change as a person makes it in HubSpot itself."""
    lag = sandbox.switches.get(SLUG, "index_lag", portal)
    return Change(now=sandbox.now_ms, lag=int(lag * 1000), source="CRM_UI")


def _get_portal(params: Params) -> str:
    portal = str(params.get("account") or PORTALS[0].id)
    if portal not in {p.id for p in PORTALS}:
        message = f"no account {portal}"
        raise OrderError(message)
    return portal


def _get_type(params: Params) -> str:
    type_id = ALIASES.get(str(params.get("type") or "contacts"))
    if type_id is None:
        message = f"no record type {params.get('type')}"
        raise OrderError(message)
    return type_id


def _get_row(
    sandbox: "Sandbox", params: Params, field: str = "id", *, archived: bool = False
) -> Row:
    portal, type_id, text = _get_portal(params), _get_type(params), params.get(field)
    row = None
    if str(text).isdigit():
        row = records.find_record(
            sandbox.storage, portal, type_id, int(str(text)), archived=archived
        )
    if row is None:
        message = f"no such {TYPES[type_id]} record: {text}"
        raise OrderError(message)
    return row


def _get_values(params: Params) -> dict[str, str | None]:
    """Return the properties to set: an object, or one name and value of a form."""
    given = params.get("properties")
    if not isinstance(given, dict):
        name = str(params.get("property") or "")
        given = {name: params.get("value")} if name else {}
    known = get_definitions(_get_type(params))
    if unknown := given.keys() - known.keys():
        message = f"not defined: {', '.join(sorted(unknown))}"
        raise OrderError(message)
    return {name: None if v is None else str(v) for name, v in given.items()}


def edit(sandbox: "Sandbox", params: Params) -> dict[str, Any]:
    """Set properties of one record; null clears one."""
    row = _get_row(sandbox, params)
    with sandbox.storage.write() as connection:
        change = get_change(sandbox, row["portal"])
        records.change_record(connection, row, _get_values(params), change)
    return {"id": str(row["id"])}


def create(sandbox: "Sandbox", params: Params) -> dict[str, Any]:
    """Create one record from the properties given, without the API's checks."""
    portal, type_id = _get_portal(params), _get_type(params)
    with sandbox.storage.write() as connection:
        change = get_change(sandbox, portal)
        values = _get_values(params)
        new = records.create_record(connection, portal, type_id, values, change)
    return {"id": str(new)}


def _apply(change_row: Callable[..., None], *, archived: bool) -> Action:
    def act(sandbox: "Sandbox", params: Params) -> dict[str, Any]:
        row = _get_row(sandbox, params, archived=archived)
        with sandbox.storage.write() as connection:
            change_row(connection, row, get_change(sandbox, row["portal"]))
        return {"id": str(row["id"])}

    return act


def erase(sandbox: "Sandbox", params: Params) -> dict[str, Any]:
    """Delete one record for good."""
    row = _get_row(sandbox, params)
    with sandbox.storage.write() as connection:
        records.erase_record(connection, row)
    return {"id": str(row["id"])}


def merge(sandbox: "Sandbox", params: Params) -> dict[str, Any]:
    """Merge the record `other` into the record `id`."""
    winner, loser = _get_row(sandbox, params), _get_row(sandbox, params, "other")
    if winner["id"] == loser["id"]:
        raise OrderError("a record cannot be merged into itself")
    keeps = sandbox.switches.get(SLUG, "merge_keeps_id", winner["portal"])
    with sandbox.storage.write() as connection:
        change = get_change(sandbox, winner["portal"])
        new_id = merge_records(connection, winner, loser, change, keeps_id=keeps)
    return {"id": str(new_id)}


def touch(sandbox: "Sandbox", params: Params) -> dict[str, Any]:
    """Change the first `count` records, after `offset`, at one and the same moment."""
    portal, type_id = _get_portal(params), _get_type(params)
    count, offset = int(params.get("count") or 1), int(params.get("offset") or 0)
    name = str(params.get("property") or TOUCHED[type_id])
    rows = sandbox.storage.all(
        "SELECT * FROM hubspot_record WHERE portal = ? AND type = ? AND archived = 0"
        " ORDER BY id LIMIT ? OFFSET ?",
        portal,
        type_id,
        count,
        offset,
    )
    change = get_change(sandbox, portal)
    text = str(params.get("value") or f"Touched {to_short_iso(change.now)}")
    with sandbox.storage.write() as connection:
        for row in rows:
            records.change_record(connection, row, {name: text}, change)
    ids = [str(row["id"]) for row in rows]
    return {"touched": len(ids), "ids": ids, "value": text}


def show(sandbox: "Sandbox", params: Params) -> dict[str, Any]:
    """Return one record by id, or a page of records from `after` on."""
    portal, type_id = _get_portal(params), _get_type(params)
    archived = str(params.get("archived", "")).lower() in ("1", "true", "on")
    if params.get("id"):
        rows = [_get_row(sandbox, params, archived=archived)]
    else:
        rows = sandbox.storage.all(
            "SELECT * FROM hubspot_record WHERE portal = ? AND type = ?"
            " AND archived = ? AND id > ? ORDER BY id LIMIT ?",
            portal,
            type_id,
            int(archived),
            int(params.get("after") or 0),
            min(int(params.get("limit") or 100), MAX_PAGE),
        )
    return {
        "records": [
            {
                "id": str(row["id"]),
                "archived": bool(row["archived"]),
                "properties": json.loads(row["properties"]),
            }
            for row in rows
        ]
    }


def get_inventory(sandbox: "Sandbox", params: Params) -> dict[str, Any]:
    """Count the records of a portal and digest the live ones.

    `ids` is the SHA-256 of the ids in rising order, one per line; `content` is that
    of lines of id and last modified date. `with_ids` adds the ids themselves.
    """
    portal = _get_portal(params)
    return {
        "account": portal,
        "types": {
            name: _count_type(sandbox, portal, type_id, params)
            for type_id, name in TYPES.items()
        },
    }


def _count_type(
    sandbox: "Sandbox", portal: str, type_id: str, params: Params
) -> dict[str, Any]:
    rows = sandbox.storage.all(
        "SELECT id, archived, json_extract(properties, ?) AS modified"
        " FROM hubspot_record WHERE portal = ? AND type = ? ORDER BY id",
        f"$.{MODIFIED[type_id]}",
        portal,
        type_id,
    )
    live = [row for row in rows if not row["archived"]]
    ids = [str(row["id"]) for row in live]
    lines = [f"{row['id']} {row['modified']}" for row in live]
    found: dict[str, Any] = {
        "live": len(live),
        "archived": len(rows) - len(live),
        "ids": _digest(ids),
        "content": _digest(lines),
    }
    if params.get("with_ids"):
        found["id_list"] = ids
    return found


def _digest(lines: list[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


RECORD_ACTIONS: dict[str, Action] = {
    "show": show,
    "edit": edit,
    "create": create,
    "archive": _apply(records.archive_record, archived=False),
    "restore": _apply(records.restore_record, archived=True),
    "erase": erase,
    "merge": merge,
    "touch": touch,
}
