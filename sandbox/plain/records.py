"""Store the records of plain providers."""

import json
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any

from sandbox.core.provider import Account
from sandbox.core.state import Sandbox
from sandbox.core.storage import Row
from sandbox.core.times import to_iso

YEAR_MS = 365 * 86_400_000

Seed = Callable[[random.Random, Account], Iterable[Mapping[str, Any]]]


@dataclass(frozen=True)
class Kind:
    """One kind of records; its seed gives the fields of each, in an account."""

    name: str
    seed: Seed
    _: KW_ONLY
    edits: str = "name"


@dataclass(frozen=True, kw_only=True)
class Record:
    """One record as it is now, with its times in ISO 8601."""

    id: str
    fields: Mapping[str, Any]
    created: str
    modified: str


@dataclass(frozen=True, kw_only=True)
class Place:
    """The records of one kind in one account."""

    provider: str
    account: str
    kind: Kind

    @property
    def key(self) -> tuple[str, str, str]:
        return self.provider, self.account, self.kind.name

    def list(
        self, sandbox: Sandbox, *, limit: int = -1, offset: int = 0, since: int = 0
    ) -> Sequence[Row]:
        return sandbox.storage.all(
            "SELECT * FROM plain_record WHERE provider = ? AND account = ?"
            " AND kind = ? AND deleted = 0 AND modified >= ?"
            " ORDER BY id LIMIT ? OFFSET ?",
            *(*self.key, since, limit, offset),
        )

    def find(self, sandbox: Sandbox, record_id: str) -> Row | None:
        return sandbox.storage.one(
            "SELECT * FROM plain_record WHERE provider = ? AND account = ?"
            " AND kind = ? AND id = ? AND deleted = 0",
            *(*self.key, record_id),
        )

    def add(self, sandbox: Sandbox, fields: Mapping[str, Any], moment: int) -> str:
        with sandbox.storage.write():
            [(count,)] = sandbox.storage.all(
                "SELECT COUNT(*) FROM plain_record WHERE provider = ? AND account = ?"
                " AND kind = ?",
                *self.key,
            )
            row = (*self.key, f"{count + 1:06}", json.dumps(fields), moment, moment)
            insert = "INSERT INTO plain_record VALUES (?, ?, ?, ?, ?, ?, ?, 0)"
            sandbox.storage.run(insert, *row)
        return row[3]

    def change(
        self,
        sandbox: Sandbox,
        row: Row,
        values: Mapping[str, Any],
        *,
        is_deleted: bool = False,
    ) -> None:
        fields = json.dumps({**json.loads(row["fields"]), **values})
        sandbox.storage.run(
            "UPDATE plain_record SET fields = ?, modified = ?, deleted = ?"
            " WHERE provider = ? AND account = ? AND kind = ? AND id = ?",
            *(fields, sandbox.now_ms, is_deleted, *self.key, row["id"]),
        )


def seed(sandbox: Sandbox, place: Place, account: Account, rng: random.Random) -> None:
    """Make the records of one kind in one account, changed over the past year."""
    for fields in place.kind.seed(rng, account):
        place.add(sandbox, fields, sandbox.now_ms - rng.randrange(YEAR_MS))


def to_record(row: Row) -> Record:
    return Record(
        id=row["id"],
        fields=json.loads(row["fields"]),
        created=to_iso(row["created"]),
        modified=to_iso(row["modified"]),
    )
