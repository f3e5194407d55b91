"""Find records and change them, with history and a search index that lags."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from sqlite3 import Cursor
from typing import Any

from sandbox.core.data import read_statements
from sandbox.core.state import Sandbox
from sandbox.core.storage import Row
from sandbox.core.times import to_short_iso
from sandbox.hubspot.api.errors import refuse
from sandbox.hubspot.seed.accounts import CONTACTS, MODIFIED
from sandbox.hubspot.seed.tables import INSERT_RECORD

SLUG = "hubspot"
Values = Mapping[str, str | None]
# The properties of a contact that no two have alike, and how they are compared.
UNIQUE = {
    "email": "email = lower(?)",
    "crm_key": "json_extract(properties, '$.crm_key') = ?",
}
SQL = read_statements(__package__, "records.sql")
# What merging does not take over, and how often one record can be merged.
OWN, MAX_MERGES = ("hs_object_id", "createdate", "hs_merged_object_ids"), 250


@dataclass(frozen=True, kw_only=True)
class Records:
    """The records of one type in a portal; what changes them needs a transaction."""

    sandbox: Sandbox
    portal: str
    type: str
    source: str = "INTEGRATION"

    @cached_property
    def now(self) -> int:
        return self.sandbox.now_ms

    @cached_property
    def indexed_at(self) -> int:
        lag = self.sandbox.switches.get(SLUG, "index_lag", self.portal)
        return self.now + int(lag * 1000)

    def select(self, condition: str, *values: Any) -> list[Row]:
        # Every condition is written out in this package.
        where = f"portal = ? AND type = ? AND {condition}"
        sql = f"SELECT * FROM hubspot_record WHERE {where}"  # noqa: S608
        return self.sandbox.storage.all(sql, self.portal, self.type, *values)

    def list_page(self, after: int, limit: int, *, archived: bool) -> list[Row]:
        condition = "archived = ? AND id >= ? ORDER BY id LIMIT ?"
        return self.select(condition, int(archived), after, limit)

    def find(self, record_id: int, *, archived: bool = False) -> Row | None:
        found = self.select("id = ? AND archived = ?", record_id, int(archived))
        return next(iter(found), None)

    def find_current(self, record_id: int, *, archived: bool) -> Row | None:
        """Return the record that an id leads to, however often it was merged."""
        key = (self.portal, self.type, record_id)
        alias = self.sandbox.storage.one(SQL["current_id"], *key)
        return self.find(alias["new"] if alias else record_id, archived=archived)

    def find_by(self, name: str, text: str) -> Row | None:
        """Return a live record by its id or a unique property; no other finds any."""
        if name in ("", "hs_object_id"):
            return self.find(int(text) if text.isdigit() else 0)
        if self.type != CONTACTS or name not in UNIQUE:
            return None
        rows = self.select(f"{UNIQUE[name]} AND archived = 0 ORDER BY id", text)
        return rows[0] if rows else None

    def find_links(self, to_type: str, from_ids: Sequence[int]) -> dict[int, list[Row]]:
        values = (self.portal, self.type, to_type, json.dumps(from_ids))
        found: dict[int, list[Row]] = {}
        for row in self.sandbox.storage.all(SQL["links"], *values):
            found.setdefault(row["from_id"], []).append(row)
        return found

    def unlink(self, other: str, ids: Sequence[int]) -> None:
        """End the associations of records with all of one other type, both ways."""
        for one, two in (("from", "to"), ("to", "from")):
            self._run(
                f"DELETE FROM hubspot_link WHERE portal = ? AND {one}_type = ?"  # noqa: S608
                f" AND {two}_type = ? AND {one}_id IN (SELECT value FROM json_each(?))",
                *(self.portal, self.type, other, json.dumps(ids)),
            )

    def create(self, values: Values) -> int:
        new = int(self._run(SQL["next_id"]).fetchone()["id"])
        stamp = to_short_iso(self.now)
        properties = {name: value for name, value in values.items() if value}
        properties |= {"createdate": stamp, MODIFIED[self.type]: stamp}
        text = json.dumps({**properties, "hs_object_id": str(new)})
        times = (self.now, None, self.indexed_at)
        self._run(INSERT_RECORD, self.portal, self.type, new, *times, text)
        return new

    def change(self, row: Row, values: Values) -> None:
        """Set properties of a record; None clears one."""
        old: dict[str, str] = json.loads(row["properties"])
        for name, value in values.items():
            told = (name, old.get(name), value or "", self.now, self.source)
            insert = "INSERT INTO hubspot_history VALUES (?, ?, ?, ?, ?, ?)"
            self._run(insert, row["key"], *told)
        new = {name: v for name, v in {**old, **values}.items() if v is not None}
        new[MODIFIED[self.type]] = to_short_iso(self.now)
        if self.indexed_at > self.now:
            self._run("DELETE FROM hubspot_stale WHERE visible_until <= ?", self.now)
            self._run(
                "INSERT INTO hubspot_stale SELECT key, modified, properties,"
                " indexed_at, ? FROM hubspot_record WHERE key = ?",
                *(self.indexed_at, row["key"]),
            )
        self._run(
            "UPDATE hubspot_record SET modified = ?, indexed_at = ?, properties = ?"
            " WHERE key = ?",
            *(self.now, self.indexed_at, json.dumps(new), row["key"]),
        )

    def archive(self, row: Row) -> None:
        sql = "UPDATE hubspot_record SET archived_at = ? WHERE key = ?"
        self._run(sql, self.now, row["key"])

    def restore(self, row: Row) -> None:
        sql = "UPDATE hubspot_record SET archived_at = ?, indexed_at = ? WHERE key = ?"
        self._run(sql, None, self.indexed_at, row["key"])

    def erase(self, row: Row) -> None:
        self._run("DELETE FROM hubspot_record WHERE key = ?", row["key"])

    def merge(self, winner: Row, loser: Row) -> int:
        """Merge two records and return the id of the result, usually a new one."""
        if winner["id"] == loser["id"]:
            raise refuse("A record cannot be merged into itself")
        keeps_id = self.sandbox.switches.get(SLUG, "merge_keeps_id", self.portal)
        gone = [loser] if keeps_id else [winner, loser]
        values = _join_values(winner, loser, gone)
        for row in gone:
            self.erase(row)
        if keeps_id:
            self.change(winner, values)
        new = winner["id"] if keeps_id else self.create(values)
        for row in gone:
            self._redirect(row["id"], new)
        return int(new)

    def _redirect(self, old: int, new: int) -> None:
        key = (self.portal, self.type, old)
        self._run("REPLACE INTO hubspot_alias VALUES (?, ?, ?, ?)", *key, new)
        for table, id_column, type_column in (
            ("hubspot_alias", "new", "type"),
            ("hubspot_link", "from_id", "from_type"),
            ("hubspot_link", "to_id", "to_type"),
        ):
            where = f"portal = ? AND {type_column} = ? AND {id_column} = ?"
            sql = f"UPDATE OR REPLACE {table} SET {id_column} = ? WHERE {where}"  # noqa: S608
            self._run(sql, new, *key)

    def _run(self, sql: str, *values: Any) -> Cursor:
        return self.sandbox.storage.run(sql, *values)


def _join_values(winner: Row, loser: Row, gone: list[Row]) -> dict[str, str | None]:
    first, second = json.loads(winner["properties"]), json.loads(loser["properties"])
    values = {**second, **{name: value for name, value in first.items() if value}}
    values = {name: value for name, value in values.items() if name not in OWN}
    merged = [v["hs_merged_object_ids"] for v in (first, second) if v.get(OWN[2])]
    ids = ";".join([*merged, *(str(row["id"]) for row in gone)])
    if ids.count(";") > MAX_MERGES:
        raise refuse(f"A record can take part in {MAX_MERGES} merges at most")
    values["hs_merged_object_ids"] = ids
    other, more = second.get("email"), values.get("hs_additional_emails")
    if other and other != values.get("email"):
        values["hs_additional_emails"] = f"{more};{other}" if more else other
    return values
