"""Describe people and bots, and list them."""

from collections.abc import Collection
from typing import Any

from sandbox.core.state import Sandbox
from sandbox.core.web import Request, Response
from sandbox.notion.api.auth import EMAILS, USERS, Caller, answer, api
from sandbox.notion.api.paging import read_page_query
from sandbox.notion.seed.workspaces import BY_ID, SLUG

# How an authorization may be owned; the consent page offers each of them.
OWNERS = {
    "person": "A person, with e-mail",
    "no_email": "A person, without e-mail",
    "partial": "A person of whom only the id is told",
    "workspace": "The whole workspace (how it was in the past)",
}
APP_NAME = "Mooring (sandbox registration)"
MAX_UPLOAD = 5 * 1024 * 1024


def to_partial(user_id: str) -> dict[str, Any]:
    """Name a user by id only."""
    return {"object": "user", "id": user_id}


def describe_user(
    workspace: str, user_id: str, held: Collection[str]
) -> dict[str, Any]:
    """Describe a user as far as the capabilities that are held allow."""
    person = next((p for p in BY_ID[workspace].people if p.id == user_id), None)
    if person is None or USERS not in held:
        return to_partial(user_id)
    email = {"email": person.email, "email_verified": True} if EMAILS in held else {}
    named = {"type": "person", "name": person.name, "avatar_url": None}
    return {**to_partial(user_id), **named, "person": email}


def describe_owner(
    sandbox: Sandbox, workspace: str, user_id: str, owner: str
) -> dict[str, Any]:
    """Describe who an authorization belongs to."""
    if owner == "workspace":
        return {"type": "workspace", "workspace": True}
    held = set(sandbox.switches.get(SLUG, "capabilities", workspace))
    held -= {"person": set(), "no_email": {EMAILS}}.get(owner, {USERS})
    return {"type": "user", "user": describe_user(workspace, user_id, held)}


def describe_bot(sandbox: Sandbox, caller: Caller) -> dict[str, Any]:
    """Describe the bot a connection acts as."""
    workspace = BY_ID[caller.workspace]
    owner = describe_owner(sandbox, workspace.id, caller.user, caller.owner)
    return {
        "object": "user",
        "id": caller.bot,
        "type": "bot",
        "name": APP_NAME,
        "avatar_url": None,
        "bot": {
            "owner": owner,
            "workspace_id": workspace.id,
            "workspace_name": workspace.name,
            "workspace_limits": {"max_file_upload_size_in_bytes": MAX_UPLOAD},
        },
    }


@api()
def show_me(sandbox: Sandbox, request: Request, caller: Caller) -> Response:
    """Describe the bot whose token was sent; any capability will do."""
    return answer(request, describe_bot(sandbox, caller))


@api(USERS)
def list_users(sandbox: Sandbox, request: Request, caller: Caller) -> Response:
    """List members and bots, no guests."""
    page = read_page_query(request, "users")
    users = [
        describe_user(caller.workspace, person.id, caller.capabilities)
        for person in BY_ID[caller.workspace].people
    ]
    users.append(describe_bot(sandbox, caller))
    return page.cut(users, "user")
