"""Retire what a refresh replaces, and judge a refresh token that comes back."""

import sqlite3
from typing import TYPE_CHECKING

from sandbox.airtable.refusals import RefusedError
from sandbox.airtable.seed.accounts import SLUG
from sandbox.oauth import grants

if TYPE_CHECKING:
    from sandbox.core.state import Sandbox


def retire(
    connection: sqlite3.Connection, token: grants.Token, *, successor: str, now: float
) -> None:
    """Kill the refresh token and every access token of its grant at once."""
    grants.spend(connection, token.value, successor=successor, now=now)
    connection.execute(
        "UPDATE oauth_token SET revoked_at = ? WHERE grant_id = ? AND kind = 'access'"
        " AND revoked_at IS NULL",
        (now, token.grant_id),
    )


def check_spent(sandbox: "Sandbox", token: grants.Token) -> str:
    """Return the successor of a spent token while it is forgiven; else refuse.

    The token spent last meets a conflict for a moment, because another refresh is
    probably under way; any other reuse looks like theft and ends the grant.
    """
    age = sandbox.clock() - (token.spent_at or 0)
    if _is_last(sandbox, token):
        if age < sandbox.switches.get(SLUG, "grace_seconds", token.account):
            return token.successor
        if age < sandbox.switches.get(SLUG, "race_seconds", token.account):
            raise RefusedError("", "refreshed just now", status=409, is_double=True)
    punish = sandbox.switches.get(SLUG, "punish_reuse", token.account)
    raise RefusedError(
        "invalid_grant",
        "the refresh token was used before",
        is_double=True,
        ends_grant=token.grant_id if punish else 0,
    )


def _is_last(sandbox: "Sandbox", token: grants.Token) -> bool:
    successor = grants.find_token(sandbox.storage, token.successor, provider=SLUG)
    return successor is not None and successor.spent_at is None
