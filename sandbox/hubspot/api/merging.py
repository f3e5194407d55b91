"""Merge two records into one, which gets a new id."""

import json
import sqlite3

from sandbox.core.storage import Row
from sandbox.hubspot.api import records
from sandbox.hubspot.api.records import Change

MAX_MERGES = 250
OWN = ("hs_object_id", "createdate", "hs_merged_object_ids")


def count_merges(row: Row) -> int:
    """Return how many records went into this one."""
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
    portal, type_id = winner["portal"], winner["type"]
    values = _join_values(winner, loser, keeps_id=keeps_id)
    gone = [loser] if keeps_id else [winner, loser]
    new_id = winner["id"]
    if keeps_id:
        _drop(connection, loser)
        records.change_record(connection, winner, values, change)
    else:
        for row in gone:
            _drop(connection, row)
        new_id = records.create_record(connection, portal, type_id, values, change)
    for row in gone:
        connection.execute(
            "REPLACE INTO hubspot_alias VALUES (?, ?, ?, ?)",
            (portal, type_id, row["id"], new_id),
        )
        _move_links(connection, row, new_id)
    return new_id


def _join_values(winner: Row, loser: Row, *, keeps_id: bool) -> dict[str, str | None]:
    """Let the winner's values stand and the loser's fill the gaps."""
    first, second = json.loads(winner["properties"]), json.loads(loser["properties"])
    values = {**second, **{name: value for name, value in first.items() if value}}
    merged = [first.get("hs_merged_object_ids"), second.get("hs_merged_object_ids")]
    gone = [loser] if keeps_id else [winner, loser]
    merged += [str(row["id"]) for row in gone]
    values = {name: value for name, value in values.items() if name not in OWN}
    values["hs_merged_object_ids"] = ";".join(part for part in merged if part)
    other = second.get("email")
    if other and other != values.get("email"):
        more = values.get("hs_additional_emails")
        values["hs_additional_emails"] = f"{more};{other}" if more else other
    return values


def _drop(connection: sqlite3.Connection, row: Row) -> None:
    """Remove a merged-away record; its associations are moved afterwards."""
    connection.execute("DELETE FROM hubspot_record WHERE key = ?", (row["key"],))
    connection.execute(
        "DELETE FROM hubspot_stale WHERE portal = ? AND type = ? AND id = ?",
        (row["portal"], row["type"], row["id"]),
    )


def _move_links(connection: sqlite3.Connection, row: Row, new_id: int) -> None:
    key = (new_id, row["portal"], row["type"], row["id"])
    connection.execute(
        "UPDATE OR REPLACE hubspot_link SET from_id = ?"
        " WHERE portal = ? AND from_type = ? AND from_id = ?",
        key,
    )
    connection.execute(
        "UPDATE OR REPLACE hubspot_link SET to_id = ?"
        " WHERE portal = ? AND to_type = ? AND to_id = ?",
        key,
    )
