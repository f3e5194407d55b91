"""Create, change, archive and erase records through the API."""

import json
from typing import Any

from sandbox.core.state import Sandbox
from sandbox.core.storage import Row
from sandbox.core.web import Request, Response, to_json
from sandbox.hubspot.api import records
from sandbox.hubspot.api.auth import SLUG, Caller, api, read_id
from sandbox.hubspot.api.errors import (
    ApiRefusal,
    invalid,
    invalid_properties,
    not_found,
    refuse,
)
from sandbox.hubspot.api.inputs import enter, read_body
from sandbox.hubspot.api.records import Change
from sandbox.hubspot.api.render import NOTHING, Shape, to_object
from sandbox.hubspot.api.validation import Check
from sandbox.hubspot.seed.accounts import CONTACTS, TYPES
from sandbox.hubspot.seed.definitions import choose_properties
from sandbox.hubspot.seed.tables import PRIMARY, TYPE_IDS, End, insert_links, make_links

ENFORCES_RULES = "2026-09"


def get_change(sandbox: Sandbox, portal: str) -> Change:
    """Return the time of a change and how long search will not know of it."""
    lag = sandbox.switches.get(SLUG, "index_lag", portal)
    return Change(now=sandbox.now_ms, lag=int(lag * 1000))


@api()
def create_object(sandbox: Sandbox, request: Request, caller: Caller) -> Response:
    """Create one record with its associations."""
    type_id = enter(request, caller, "write")
    body = read_body(request)
    storage, portal = sandbox.storage, caller.portal
    with storage.write() as connection:
        checked = _check(sandbox, caller, type_id, body, row=None)
        targets = _read_targets(sandbox, caller, type_id, body)
        change, values = get_change(sandbox, portal), checked.values
        new = records.create_record(connection, portal, type_id, values, change)
        for other, is_primary in targets:
            links = make_links((type_id, new), other, is_primary=is_primary)
            insert_links(connection, portal, links)
    row = records.find_record(storage, portal, type_id, new, archived=False)
    response = show(sandbox, caller, row, checked, 201)
    path = f"/hubspot/crm/objects/{caller.version}/{TYPES[type_id]}/{new}"
    response.headers.append(("Location", f"{request.origin}{path}"))
    return response


@api()
def patch_object(sandbox: Sandbox, request: Request, caller: Caller) -> Response:
    """Change the properties that are sent and no others; no merged-away id works."""
    type_id = enter(request, caller, "write")
    body, name = read_body(request), request.query.get("idProperty", "")
    key, text = (sandbox.storage, caller.portal, type_id), request.params["id"]
    if name in ("", "hs_object_id"):
        read_id(request, text)
    with sandbox.storage.write() as connection:
        row = records.find_live(*key, name, text)
        if row is None:
            raise not_found(request)
        checked = _check(sandbox, caller, type_id, body, row=row)
        change = get_change(sandbox, caller.portal)
        records.change_record(connection, row, checked.values, change)
    changed = records.find_record(*key, row["id"], archived=False)
    return show(sandbox, caller, changed, checked)


@api()
def archive_object(sandbox: Sandbox, request: Request, caller: Caller) -> Response:
    """Archive one record; archiving what is not there is no error."""
    type_id = enter(request, caller, "write")
    record_id = read_id(request, request.params["id"])
    key = (sandbox.storage, caller.portal, type_id)
    with sandbox.storage.write() as connection:
        row = records.find_record(*key, record_id, archived=False)
        if row is not None:
            records.archive_record(connection, row, Change(now=sandbox.now_ms))
    return Response(status=204)


@api()
def erase_object(sandbox: Sandbox, request: Request, caller: Caller) -> Response:
    """Delete a record for good, as privacy law asks."""
    type_id = enter(request, caller, "write")
    body = read_body(request)
    name, text = str(body.get("idProperty") or ""), str(body.get("objectId"))
    if name in ("", "hs_object_id"):
        read_id(request, text)
    with sandbox.storage.write() as connection:
        row = records.find_live(sandbox.storage, caller.portal, type_id, name, text)
        if row is not None:
            records.erase_record(connection, row)
    return Response(status=204)


def show(
    sandbox: Sandbox,
    caller: Caller,
    row: Row | None,
    checked: Check | None = None,
    status: int = 200,
) -> Response:
    """Show a record that was just written, with what was written to it."""
    if row is None:
        raise ApiRefusal(Response(status=404))
    written = ",".join(checked.values) if checked else ""
    names = set(choose_properties(row["type"], written or NOTHING))
    names |= set(choose_properties(row["type"], ""))
    shape = Shape(portal=caller.portal, type=row["type"], names=tuple(sorted(names)))
    shown = to_object(sandbox.storage, row, shape)
    if checked and checked.warnings:
        shown["warnings"] = checked.warnings
    return to_json(shown, status)


def _check(
    sandbox: Sandbox,
    caller: Caller,
    type_id: str,
    body: dict[str, Any],
    *,
    row: Row | None,
) -> Check:
    given = body.get("properties")
    if not isinstance(given, dict):
        raise invalid(caller.request, "properties must be an object")
    checked = Check(
        storage=sandbox.storage,
        portal=caller.portal,
        type_id=type_id,
        old=json.loads(row["properties"]) if row else {},
        normalises=caller.version == ENFORCES_RULES,
    )
    checked.check(given)
    if row is None:
        checked.check_minimum(given)
        if type_id == CONTACTS and caller.version == ENFORCES_RULES:
            _check_rules(sandbox, caller, given, checked)
    if checked.problems:
        raise invalid_properties(caller.request, checked.problems)
    if type_id == CONTACTS:
        _check_unique(sandbox, caller, checked, row)
    return checked


def _check_rules(
    sandbox: Sandbox, caller: Caller, given: dict[str, Any], checked: Check
) -> None:
    """Apply the rules a customer made for new contacts."""
    for name in sandbox.switches.get(SLUG, "required_properties", caller.portal):
        if not given.get(name):
            message = f'Property "{name}" is required by the rules of this account'
            checked.blame(name, "MISSING_REQUIRED_PROPERTY", message)


def _check_unique(
    sandbox: Sandbox, caller: Caller, checked: Check, row: Row | None
) -> None:
    key = (sandbox.storage, caller.portal, CONTACTS)
    for name in records.UNIQUE:
        value = checked.values.get(name)
        other = records.find_live(*key, name, value) if value else None
        if other is not None and (row is None or other["id"] != row["id"]):
            message = f"Contact already exists. Existing ID: {other['id']}"
            raise refuse(caller.request, 409, message, "CONFLICT")


def _read_targets(
    sandbox: Sandbox, caller: Caller, type_id: str, body: dict[str, Any]
) -> list[tuple[End, bool]]:
    """Read the other ends of a new record's associations, and which are primary."""
    bad = invalid(caller.request, "One or more associations are invalid")
    by_kind = {
        kind: other
        for (one, other), kinds in TYPE_IDS.items()
        for kind in kinds
        if one == type_id
    }
    found = []
    for item in body.get("associations") or []:
        try:
            other_id = int(item["to"]["id"])
            kinds = [int(kind["associationTypeId"]) for kind in item["types"]]
        except (KeyError, TypeError, ValueError) as exc:
            raise bad from exc
        for kind in kinds:
            end = (by_kind.get(kind, ""), other_id)
            key = (sandbox.storage, caller.portal, *end)
            if not records.find_record(*key, archived=False):
                raise bad
            found.append((end, kind in PRIMARY))
    return found
