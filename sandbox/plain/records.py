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
KEY = "provider = ? AND account = ? AND kind = ?"
COUNT = f"SELECT COUNT(*) FROM plain_record WHERE {KEY}"  # noqa: S608

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


@dataclass(frozen=True)
class Place:
    """The records of one kind in one account."""

    sandbox: Sandbox
    provider: str
    account: str
    kind: Kind

    @property
    def key(self) -> tuple[str, str, str]:
        return self.provider, self.account, self.kind.name

    def select(self, condition: str, *values: Any) -> Sequence[Row]:
        # Every condition is written out in this package.
        sql = f"SELECT * FROM plain_record WHERE {KEY} AND {condition}"  # noqa: S608
        return self.sandbox.storage.all(sql, *self.key, *values)

    def list(
        self, *, limit: int = -1, offset: int = 0, since: int = 0
    ) -> Sequence[Row]:
        condition = "deleted = 0 AND modified >= ? ORDER BY id LIMIT ? OFFSET ?"
        return self.select(condition, since, limit, offset)

    def find(self, record_id: str) -> Row | None:
        return next(iter(self.select("deleted = 0 AND id = ?", record_id)), None)

    def add(self, fields: Mapping[str, Any], moment: int) -> str:
        with self.sandbox.storage.write():
            [(count,)] = self.sandbox.storage.all(COUNT, *self.key)
            new = f"{count + 1:06}"
            row = (*self.key, new, json.dumps(fields), moment, moment)
            insert = "INSERT INTO plain_record VALUES (?, ?, ?, ?, ?, ?, ?, 0)"
            self.sandbox.storage.run(insert, *row)
        return new

    def change(
        self, row: Row, values: Mapping[str, Any], *, is_deleted: bool = False
    ) -> None:
        fields = json.dumps({**json.loads(row["fields"]), **values})
        self.sandbox.storage.run(
            "UPDATE plain_record SET fields = ?, modified = ?, deleted = ?"
            " WHERE provider = ? AND account = ? AND kind = ? AND id = ?",
            *(fields, self.sandbox.now_ms, is_deleted, *self.key, row["id"]),
        )

    def seed(self, account: Account, rng: random.Random) -> None:
        """Make records that were changed over the past year."""
        for fields in self.kind.seed(rng, account):
            self.add(fields, self.sandbox.now_ms - rng.randrange(YEAR_MS))


def to_record(row: Row) -> Record:
    return Record(
        id=row["id"],
        fields=json.loads(row["fields"]),
        created=to_iso(row["created"]),
        modified=to_iso(row["modified"]),
    )
