"""Merge two records into one, which gets a new id."""

import json
import sqlite3

from sandbox.core.state import Sandbox
from sandbox.core.storage import Row
from sandbox.core.web import Request, Response
from sandbox.hubspot.api import records
from sandbox.hubspot.api.auth import SLUG, Caller, api, read_id
from sandbox.hubspot.api.errors import invalid
from sandbox.hubspot.api.inputs import enter, read_body
from sandbox.hubspot.api.records import Change
from sandbox.hubspot.api.writes import get_change, show

MAX_MERGES = 250
OWN = ("hs_object_id", "createdate", "hs_merged_object_ids")


@api()
def merge_objects(sandbox: Sandbox, request: Request, caller: Caller) -> Response:
    """Merge one record into another."""
    type_id = enter(request, caller, "write")
    body = read_body(request)
    storage, portal = sandbox.storage, caller.portal
    with storage.write() as connection:
        rows = []
        for name in ("primaryObjectId", "objectIdToMerge"):
            record_id = read_id(request, str(body.get(name)))
            row = records.find_record(
                storage, portal, type_id, record_id, archived=False
            )
            if row is None:
                raise invalid(request, f"{name} {record_id} does not exist")
            rows.append(row)
        winner, loser = rows
        if winner["id"] == loser["id"]:
            raise invalid(request, "A record cannot be merged into itself")
        if _count_merges(winner) + _count_merges(loser) >= MAX_MERGES:
            message = f"A record can take part in {MAX_MERGES} merges at most"
            raise invalid(request, message)
        keeps_id = sandbox.switches.get(SLUG, "merge_keeps_id", portal)
        change = get_change(sandbox, portal)
        new_id = merge_records(connection, winner, loser, change, keeps_id=keeps_id)
    merged = records.find_record(storage, portal, type_id, new_id, archived=False)
    return show(sandbox, caller, merged)


def _count_merges(row: Row) -> int:
    merged = json.loads(row["properties"]).get("hs_merged_object_ids", "")
    return len(merged.split(";")) if merged else 0


def merge_records(
    connection: sqlite3.Connection,
    winner: Row,
    loser: Row,
    change: Change,
    *,
    keeps_id: bool,
) -> int:
    """Merge two records and return the id of the result."""
    portal, type_id, new_id = winner["portal"], winner["type"], winner["id"]
    gone = [loser] if keeps_id else [winner, loser]
    values = _join_values(winner, loser, gone)
    for row in gone:
        records.drop_record(connection, row)
    if keeps_id:
        records.change_record(connection, winner, values, change)
    else:
        new_id = records.create_record(connection, portal, type_id, values, change)
    for row in gone:
        connection.execute(
            "REPLACE INTO hubspot_alias VALUES (?, ?, ?, ?)",
            (portal, type_id, row["id"], new_id),
        )
        _move_links(connection, row, new_id)
    return new_id


def _join_values(winner: Row, loser: Row, gone: list[Row]) -> dict[str, str | None]:
    """Fill the gaps in the winner's values with the loser's."""
    first, second = json.loads(winner["properties"]), json.loads(loser["properties"])
    values = {**second, **{name: value for name, value in first.items() if value}}
    values = {name: value for name, value in values.items() if name not in OWN}
    merged = [first.get("hs_merged_object_ids"), second.get("hs_merged_object_ids")]
    merged += [str(row["id"]) for row in gone]
    values["hs_merged_object_ids"] = ";".join(part for part in merged if part)
    other = second.get("email")
    if other and other != values.get("email"):
        more = values.get("hs_additional_emails")
        values["hs_additional_emails"] = f"{more};{other}" if more else other
    return values


def _move_links(connection: sqlite3.Connection, row: Row, new_id: int) -> None:
    for end in ("from", "to"):
        connection.execute(
            f"UPDATE OR REPLACE hubspot_link SET {end}_id = ?"  # noqa: S608
            f" WHERE portal = ? AND {end}_type = ? AND {end}_id = ?",
            (new_id, row["portal"], row["type"], row["id"]),
        )
