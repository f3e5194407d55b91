"""Misbehave on request: which fault strikes which call, and how often."""

import json
import threading
from dataclasses import dataclass, field, replace
from typing import Any

from sandbox.core.storage import Storage
from sandbox.core.web import Request

SCHEMA = """
CREATE TABLE IF NOT EXISTS fault (
    id INTEGER PRIMARY KEY, provider TEXT NOT NULL, family TEXT NOT NULL,
    account TEXT NOT NULL, kind TEXT NOT NULL, params TEXT NOT NULL,
    skip INTEGER NOT NULL, remaining INTEGER, hits INTEGER NOT NULL DEFAULT 0);
"""
EVERY = "*"


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Describe one fault that is switched on; remaining None means until off.

    With ``path`` among its parameters it strikes only where an address contains that.
    """

    provider: str
    kind: str
    family: str = EVERY
    account: str = ""
    params: dict[str, Any] = field(default_factory=dict)
    skip: int = 0
    remaining: int | None = None
    hits: int = 0
    id: int = 0

    def to_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


class Faults:
    """Hold the active faults and hand them to the calls they are meant for."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._lock = threading.Lock()
        rows = storage.all("SELECT * FROM fault ORDER BY id")
        self._active = [
            Fault(**{**dict(row), "params": json.loads(row["params"])}) for row in rows
        ]

    def add(self, fault: Fault) -> Fault:
        """Switch a fault on, after `skip` calls and for `remaining` calls."""
        row = {**fault.to_dict(), "params": json.dumps(fault.params)}
        del row["id"], row["hits"]
        with self._lock, self._storage.write() as connection:
            cursor = connection.execute(
                "INSERT INTO fault (provider, family, account, kind, params, skip,"
                " remaining) VALUES (:provider, :family, :account, :kind, :params,"
                " :skip, :remaining)",
                row,
            )
            added = replace(fault, id=cursor.lastrowid or 0)
            self._active.append(added)
        return added

    def clear(self, fault_id: int | None = None, provider: str = "") -> int:
        """Switch faults off, one, a provider's or all, and say how many went."""
        with self._lock, self._storage.write() as connection:
            gone = [
                fault
                for fault in self._active
                if fault_id in (None, fault.id) and provider in ("", fault.provider)
            ]
            self._active = [f for f in self._active if f not in gone]
            for fault in gone:
                connection.execute("DELETE FROM fault WHERE id = ?", (fault.id,))
        return len(gone)

    def to_list(self) -> list[dict[str, Any]]:
        with self._lock:
            return [fault.to_dict() for fault in self._active]

    def take(self, provider: str, families: list[str], request: Request) -> list[Fault]:
        """Return the faults that strike this call, and count them down."""
        if not self._active:
            return []
        with self._lock:
            meant = [
                fault
                for fault in self._active
                if fault.provider == provider
                and fault.family in (EVERY, *families)
                and fault.account in ("", request.account)
                and str(fault.params.get("path", "")) in request.path
            ]
            return [fault for fault in meant if self._count_down(fault)]

    def _count_down(self, fault: Fault) -> bool:
        if fault.skip > 0:
            self._replace(fault, replace(fault, skip=fault.skip - 1))
            return False
        remaining = None if fault.remaining is None else fault.remaining - 1
        used = replace(fault, remaining=remaining, hits=fault.hits + 1)
        self._replace(fault, None if remaining == 0 else used)
        return True

    def _replace(self, old: Fault, new: Fault | None) -> None:
        index = self._active.index(old)
        self._active[index : index + 1] = [] if new is None else [new]
        with self._storage.write() as connection:
            if new is None:
                connection.execute("DELETE FROM fault WHERE id = ?", (old.id,))
                return
            connection.execute(
                "UPDATE fault SET skip = ?, remaining = ?, hits = ? WHERE id = ?",
                (new.skip, new.remaining, new.hits, old.id),
            )
