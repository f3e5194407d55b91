"""Describe people and bots, and list them."""

from collections.abc import Collection
from typing import Any

from sandbox.core.serving.web import Response
from sandbox.core.state import Sandbox
from sandbox.notion.api.calls import EMAILS, USERS, Call, api, get_held
from sandbox.notion.api.paging import read_page
from sandbox.notion.seed.workspaces import BY_ID

APP_NAME = "Mooring (sandbox registration)"
LIMITS = {"max_file_upload_size_in_bytes": 5 * 1024 * 1024}


def to_partial(user_id: str) -> dict[str, Any]:
    return {"object": "user", "id": user_id}


def describe_user(
    workspace: str, user_id: str, held: Collection[str]
) -> dict[str, Any]:
    user = next((p for p in BY_ID[workspace].people if p.id == user_id), None)
    if user is None or USERS not in held:
        return to_partial(user_id)
    email = {"email": user.email, "email_verified": True} if EMAILS in held else {}
    named = {"type": "person", "name": user.name, "avatar_url": None}
    return {**to_partial(user_id), **named, "person": email}


def describe_owner(
    sandbox: Sandbox, workspace: str, user_id: str, owner: str
) -> dict[str, Any]:
    if owner == "workspace":
        return {"type": "workspace", "workspace": True}
    held = get_held(sandbox, workspace, owner)
    return {"type": "user", "user": describe_user(workspace, user_id, held)}


def _describe_bot(call: Call) -> dict[str, Any]:
    workspace = BY_ID[call.workspace]
    bot = {
        "owner": describe_owner(call.sandbox, workspace.id, call.user, call.owner),
        "workspace_id": workspace.id,
        "workspace_name": workspace.name,
        "workspace_limits": LIMITS,
    }
    named = {"type": "bot", "name": APP_NAME, "avatar_url": None}
    return {**to_partial(call.bot), **named, "bot": bot}


@api()
def show_me(call: Call) -> Response:
    """Describe the bot whose token was sent; any capability will do."""
    return call.answer(_describe_bot(call))


@api(USERS)
def list_users(call: Call) -> Response:
    page = read_page(call.request, call.request.query, "users")
    ids = [user.id for user in BY_ID[call.workspace].people]
    users = [describe_user(call.workspace, user_id, call.held) for user_id in ids]
    return page.cut([*users, _describe_bot(call)], "user")
