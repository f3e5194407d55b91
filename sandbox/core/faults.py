"""Misbehave on request: which fault strikes which call, and how often."""

import json
from typing import Any

from sandbox.core.data import read_statements
from sandbox.core.serving.web import Request
from sandbox.core.storage import Row, Storage

SQL = read_statements(__package__, "faults.sql")
EVERY = "*"

Fault = dict[str, Any]


class Faults:
    """Hold the active faults and hand them to the calls they are meant for."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def add(self, **columns: Any) -> Fault:
        """Switch a fault on, after `skip` calls and for `remaining` calls."""
        row = {**columns, "params": json.dumps(columns["params"])}
        with self._storage.write() as connection:
            return _read(connection.execute(SQL["add"], row).fetchone())

    def clear(self, fault_id: int | None = None, provider: str = "") -> int:
        """Switch faults off, one, a provider's or all, and say how many went."""
        where = "(?1 IS NULL OR id = ?1) AND ?2 IN ('', provider)"
        sql = f"DELETE FROM fault WHERE {where}"  # noqa: S608
        return self._storage.run(sql, fault_id, provider).rowcount

    def to_list(self) -> list[Fault]:
        return [_read(r) for r in self._storage.all("SELECT * FROM fault ORDER BY id")]

    def take(self, provider: str, families: list[str], request: Request) -> list[Fault]:
        if self._storage.one("SELECT 1 FROM fault") is None:
            return []
        with self._storage.write() as connection:
            rows = self._storage.all(
                SQL["meant"], provider, request.account, request.path
            )
            meant = [row for row in rows if row["family"] in (EVERY, *families)]
            connection.executemany(SQL["count"], [(row["id"],) for row in meant])
            connection.execute("DELETE FROM fault WHERE remaining = 0")
        return [_read(row) for row in meant if row["skip"] == 0]


def _read(row: Row) -> Fault:
    return {**dict(row), "params": json.loads(row["params"])}
