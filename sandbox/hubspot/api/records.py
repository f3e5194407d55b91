"""Find records and change them, with history and a search index that lags."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from sqlite3 import Cursor
from typing import Any

from sandbox.core.state import Sandbox
from sandbox.core.storage import Row
from sandbox.core.times import to_short_iso
from sandbox.hubspot.seed.accounts import CONTACTS, MODIFIED
from sandbox.hubspot.seed.tables import INSERT_RECORD

SLUG = "hubspot"
Values = Mapping[str, str | None]
# The properties of a contact that no two have alike, and how they are compared.
UNIQUE = {"email": "email = lower(?)", "crm_key": "crm_key = ?"}
# An id above any ever given, in any portal.
NEXT_ID = (
    "SELECT 200000000001 + COALESCE(MAX(seq), 0) AS id FROM sqlite_sequence"
    " WHERE name = 'hubspot_record'"
)
CURRENT_ID = "SELECT new FROM hubspot_alias WHERE portal = ? AND type = ? AND old = ?"
# Each table that knows a record, and how its columns for that begin.
IN_RECORDS, IN_SEARCH = ("hubspot_record", ""), ("hubspot_stale", "")
EVERYWHERE = (
    IN_RECORDS,
    IN_SEARCH,
    ("hubspot_history", ""),
    ("hubspot_link", "from_"),
    ("hubspot_link", "to_"),
)


@dataclass(frozen=True, kw_only=True)
class Records:
    """The records of one type in a portal, for one call or command.

    What changes them runs inside a write transaction of the storage.
    """

    sandbox: Sandbox
    portal: str
    type: str
    source: str = "INTEGRATION"

    @cached_property
    def now(self) -> int:
        return self.sandbox.now_ms

    @cached_property
    def indexed_at(self) -> int:
        """Return when search will know of a change made now."""
        lag = self.sandbox.switches.get(SLUG, "index_lag", self.portal)
        return self.now + int(lag * 1000)

    def select(self, condition: str, *values: Any) -> list[Row]:
        # Every condition is written out in this package.
        where = f"portal = ? AND type = ? AND {condition}"
        sql = f"SELECT * FROM hubspot_record WHERE {where}"  # noqa: S608
        return self.sandbox.storage.all(sql, self.portal, self.type, *values)

    def list_page(self, after: int, limit: int, *, archived: bool) -> list[Row]:
        """Return records from an id on, in the order of the ids."""
        condition = "archived = ? AND id >= ? ORDER BY id LIMIT ?"
        return self.select(condition, int(archived), after, limit)

    def find(self, record_id: int, *, archived: bool = False) -> Row | None:
        """Return one record by its own id."""
        rows = self.select("id = ? AND archived = ?", record_id, int(archived))
        return rows[0] if rows else None

    def find_current(self, record_id: int, *, archived: bool) -> Row | None:
        """Return the record that an id leads to, however often it was merged."""
        key = (self.portal, self.type, record_id)
        alias = self.sandbox.storage.one(CURRENT_ID, *key)
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
        """Return the links of several records, by record, to live records only."""
        rows = self.sandbox.storage.all(
            "SELECT l.from_id, l.to_id, l.type_id FROM hubspot_link l"
            " JOIN hubspot_record r ON r.portal = l.portal AND r.type = l.to_type"
            " AND r.id = l.to_id AND r.archived = 0"
            " WHERE l.portal = ? AND l.from_type = ? AND l.to_type = ?"
            " AND l.from_id IN (SELECT value FROM json_each(?))"
            " ORDER BY l.from_id, l.to_id, l.type_id",
            *(self.portal, self.type, to_type, json.dumps(from_ids)),
        )
        found: dict[int, list[Row]] = {}
        for row in rows:
            found.setdefault(row["from_id"], []).append(row)
        return found

    def create(self, values: Values) -> int:
        """Store a new record and return its id."""
        new = int(self.run(NEXT_ID).fetchone()["id"])
        stamp = to_short_iso(self.now)
        properties = {name: value for name, value in values.items() if value}
        properties |= {"createdate": stamp, MODIFIED[self.type]: stamp}
        text = json.dumps({**properties, "hs_object_id": str(new)})
        times = (self.now, None, self.indexed_at)
        self.run(INSERT_RECORD, self.portal, self.type, new, *times, text)
        return new

    def change(self, row: Row, values: Values) -> None:
        """Set properties of a record; None clears one."""
        old: dict[str, str] = json.loads(row["properties"])
        for name, value in values.items():
            key = (self.portal, self.type, row["id"], name)
            told = (old.get(name), value or "", self.now, self.source)
            insert = "INSERT INTO hubspot_history VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
            self.run(insert, *key, *told)
        new = {name: v for name, v in {**old, **values}.items() if v is not None}
        new[MODIFIED[self.type]] = to_short_iso(self.now)
        if self.indexed_at > self.now:
            self.run("DELETE FROM hubspot_stale WHERE visible_until <= ?", self.now)
            self.run(
                "INSERT INTO hubspot_stale SELECT portal, type, id, modified,"
                " properties, indexed_at, ? FROM hubspot_record WHERE key = ?",
                *(self.indexed_at, row["key"]),
            )
        self.run(
            "UPDATE hubspot_record SET modified = ?, indexed_at = ?, properties = ?"
            " WHERE key = ?",
            *(self.now, self.indexed_at, json.dumps(new), row["key"]),
        )

    def archive(self, row: Row) -> None:
        """Archive a record; search forgets it at once."""
        sql = "UPDATE hubspot_record SET archived_at = ? WHERE key = ?"
        self.run(sql, self.now, row["key"])
        self._forget(row, IN_SEARCH)

    def restore(self, row: Row) -> None:
        self.run(
            "UPDATE hubspot_record SET archived_at = NULL, indexed_at = ?"
            " WHERE key = ?",
            *(self.indexed_at, row["key"]),
        )

    def drop(self, row: Row) -> None:
        """Remove a record, also from search; its associations and history stay."""
        self._forget(row, IN_RECORDS, IN_SEARCH)

    def erase(self, row: Row) -> None:
        """Delete a record for good, with its associations and its history."""
        self._forget(row, *EVERYWHERE)

    def _forget(self, row: Row, *places: tuple[str, str]) -> None:
        for table, end in places:
            # The tables and the ends of a link are named in this module only.
            where = f"portal = ? AND {end}type = ? AND {end}id = ?"
            sql = f"DELETE FROM {table} WHERE {where}"  # noqa: S608
            self.run(sql, self.portal, self.type, row["id"])

    def run(self, sql: str, *values: Any) -> Cursor:
        """Run one statement of a change."""
        return self.sandbox.storage.connection.execute(sql, values)
