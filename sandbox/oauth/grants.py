"""Remember codes, grants and tokens, whichever provider issued them."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.core.storage import Row, Storage

BOTH = ("access", "refresh")
FIND = """
SELECT t.*, g.provider, g.account, g.user, g.scopes AS granted FROM oauth_token t
JOIN oauth_grant g ON g.id = t.grant_id WHERE t.value = ? AND g.provider = ?
"""


@dataclass(frozen=True, kw_only=True)
class Token:
    """Describe one issued token and the grant it belongs to."""

    value: str
    kind: str
    grant_id: int
    provider: str
    account: str
    user: str
    granted: str
    issued_at: float
    expires_at: float | None
    spent_at: float | None
    revoked_at: float | None
    successor: str | None

    @property
    def scopes(self) -> list[str]:
        return self.granted.split()

    @property
    def is_revoked(self) -> bool:
        return self.revoked_at is not None

    def is_expired(self, now: float) -> bool:
        return self.expires_at is not None and now >= self.expires_at

    def is_live(self, now: float) -> bool:
        is_over = self.is_revoked or self.is_expired(now)
        return not is_over and self.spent_at is None


def to_fingerprint(value: str) -> str:
    """Return a short name for a secret that does not give it away."""
    return hashlib.sha256(value.encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Grants:
    """The codes, grants and tokens of one provider, at one moment."""

    storage: Storage
    provider: str
    now: float

    def find_token(self, value: str) -> Token | None:
        row = self.storage.one(FIND, value, self.provider)
        return Token(**dict(row)) if row else None

    def find_code(self, value: str) -> Row | None:
        sql = "SELECT * FROM authorization_code WHERE value = ? AND provider = ?"
        return self.storage.one(sql, value, self.provider)

    def take_code(self, value: str) -> bool:
        """Use a code up; the second caller gets nothing."""
        taken = self.storage.run(
            "UPDATE authorization_code SET used_at = ? WHERE value = ? AND provider = ?"
            " AND used_at IS NULL AND expires_at > ?",
            *(self.now, value, self.provider, self.now),
        )
        return taken.rowcount > 0

    def get(self, grant_id: int) -> Row:
        [row] = self.storage.all("SELECT * FROM oauth_grant WHERE id = ?", grant_id)
        return row

    def list(self, account: str, user: str = "", *, is_live: bool = False) -> list[int]:
        rows = self.storage.all(
            "SELECT id FROM oauth_grant WHERE provider = ? AND account = ?"
            " AND ? IN ('', user) AND (ended_at IS NULL OR NOT ?) ORDER BY id",
            *(self.provider, account, user, is_live),
        )
        return [row["id"] for row in rows]

    def find_live_token(self, grant_id: int, kind: str) -> str:
        row = self.storage.one(
            "SELECT value FROM oauth_token WHERE grant_id = ? AND kind = ?"
            " AND spent_at IS NULL AND revoked_at IS NULL ORDER BY rowid DESC",
            *(grant_id, kind),
        )
        return row["value"] if row else ""

    def spend(self, value: str, successor: str) -> None:
        """Retire a refresh token for the one that it was rotated to."""
        sql = "UPDATE oauth_token SET spent_at = ?, successor = ? WHERE value = ?"
        self.storage.run(sql, self.now, successor, value)

    def end(self, grant_id: int, reason: str, kinds: Sequence[str] = BOTH) -> None:
        """End a grant; tokens of the kinds left out live on until they expire."""
        self.storage.run(
            "UPDATE oauth_grant SET ended_at = ?, reason = ?"
            " WHERE id = ? AND ended_at IS NULL",
            *(self.now, reason, grant_id),
        )
        for kind in kinds:
            self.revoke_tokens(grant_id, kind)

    def revoke_tokens(self, grant_id: int, kind: str) -> None:
        self.storage.run(
            "UPDATE oauth_token SET revoked_at = ? WHERE grant_id = ? AND kind = ?"
            " AND revoked_at IS NULL",
            *(self.now, grant_id, kind),
        )


def insert(storage: Storage, table: str, **columns: Any) -> int:
    names = ", ".join(columns)
    marks = ", ".join("?" * len(columns))
    # Table and column names are written in this package, never received.
    sql = f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608
    return storage.run(sql, *columns.values()).lastrowid or 0
