"""Let people and tests change the simulated records behind the API's back."""

import json
from collections.abc import Callable
from typing import Any

from sandbox.control.helpers import (
    describe_live,
    get_account,
    get_limit,
    get_number,
    get_values,
    is_on,
)
from sandbox.core.provider import TOUCH, CommandError, Field, Form, Params
from sandbox.core.state import Command, Sandbox
from sandbox.core.storage import Row
from sandbox.core.times import to_short_iso
from sandbox.hubspot.api import records
from sandbox.hubspot.api.auth import SLUG
from sandbox.hubspot.api.merging import merge_records
from sandbox.hubspot.api.records import Change
from sandbox.hubspot.seed.accounts import ALIASES, MODIFIED, PORTALS, TYPES
from sandbox.hubspot.seed.definitions import get_definitions

TOUCHED = {"0-1": "jobtitle", "0-2": "description", "0-3": "description"}


def get_change(sandbox: Sandbox, portal: str) -> Change:
    """Return a change as a person makes it in HubSpot itself."""
    lag = sandbox.switches.get(SLUG, "index_lag", portal)
    return Change(now=sandbox.now_ms, lag=int(lag * 1000), source="CRM_UI")


def _get_type(params: Params) -> str:
    type_id = ALIASES.get(str(params.get("type") or "contacts"))
    if type_id is None:
        message = f"no record type {params.get('type')}"
        raise CommandError(message)
    return type_id


def _get_row(
    sandbox: Sandbox, params: Params, field: str = "id", *, archived: bool = False
) -> Row:
    portal, type_id = get_account(PORTALS, params).id, _get_type(params)
    text, row = str(params.get(field)), None
    if text.isdigit():
        row = records.find_record(
            sandbox.storage, portal, type_id, int(text), archived=archived
        )
    if row is None:
        message = f"no such {TYPES[type_id]} record: {text}"
        raise CommandError(message)
    return row


def _get_properties(params: Params) -> dict[str, str | None]:
    given = get_values(params, "properties", "property")
    known = get_definitions(_get_type(params))
    if unknown := given.keys() - known.keys():
        message = f"not defined: {', '.join(sorted(unknown))}"
        raise CommandError(message)
    return {name: None if v is None else str(v) for name, v in given.items()}


def edit(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    """Set properties of one record; null clears one."""
    row = _get_row(sandbox, params)
    with sandbox.storage.write() as connection:
        change = get_change(sandbox, row["portal"])
        records.change_record(connection, row, _get_properties(params), change)
    return {"id": str(row["id"])}


def create(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    """Create one record from the properties given, without the API's checks."""
    portal, type_id = get_account(PORTALS, params).id, _get_type(params)
    with sandbox.storage.write() as connection:
        change, values = get_change(sandbox, portal), _get_properties(params)
        new = records.create_record(connection, portal, type_id, values, change)
    return {"id": str(new)}


def _apply(change_row: Callable[..., None], *, archived: bool = False) -> Command:
    def run(sandbox: Sandbox, params: Params) -> dict[str, Any]:
        row = _get_row(sandbox, params, archived=archived)
        with sandbox.storage.write() as connection:
            change_row(connection, row, get_change(sandbox, row["portal"]))
        return {"id": str(row["id"])}

    return run


def erase(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    """Delete one record for good."""
    row = _get_row(sandbox, params)
    with sandbox.storage.write() as connection:
        records.erase_record(connection, row)
    return {"id": str(row["id"])}


def merge(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    """Merge the record `other` into the record `id`."""
    winner, loser = _get_row(sandbox, params), _get_row(sandbox, params, "other")
    if winner["id"] == loser["id"]:
        raise CommandError("a record cannot be merged into itself")
    keeps = sandbox.switches.get(SLUG, "merge_keeps_id", winner["portal"])
    with sandbox.storage.write() as connection:
        change = get_change(sandbox, winner["portal"])
        new_id = merge_records(connection, winner, loser, change, keeps_id=keeps)
    return {"id": str(new_id)}


def touch(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    """Change the first `count` records, after `offset`, at one and the same moment."""
    portal, type_id = get_account(PORTALS, params).id, _get_type(params)
    name = str(params.get("property") or TOUCHED[type_id])
    rows = sandbox.storage.all(
        "SELECT * FROM hubspot_record WHERE portal = ? AND type = ? AND archived = 0"
        " ORDER BY id LIMIT ? OFFSET ?",
        portal,
        type_id,
        get_number(params, "count", 1),
        get_number(params, "offset", 0),
    )
    change = get_change(sandbox, portal)
    text = str(params.get("value") or f"Touched {to_short_iso(change.now)}")
    with sandbox.storage.write() as connection:
        for row in rows:
            records.change_record(connection, row, {name: text}, change)
    ids = [str(row["id"]) for row in rows]
    return {"touched": len(ids), "ids": ids, "value": text}


def show(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    """Return one record by id, or a page of records from `after` on."""
    archived = is_on(params, "archived")
    if params.get("id"):
        rows = [_get_row(sandbox, params, archived=archived)]
    else:
        rows = sandbox.storage.all(
            "SELECT * FROM hubspot_record WHERE portal = ? AND type = ?"
            " AND archived = ? AND id > ? ORDER BY id LIMIT ?",
            get_account(PORTALS, params).id,
            _get_type(params),
            int(archived),
            get_number(params, "after", 0),
            get_limit(params),
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


def get_inventory(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    """Count the records of a portal and digest the live ones."""
    portal, types = get_account(PORTALS, params).id, {}
    for type_id, name in TYPES.items():
        rows = sandbox.storage.all(
            "SELECT id, archived, json_extract(properties, ?) AS modified"
            " FROM hubspot_record WHERE portal = ? AND type = ? ORDER BY id",
            f"$.{MODIFIED[type_id]}",
            portal,
            type_id,
        )
        live = [(row["id"], row["modified"]) for row in rows if not row["archived"]]
        archived = len(rows) - len(live)
        types[name] = {"archived": archived, **describe_live(live, params)}
    return {"account": portal, "types": types}


QUERIES = {"inventory": get_inventory, "records": show}
COMMANDS: dict[str, Command] = {
    "records/edit": edit,
    "records/create": create,
    "records/archive": _apply(records.archive_record),
    "records/restore": _apply(records.restore_record, archived=True),
    "records/erase": erase,
    "records/merge": merge,
    "records/touch": touch,
}

ID = Field("id", "Id", is_number=True)
FORMS = (
    Form(
        "A record",
        {
            "records/edit": "Save",
            "records/create": "Add new",
            "records/archive": "Delete",
        },
        (ID, Field("property", "Property", hint="firstname"), Field("value", "Value")),
        has_type=True,
    ),
    Form(
        "Restore, merge, erase",
        {
            "records/restore": "Restore",
            "records/merge": "Merge",
            "records/erase": "Erase for good",
        },
        (ID, Field("other", "Merge this id into it", is_number=True)),
        has_type=True,
    ),
    Form(TOUCH.title, TOUCH.commands, TOUCH.fields, has_type=True),
)
