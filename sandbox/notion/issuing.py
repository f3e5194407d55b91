"""Begin grants, issue pairs of tokens and word the answer that carries them."""

import json
import secrets
import sqlite3
import uuid
from typing import TYPE_CHECKING, Any

from sandbox.core.storage import Row
from sandbox.core.web import Request
from sandbox.notion.api.errors import get_request_id
from sandbox.notion.api.people import describe_owner
from sandbox.notion.api.shares import end_shares, make_holder, set_shares
from sandbox.notion.seed.workspaces import BY_ID, SLUG
from sandbox.oauth import grants

if TYPE_CHECKING:
    from sandbox.core.state import Sandbox


def start_grant(
    sandbox: "Sandbox", request: Request, connection: sqlite3.Connection, code: Row
) -> dict[str, Any]:
    """Begin a grant; only now do the picked pages become visible to the app."""
    workspace, user = code["account"], code["user"]
    consent = connection.execute(
        "SELECT * FROM notion_consent WHERE code = ?", (code["value"],)
    ).fetchone()
    holder = make_holder(workspace, user)
    earlier = connection.execute(
        "SELECT b.* FROM notion_bot b JOIN oauth_grant g ON g.id = b.grant_id"
        " WHERE b.holder = ? AND g.ended_at IS NULL ORDER BY b.grant_id",
        (holder,),
    ).fetchall()
    if not earlier:
        end_shares(connection, holder)
    set_shares(connection, holder, json.loads(consent["picked"]), sandbox.now_ms)
    if earlier and sandbox.switches.get(SLUG, "same_pair", workspace):
        return _repeat(sandbox, request, connection, earlier[-1])
    if sandbox.switches.get(SLUG, "reauthorization_kills", workspace):
        for row in earlier:
            _end(sandbox, connection, row["grant_id"])
    grant_id = grants.start_grant(
        connection,
        provider=SLUG,
        account=workspace,
        user=user,
        scopes="",
        created_at=sandbox.clock(),
    )
    keeps = earlier and sandbox.switches.get(SLUG, "stable_bot_id", workspace)
    bot = earlier[-1]["bot"] if keeps else str(uuid.uuid4())
    connection.execute(
        "INSERT INTO notion_bot VALUES (?, ?, ?, ?)",
        (grant_id, holder, bot, consent["owner"]),
    )
    return issue_pair(sandbox, request, connection, grant_id)


def _end(sandbox: "Sandbox", connection: sqlite3.Connection, grant_id: int) -> None:
    reason, now = "authorized again", sandbox.clock()
    grants.end_grant(connection, grant_id, reason=reason, now=now)


def _repeat(
    sandbox: "Sandbox", request: Request, connection: sqlite3.Connection, bot: Row
) -> dict[str, Any]:
    """Answer with the pair that is active, as for apps made before June 2026."""
    pair = [
        connection.execute(
            "SELECT value FROM oauth_token WHERE grant_id = ? AND kind = ?"
            " AND spent_at IS NULL AND revoked_at IS NULL ORDER BY rowid DESC",
            (bot["grant_id"], kind),
        ).fetchone()
        for kind in ("access", "refresh")
    ]
    access, refresh = (row["value"] for row in pair)
    return _describe(sandbox, request, connection, bot["grant_id"], (access, refresh))


def issue_pair(
    sandbox: "Sandbox", request: Request, connection: sqlite3.Connection, grant_id: int
) -> dict[str, Any]:
    """Issue both tokens of a grant anew, and return the whole answer."""
    pair = []
    for kind, prefix in (("access", "ntn_"), ("refresh", "nrt_")):
        value = prefix + secrets.token_hex(23)
        grants.issue(
            connection,
            value,
            grant_id=grant_id,
            kind=kind,
            now=sandbox.clock(),
            lifetime=None,
        )
        pair.append(value)
    return _describe(sandbox, request, connection, grant_id, (pair[0], pair[1]))


def _describe(
    sandbox: "Sandbox",
    request: Request,
    connection: sqlite3.Connection,
    grant_id: int,
    pair: tuple[str, str],
) -> dict[str, Any]:
    row = connection.execute(
        "SELECT g.*, b.bot, b.owner FROM oauth_grant g JOIN notion_bot b"
        " ON b.grant_id = g.id WHERE g.id = ?",
        (grant_id,),
    ).fetchone()
    request.account = row["account"]
    workspace, switches = BY_ID[row["account"]], sandbox.switches
    has_refresh = switches.get(SLUG, "refresh_tokens", workspace.id)
    has_name = switches.get(SLUG, "workspace_names", workspace.id)
    return {
        "access_token": pair[0],
        "token_type": "bearer",
        "refresh_token": pair[1] if has_refresh else None,
        "bot_id": row["bot"],
        "workspace_id": workspace.id,
        "workspace_name": workspace.name if has_name else None,
        "workspace_icon": workspace.icon,
        "owner": describe_owner(sandbox, workspace.id, row["user"], row["owner"]),
        "duplicated_template_id": None,
        "request_id": get_request_id(request),
    }
