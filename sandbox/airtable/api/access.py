"""Find the bases a grant opens: picked by the person, open to them, still shared."""

import json

from sandbox.airtable.seed.accounts import SLUG
from sandbox.core.state import Sandbox
from sandbox.core.storage import Row
from sandbox.oauth import grants

OPEN = """
SELECT b.*, m.level FROM airtable_base b
JOIN airtable_member m ON m.base = b.id AND m.user = ?
WHERE b.account = ? AND b.id NOT IN
    (SELECT base FROM airtable_unshared WHERE grant_id = ?)
ORDER BY b.id
"""


def list_bases(sandbox: Sandbox, token: grants.Token) -> list[Row]:
    """Return the bases a token may name, by id, with the person's level on each."""
    if sandbox.switches.get(SLUG, "enterprise_blocked", token.account):
        return []
    picked = sandbox.storage.one(
        "SELECT resources FROM airtable_grant WHERE grant_id = ?", token.grant_id
    )
    resources = set(json.loads(picked["resources"])) if picked else set()
    rows = sandbox.storage.all(OPEN, token.user, token.account, token.grant_id)
    return [row for row in rows if resources & {row["id"], row["workspace"]}]


def find_base(sandbox: Sandbox, token: grants.Token, base_id: str) -> Row | None:
    """Return one base, if the token may name it."""
    return next((b for b in list_bases(sandbox, token) if b["id"] == base_id), None)
