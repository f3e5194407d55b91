"""Remember codes, grants and tokens, whichever provider issued them."""

import hashlib
from dataclasses import dataclass
from typing import Any

from sandbox.core.storage import Row, Storage

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


def find_token(storage: Storage, value: str, *, provider: str) -> Token | None:
    row = storage.one(FIND, value, provider)
    return Token(**dict(row)) if row else None


def find_code(storage: Storage, value: str, provider: str) -> Row | None:
    sql = "SELECT * FROM authorization_code WHERE value = ? AND provider = ?"
    return storage.one(sql, value, provider)


def take_code(storage: Storage, value: str, *, provider: str, now: float) -> bool:
    """Use a code up; the second caller gets nothing."""
    taken = storage.run(
        "UPDATE authorization_code SET used_at = ? WHERE value = ? AND provider = ?"
        " AND used_at IS NULL AND expires_at > ?",
        *(now, value, provider, now),
    )
    return taken.rowcount > 0


def get_grant(storage: Storage, grant_id: int) -> Row:
    [row] = storage.all("SELECT * FROM oauth_grant WHERE id = ?", grant_id)
    return row


def list_grants(
    storage: Storage,
    provider: str,
    account: str,
    user: str = "",
    *,
    is_live: bool = False,
) -> list[int]:
    rows = storage.all(
        "SELECT id FROM oauth_grant WHERE provider = ? AND account = ?"
        " AND ? IN ('', user) AND (ended_at IS NULL OR NOT ?) ORDER BY id",
        *(provider, account, user, is_live),
    )
    return [row["id"] for row in rows]


def find_live_token(storage: Storage, grant_id: int, kind: str) -> str:
    row = storage.one(
        "SELECT value FROM oauth_token WHERE grant_id = ? AND kind = ?"
        " AND spent_at IS NULL AND revoked_at IS NULL ORDER BY rowid DESC",
        *(grant_id, kind),
    )
    return row["value"] if row else ""


def spend(storage: Storage, value: str, *, successor: str, now: float) -> None:
    """Retire a refresh token for the one that it was rotated to."""
    sql = "UPDATE oauth_token SET spent_at = ?, successor = ? WHERE value = ?"
    storage.run(sql, now, successor, value)


def end_grant(
    storage: Storage,
    grant_id: int,
    *,
    reason: str,
    now: float,
    kinds: tuple[str, ...] = ("access", "refresh"),
) -> None:
    """End a grant; tokens of the kinds left out live on until they expire."""
    storage.run(
        "UPDATE oauth_grant SET ended_at = ?, reason = ?"
        " WHERE id = ? AND ended_at IS NULL",
        *(now, reason, grant_id),
    )
    for kind in kinds:
        revoke_tokens(storage, grant_id, kind, now=now)


def revoke_tokens(storage: Storage, grant_id: int, kind: str, *, now: float) -> None:
    storage.run(
        "UPDATE oauth_token SET revoked_at = ? WHERE grant_id = ? AND kind = ?"
        " AND revoked_at IS NULL",
        *(now, grant_id, kind),
    )


def insert(storage: Storage, table: str, **columns: Any) -> int:
    names = ", ".join(columns)
    marks = ", ".join("?" * len(columns))
    # Table and column names are written in this package, never received.
    sql = f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608
    return storage.run(sql, *columns.values()).lastrowid or 0
