"""Merge two records into one, which gets a new id unless a switch says otherwise."""

import json

from sandbox.core.storage import Row
from sandbox.hubspot.api.errors import ApiRefusal
from sandbox.hubspot.api.records import SLUG, Records

MAX_MERGES = 250
OWN = ("hs_object_id", "createdate", "hs_merged_object_ids")


def merge(records: Records, winner: Row, loser: Row) -> int:
    """Merge two records and return the id of the result."""
    if winner["id"] == loser["id"]:
        raise ApiRefusal("A record cannot be merged into itself")
    if _count_merges(winner) + _count_merges(loser) >= MAX_MERGES:
        raise ApiRefusal(f"A record can take part in {MAX_MERGES} merges at most")
    keeps_id = records.sandbox.switches.get(SLUG, "merge_keeps_id", records.portal)
    gone = [loser] if keeps_id else [winner, loser]
    values = _join_values(winner, loser, gone)
    for row in gone:
        records.drop(row)
    if keeps_id:
        records.change(winner, values)
    new = winner["id"] if keeps_id else records.create(values)
    for row in gone:
        _redirect(records, row["id"], new)
    return int(new)


def _count_merges(row: Row) -> int:
    merged = json.loads(row["properties"]).get("hs_merged_object_ids", "")
    return len(merged.split(";")) if merged else 0


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


def _redirect(records: Records, old: int, new: int) -> None:
    """Lead an id, whatever led to it and its associations to another id."""
    key = (records.portal, records.type, old)
    records.run("REPLACE INTO hubspot_alias VALUES (?, ?, ?, ?)", *key, new)
    where = "portal = ? AND type = ? AND new = ?"
    records.run(f"UPDATE hubspot_alias SET new = ? WHERE {where}", new, *key)  # noqa: S608
    for end in ("from", "to"):
        records.run(
            f"UPDATE OR REPLACE hubspot_link SET {end}_id = ?"  # noqa: S608
            f" WHERE portal = ? AND {end}_type = ? AND {end}_id = ?",
            *(new, *key),
        )
