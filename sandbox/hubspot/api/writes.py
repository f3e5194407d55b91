"""Create and change records through the API."""

import json
import sqlite3
from typing import TYPE_CHECKING, Any

from sandbox.core.storage import Row
from sandbox.core.web import Request, Response, to_json
from sandbox.hubspot.api import records
from sandbox.hubspot.api.auth import SLUG, Caller, api, read_type
from sandbox.hubspot.api.errors import ApiRefusal, invalid, invalid_properties, refuse
from sandbox.hubspot.api.links import TYPE_IDS
from sandbox.hubspot.api.objects import find, find_unique, read_body, require
from sandbox.hubspot.api.records import Change
from sandbox.hubspot.api.render import Shape, to_object
from sandbox.hubspot.api.validation import Checked, Checker
from sandbox.hubspot.seed.accounts import CONTACTS, TYPES
from sandbox.hubspot.seed.definitions import choose_properties

if TYPE_CHECKING:
    from sandbox.core.state import Sandbox

ENFORCES_RULES = "2026-09"
UNIQUE = ("email", "crm_key")


def get_change(sandbox: "Sandbox", portal: str, source: str = "INTEGRATION") -> Change:
    """Return the moment of a change and how long search will not know of it."""
    lag = sandbox.switches.get(SLUG, "index_lag", portal)
    return Change(now=sandbox.now_ms, lag=int(lag * 1000), source=source)


@api()
def create_object(sandbox: "Sandbox", request: Request, caller: Caller) -> Response:
    """Create one record with its associations."""
    type_id = read_type(request)
    require(caller, type_id, "write")
    body = read_body(request)
    given = _read_properties(request, body)
    with sandbox.storage.write() as connection:
        checked = _check(sandbox, request, caller, type_id, given, row=None)
        links = _read_links(sandbox, request, caller, type_id, body)
        change = get_change(sandbox, caller.portal)
        record_id = records.create_record(
            connection, caller.portal, type_id, checked.values, change
        )
        for other, other_id, kind in links:
            _link(
                connection, caller.portal, (type_id, record_id), (other, other_id), kind
            )
    row = records.find_record(
        sandbox.storage, caller.portal, type_id, record_id, archived=False
    )
    response = show(sandbox, caller, row, checked, 201)
    path = f"/hubspot/crm/objects/{caller.version}/{TYPES[type_id]}/{record_id}"
    response.headers.append(("Location", f"{request.origin}{path}"))
    return response


@api()
def patch_object(sandbox: "Sandbox", request: Request, caller: Caller) -> Response:
    """Change the properties that are sent and no others."""
    type_id = read_type(request)
    require(caller, type_id, "write")
    given = _read_properties(request, read_body(request))
    with sandbox.storage.write() as connection:
        row = find(sandbox, request, caller, type_id, archived=False, follow=False)
        checked = _check(sandbox, request, caller, type_id, given, row=row)
        change = get_change(sandbox, caller.portal)
        records.change_record(connection, row, checked.values, change)
    changed = records.find_record(
        sandbox.storage, caller.portal, type_id, row["id"], archived=False
    )
    return show(sandbox, caller, changed, checked, 200)


def show(
    sandbox: "Sandbox", caller: Caller, row: Row | None, checked: Checked, status: int
) -> Response:
    """Show a record that was just written, with what was written to it."""
    if row is None:
        raise ApiRefusal(Response(status=404))
    asked = ",".join(checked.values)
    names = set(choose_properties(row["type"], asked or "-"))
    names |= set(choose_properties(row["type"], ""))
    shape = Shape(portal=caller.portal, type=row["type"], names=tuple(sorted(names)))
    shown = to_object(sandbox.storage, row, shape)
    if checked.warnings:
        shown["warnings"] = checked.warnings
    return to_json(shown, status)


def _read_properties(request: Request, body: dict[str, Any]) -> dict[str, Any]:
    given = body.get("properties")
    if not isinstance(given, dict):
        raise invalid(request, "properties must be an object")
    return given


def _check(
    sandbox: "Sandbox",
    request: Request,
    caller: Caller,
    type_id: str,
    given: dict[str, Any],
    *,
    row: Row | None,
) -> Checked:
    checker = Checker(
        sandbox.storage,
        portal=caller.portal,
        type_id=type_id,
        old=json.loads(row["properties"]) if row else {},
        normalises=caller.version == ENFORCES_RULES,
    )
    checked = checker.check(given)
    if row is None:
        checker.check_minimum(given)
        _check_rules(sandbox, caller, type_id, given, checked)
    if checked.problems:
        raise invalid_properties(request, checked.problems)
    if type_id == CONTACTS:
        _check_unique(sandbox, request, caller, checked, row)
    return checked


def _check_rules(
    sandbox: "Sandbox",
    caller: Caller,
    type_id: str,
    given: dict[str, Any],
    checked: Checked,
) -> None:
    """Apply the rules a customer made for new contacts; older versions ignore them."""
    if type_id != CONTACTS or caller.version != ENFORCES_RULES:
        return
    for name in sandbox.switches.get(SLUG, "required_properties", caller.portal):
        if not given.get(name):
            message = f'Property "{name}" is required by the rules of this account'
            checked.blame(name, "MISSING_REQUIRED_PROPERTY", message)


def _check_unique(
    sandbox: "Sandbox",
    request: Request,
    caller: Caller,
    checked: Checked,
    row: Row | None,
) -> None:
    for name in UNIQUE:
        value = checked.values.get(name)
        if not value:
            continue
        other = find_unique(sandbox, caller.portal, CONTACTS, name, value)
        if other is not None and (row is None or other["id"] != row["id"]):
            message = f"Contact already exists. Existing ID: {other['id']}"
            raise refuse(request, 409, message, "CONFLICT")


def _read_links(
    sandbox: "Sandbox",
    request: Request,
    caller: Caller,
    type_id: str,
    body: dict[str, Any],
) -> list[tuple[str, int, int]]:
    """Read the associations of a new record as (type, id, association type)."""
    bad = invalid(request, "One or more associations are invalid")
    by_id = {
        number: to_type
        for (from_type, to_type), numbers in TYPE_IDS.items()
        for number in numbers
        if from_type == type_id and number is not None
    }
    found = []
    for item in body.get("associations") or []:
        try:
            other_id = int(item["to"]["id"])
            kinds = [int(kind["associationTypeId"]) for kind in item["types"]]
        except (KeyError, TypeError, ValueError) as exc:
            raise bad from exc
        for kind in kinds:
            other = by_id.get(kind)
            if other is None or not records.find_record(
                sandbox.storage, caller.portal, other, other_id, archived=False
            ):
                raise bad
            found.append((other, other_id, kind))
    return found


def _link(
    connection: sqlite3.Connection,
    portal: str,
    one: tuple[str, int],
    other: tuple[str, int],
    kind: int,
) -> None:
    """Store an association both ways; a primary one is unlabelled as well."""
    plain, primary = TYPE_IDS[one[0], other[0]]
    back_plain, back_primary = TYPE_IDS[other[0], one[0]]
    rows = [(*one, *other, plain), (*other, *one, back_plain)]
    if kind == primary and back_primary is not None:
        rows += [(*one, *other, primary), (*other, *one, back_primary)]
    for from_type, from_id, to_type, to_id, number in rows:
        connection.execute(
            "INSERT OR IGNORE INTO hubspot_link VALUES (?, ?, ?, ?, ?, ?)",
            (portal, from_type, from_id, to_type, to_id, number),
        )
