"""Let a call in: version, token, limit, capability; and look up what it may see."""

import re
import uuid
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
    malformed,
    not_found,
    slow_down,
)
from sandbox.notion.seed.workspaces import BY_ID, SLUG

VERSION = "2026-03-11"
UUID = re.compile("-?".join(f"[0-9a-fA-F]{{{n}}}" for n in (8, 4, 4, 4, 12)))
READ, USERS, EMAILS = "read_content", "read_users", "read_user_emails"
# How an authorization may be owned, and what is withheld then.
OWNERS = {
    "person": ("A person, with e-mail", ()),
    "no_email": ("A person, without e-mail", (EMAILS,)),
    "partial": ("A person of whom only the id is told", (EMAILS, USERS)),
    "workspace": ("The whole workspace (how it was in the past)", ()),
}
OBJECT = "SELECT * FROM notion_object WHERE id = ?"
VISIBLE = """
SELECT o.* FROM notion_object o
JOIN notion_visible v ON v.key = o.key AND v.holder = ? WHERE o.id = ?
"""


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call, and whose token makes it with which capabilities."""

    sandbox: Sandbox
    request: Request
    workspace: str
    user: str
    holder: str
    bot: str
    owner: str
    held: frozenset[str]

    def switch(self, name: str) -> Any:
        return self.sandbox.switches.get(SLUG, name, self.workspace)

    def run(self, sql: str, **values: Any) -> list[Row]:
        """Run a query that may name the holder of the grant."""
        values["holder"] = self.holder
        return self.sandbox.storage.connection.execute(sql, values).fetchall()

    def get(self, object_id: str) -> Row | None:
        """Return an object, whether the connection may see it or not."""
        return self.sandbox.storage.one(OBJECT, object_id)

    def find(self, object_id: str, *kinds: str) -> Row | None:
        """Return an object when it is of a kind and shared with the connection."""
        row = self.sandbox.storage.one(VISIBLE, self.holder, object_id)
        return row if row is not None and row["kind"] in kinds else None

    def read_id(self, kind: str) -> str:
        """Return the id a path names, however it is written."""
        given = self.request.params["id"]
        if found := to_id(given):
            return found
        why = f'should be a valid uuid, instead was `"{given}"`'
        raise malformed(f"path.{kind}_id", why)

    def get_visible(self, kind: str) -> Row:
        """Return the object a path names, or refuse."""
        object_id = self.read_id(kind)
        row = self.find(object_id, kind)
        if row is None:
            raise not_found(kind, object_id)
        return row

    def answer(self, data: dict[str, Any]) -> Response:
        return answer(self.request, data)


def to_id(text: str) -> str | None:
    """Return an id with its hyphens, or nothing when it is none."""
    return str(uuid.UUID(text)) if UUID.fullmatch(text) else None


def api(*capabilities: str) -> Callable[[Callable[[Call], Response]], Handler]:
    """Wrap a handler with everything that comes before any API call."""

    def decorate(inner: Callable[[Call], Response]) -> Handler:
        def handle(sandbox: Sandbox, request: Request) -> Response:
            try:
                check_version(request)
                call = _admit(sandbox, request)
                if not call.held.issuperset(capabilities):
                    message = "Insufficient permissions for this endpoint."
                    raise ApiRefusal(403, message)
                return inner(call)
            except ApiRefusal as refusal:
                return refusal.answer(request)

        return handle

    return decorate


def check_version(request: Request) -> None:
    """Insist on the version header, and on the one version that is simulated."""
    version = request.header("Notion-Version")
    if not version:
        message = f'Notion-Version header should be defined, instead was "{version}".'
        raise ApiRefusal(400, message, "missing_version")
    if version != VERSION:
        message = f"Notion-Version {version} is not simulated; {VERSION} is."
        raise ApiRefusal(400, message)


def _admit(sandbox: Sandbox, request: Request) -> Call:
    token = request.token
    if token is None or token.kind != "access" or not token.is_live(sandbox.clock()):
        raise ApiRefusal(401, "API token is invalid.")
    _check_limit(sandbox, token.account)
    sql = "SELECT holder, bot, owner FROM notion_bot WHERE grant_id = ?"
    bot = dict(sandbox.storage.one(sql, token.grant_id) or {})
    return Call(
        sandbox=sandbox,
        request=request,
        workspace=token.account,
        user=token.user,
        held=get_held(sandbox, token.account, bot["owner"]),
        **bot,
    )


def _check_limit(sandbox: Sandbox, workspace: str) -> None:
    """Count calls per workspace, whoever's token they use."""
    read = sandbox.switches.get
    if not read(SLUG, "rate_limits", workspace):
        return
    own, plan = read(SLUG, "calls_per_minute", workspace), BY_ID[workspace]
    wait = sandbox.fixed_windows.admit(
        f"{SLUG}:{workspace}",
        limit=own or plan.calls_per_minute,
        seconds=60.0,
        now=sandbox.clock(),
    )
    if wait is not None:
        raise slow_down(RATE, wait)


def get_held(sandbox: Sandbox, workspace: str, owner: str) -> frozenset[str]:
    """Return the capabilities of the app that an authorization leaves it."""
    held = sandbox.switches.get(SLUG, "capabilities", workspace)
    return frozenset(held) - set(OWNERS[owner][1])


def finish(sandbox: Sandbox, request: Request, response: Response) -> None:
    """Add the header every answer of the API carries."""
    if request.path.startswith("/v1/") and not request.environ.get("notion.edge"):
        response.headers.append(("x-notion-request-id", get_request_id(request)))


def answer(request: Request, data: dict[str, Any]) -> Response:
    """Answer with an object that also names the request."""
    return to_json({**data, "request_id": get_request_id(request)})
