"""Let people and tests change the simulated records behind the API's back."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sandbox.control import helpers
from sandbox.core.provider import CommandError, Params
from sandbox.core.state import Command, Sandbox
from sandbox.core.storage import Row
from sandbox.hubspot.api.records import Records, Values
from sandbox.hubspot.seed.accounts import ALIASES, COMPANIES, CONTACTS, PORTALS, TYPES
from sandbox.hubspot.seed.definitions import get_definitions
from sandbox.hubspot.seed.tables import LABEL_IDS, TYPE_IDS, insert_links

PART = "archived = 0 ORDER BY id LIMIT ? OFFSET ?"
Action = Callable[[Records, Row, Params], int | None]


def _open(sandbox: Sandbox, params: Params) -> Records:
    portal = helpers.get_account(PORTALS, params).id
    name = str(params.get("type") or "contacts")
    if name not in ALIASES:
        raise CommandError(f"no record type {name}")
    known = {"portal": portal, "type": ALIASES[name], "source": "CRM_UI"}
    return Records(sandbox=sandbox, **known)


def _find(
    records: Records, params: Params, field: str = "id", *, archived: bool = False
) -> Row:
    text = str(params.get(field))
    row = records.find(int(text), archived=archived) if text.isdigit() else None
    if row is None:
        raise CommandError(f"no such {TYPES[records.type]} record: {text}")
    return row


def _get_values(records: Records, params: Params) -> Values:
    given = helpers.get_values(params, "properties", "property")
    if unknown := given.keys() - get_definitions(records.type).keys():
        raise CommandError(f"not defined: {', '.join(sorted(unknown))}")
    return {name: None if v is None else str(v) for name, v in given.items()}


def create(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    records = _open(sandbox, params)
    return {"id": str(records.create(_get_values(records, params)))}


def _apply(act: Action, *, archived: bool = False) -> Command:
    def run(sandbox: Sandbox, params: Params) -> dict[str, Any]:
        records = _open(sandbox, params)
        row = _find(records, params, archived=archived)
        return {"id": str(act(records, row, params) or row["id"])}

    return run


def touch(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    """Change the first `count` records, after `offset`, at one and the same moment."""
    records = _open(sandbox, params)
    default = "jobtitle" if records.type == CONTACTS else "description"
    name = str(params.get("property") or default)
    rows = records.select(PART, *helpers.get_part(params))
    return helpers.touch(
        sandbox, params, rows, lambda row, text: records.change(row, {name: text})
    )


def relink(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    """Give the first `count` records, after `offset`, one `company`, or none at all.

    With a `label` they are called by it. As at HubSpot, no record's modified date tells
    of any of it.
    """
    records, label = _open(sandbox, params), str(params.get("label") or "")
    if (records.type, COMPANIES) not in TYPE_IDS:
        raise CommandError("only contacts and deals belong to companies")
    if label and label not in LABEL_IDS.get((records.type, COMPANIES), {}):
        raise CommandError(f"no label {label}")
    companies = []
    if params.get("company"):
        companies = [_find(replace(records, type=COMPANIES), params, "company")["id"]]
    ids = [row["id"] for row in records.select(PART, *helpers.get_part(params))]
    records.unlink(COMPANIES, ids)
    pairs = [
        (records.type, i, COMPANIES, c, True, label) for i in ids for c in companies
    ]
    insert_links(sandbox.storage.connection, records.portal, pairs)
    return {"relinked": len(ids), "ids": [str(each) for each in ids]}


def show(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    records, archived = _open(sandbox, params), bool(params.get("archived"))
    if params.get("id"):
        rows = [_find(records, params, archived=archived)]
    else:
        start = helpers.get_number(params, "after", 0) + 1
        rows = records.list_page(start, helpers.get_limit(params), archived=archived)
    shown = []
    for row in rows:
        known = {"properties": json.loads(row["properties"]), "archived": archived}
        shown.append({"id": str(row["id"]), **known})
    return {"records": shown}


def get_inventory(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    portal, types = helpers.get_account(PORTALS, params).id, {}
    for type_id, name in TYPES.items():
        rows = sandbox.storage.all(
            "SELECT id, archived, modified FROM hubspot_record"
            " WHERE portal = ? AND type = ? ORDER BY id",
            *(portal, type_id),
        )
        live = [(row["id"], row["modified"]) for row in rows if not row["archived"]]
        archived = len(rows) - len(live)
        types[name] = {"archived": archived, **helpers.describe_live(live, params)}
    return {"account": portal, "types": types}


QUERIES = {"inventory": get_inventory, "records": show}
COMMANDS: dict[str, Command] = {
    "records/edit": _apply(lambda r, row, p: r.change(row, _get_values(r, p))),
    "records/create": create,
    "records/archive": _apply(lambda r, row, _: r.archive(row)),
    "records/restore": _apply(lambda r, row, _: r.restore(row), archived=True),
    "records/erase": _apply(lambda r, row, _: r.erase(row)),
    "records/merge": _apply(lambda r, row, p: r.merge(row, _find(r, p, "other"))),
    "records/touch": touch,
    "records/relink": relink,
}
