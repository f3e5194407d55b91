"""Let a call in: version, token, limit, capability; and dress the answer."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.core.state import Handler, Sandbox
from sandbox.core.storage import Row
from sandbox.core.web import Request, Response, to_json
from sandbox.notion.api.errors import (
    RATE,
    ApiRefusal,
    get_request_id,
    invalid,
    not_found,
    refuse,
    restricted,
    slow_down,
)
from sandbox.notion.api.ids import to_id
from sandbox.notion.seed.workspaces import BY_ID, SLUG

VERSION = "2026-03-11"
MINUTE = 60.0
READ, USERS, EMAILS = "read_content", "read_users", "read_user_emails"
Inner = Callable[[Sandbox, Request, "Caller"], Response]


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Describe whose token makes a call and what it may see."""

    request: Request
    workspace: str
    user: str
    grant: int
    holder: str
    bot: str
    owner: str
    capabilities: frozenset[str]

    def require(self, capability: str) -> None:
        """Refuse the call when the connection lacks a capability."""
        if capability not in self.capabilities:
            raise restricted(self.request)


def api(*capabilities: str) -> Callable[[Inner], Handler]:
    """Wrap a handler with everything that comes before any API call."""

    def decorate(inner: Inner) -> Handler:
        def handle(sandbox: Sandbox, request: Request) -> Response:
            try:
                check_version(request)
                caller = _admit(sandbox, request)
                for capability in capabilities:
                    caller.require(capability)
                return inner(sandbox, request, caller)
            except ApiRefusal as refusal:
                return refusal.response

        return handle

    return decorate


def check_version(request: Request) -> None:
    """Insist on the version header, and on the one version that is simulated."""
    version = request.header("Notion-Version")
    if not version:
        message = f'Notion-Version header should be defined, instead was "{version}".'
        raise refuse(request, 400, "missing_version", message)
    if version != VERSION:
        message = f"Notion-Version {version} is not simulated; {VERSION} is."
        raise invalid(request, message)


def _admit(sandbox: Sandbox, request: Request) -> Caller:
    token = request.token
    if token is None or token.kind != "access" or not token.is_live(sandbox.clock()):
        raise refuse(request, 401, "unauthorized", "API token is invalid.")
    _check_limit(sandbox, request)
    bot = sandbox.storage.one(
        "SELECT * FROM notion_bot WHERE grant_id = ?", token.grant_id
    )
    if bot is None:
        raise refuse(request, 401, "unauthorized", "API token is invalid.")
    held = sandbox.switches.get(SLUG, "capabilities", token.account)
    return Caller(
        request=request,
        workspace=token.account,
        user=token.user,
        grant=token.grant_id,
        holder=bot["holder"],
        bot=bot["bot"],
        owner=bot["owner"],
        capabilities=frozenset(held) - _withhold(bot["owner"]),
    )


def _withhold(owner: str) -> frozenset[str]:
    return frozenset({"no_email": {EMAILS}, "partial": {EMAILS, USERS}}.get(owner, ()))


def _check_limit(sandbox: Sandbox, request: Request) -> None:
    """Count calls per workspace, whoever's token they use."""
    workspace = request.account
    if not sandbox.switches.get(SLUG, "rate_limits", workspace):
        return
    own = sandbox.switches.get(SLUG, "calls_per_minute", workspace)
    wait = sandbox.fixed_windows.admit(
        f"{SLUG}:{workspace}",
        limit=own or BY_ID[workspace].calls_per_minute,
        seconds=MINUTE,
        now=sandbox.clock(),
    )
    if wait is not None:
        raise ApiRefusal(slow_down(request, RATE, wait))


def finish(sandbox: Sandbox, request: Request, response: Response) -> None:
    """Add the header every answer of the API carries."""
    if request.path.startswith("/v1/") and not request.environ.get("notion.edge"):
        response.headers.append(("x-notion-request-id", get_request_id(request)))


def read_path_id(request: Request, kind: str) -> str:
    """Return the id a path names, however it is written."""
    found = to_id(request.params["id"])
    if found is None:
        message = (
            f"path failed validation: path.{kind}_id should be a valid uuid, "
            f'instead was `"{request.params["id"]}"`.'
        )
        raise invalid(request, message)
    return found


def find_visible(
    sandbox: Sandbox, caller: Caller, object_id: str, *kinds: str
) -> Row | None:
    """Return an object when it is of a kind and shared with the connection."""
    row = sandbox.storage.one(
        "SELECT o.* FROM notion_object o JOIN notion_visible v"
        " ON v.key = o.key AND v.holder = ? WHERE o.id = ?",
        caller.holder,
        object_id,
    )
    return row if row is not None and (not kinds or row["kind"] in kinds) else None


def get_visible(sandbox: Sandbox, request: Request, caller: Caller, kind: str) -> Row:
    """Return the object a path names, or refuse."""
    object_id = read_path_id(request, kind)
    row = find_visible(sandbox, caller, object_id, kind)
    if row is None:
        raise not_found(request, kind, object_id)
    return row


def answer(request: Request, data: dict[str, Any]) -> Response:
    """Answer with an object that also names the request."""
    return to_json({**data, "request_id": get_request_id(request)})
