"""Find out whose grant it is: the workspace, and the user or bot in it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from integrations.http.errors import InvalidResponse
from integrations.http.resilience.limits import Limit
from integrations.http.responses.shape import expect_object
from integrations.providers.connector import NewGrant
from integrations.providers.notion.ids import find_id
from integrations.providers.notion.mapping.titles import is_emoji
from integrations.providers.records import RemoteAccount
from integrations.providers.typed.values import MAX_URL, one_line

DEFAULT_NAME: Final = "Notion workspace"


def identify(
    grant: NewGrant, *, limits: Callable[[str], Sequence[Limit]]
) -> RemoteAccount:
    """Return the account that the token answer names, else the bot's own word.

    A user may come without a name and an e-mail, and a workspace may own the
    grant itself: then its bot stands for it. An e-mail proves nothing.
    """
    told: Mapping[str, Any] = grant.tokens.raw
    if _identity(told) is None:
        told = {**told, **_ask_bot(grant, limits)}
    identity = _identity(told)
    if identity is None:
        raise InvalidResponse("Notion does not say whose token this is")
    workspace_id, member_id = identity
    return RemoteAccount(
        remote_id=f"{workspace_id}:{member_id}",
        name=one_line(told.get("workspace_name")) or DEFAULT_NAME,
        scopes=(),
        details={
            "workspace_id": workspace_id,
            "bot_id": find_id(told.get("bot_id")) or "",
            "owner_type": "user" if _person_id(told) else "workspace",
            "member": _member_name(told),
            "workspace_icon": _icon(told.get("workspace_icon")),
        },
    )


def _identity(told: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return workspace and member, or None while one of them is missing."""
    workspace_id = find_id(told.get("workspace_id"))
    member_id = _person_id(told)
    if member_id is None and _owner(told).get("type") == "workspace":
        member_id = find_id(told.get("bot_id"))
    return (workspace_id, member_id) if workspace_id and member_id else None


def _owner(told: Mapping[str, Any]) -> Mapping[str, Any]:
    owner = told.get("owner")
    return owner if isinstance(owner, dict) else {}


def _person_id(told: Mapping[str, Any]) -> str | None:
    user = _owner(told).get("user")
    return find_id(user.get("id")) if isinstance(user, dict) else None


def _member_name(told: Mapping[str, Any]) -> str:
    """Return the name or e-mail of the user who consented, empty for a workspace."""
    user = _owner(told).get("user")
    user = user if isinstance(user, dict) else {}
    person = user.get("person")
    email = person.get("email") if isinstance(person, dict) else None
    return one_line(user.get("name")) or one_line(email)


def _ask_bot(
    grant: NewGrant, limits: Callable[[str], Sequence[Limit]]
) -> dict[str, Any]:
    """Ask the token's bot about itself, in the words of the token answer."""
    workspace_id = find_id(grant.tokens.raw.get("workspace_id"))
    known = limits(workspace_id) if workspace_id else ()
    answer = grant.api.get("/users/me", limits=known)
    me = expect_object(answer, "users/me")
    bot = expect_object(me.get("bot"), "bot")
    told = {
        "bot_id": me.get("id"),
        "workspace_id": bot.get("workspace_id"),
        "workspace_name": bot.get("workspace_name"),
        "owner": bot.get("owner"),
    }
    return {name: value for name, value in told.items() if value}


def _icon(value: object) -> str:
    """Return the workspace's icon when it is a link that may be kept, or an emoji."""
    if not isinstance(value, str) or not value.isprintable():
        return ""
    is_link = value.startswith("https://") and len(value) <= MAX_URL
    return value if is_link or is_emoji(value) else ""
