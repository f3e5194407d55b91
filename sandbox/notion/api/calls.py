"""Let a call in: version, token, limit, capability; and look up what it may see."""

import re
import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from sandbox.core.serving.web import BadBodyError, Request, Response, to_json
from sandbox.core.state import Handler, Sandbox
from sandbox.core.storage import Row
from sandbox.notion.api.errors import (
    RATE,
    get_request_id,
    malformed,
    not_found,
    refuse,
    slow_down,
)
from sandbox.notion.seed.workspaces import BY_ID, SLUG

VERSION = "2026-03-11"
UUID = re.compile("-?".join(f"[0-9a-fA-F]{{{n}}}" for n in (8, 4, 4, 4, 12)))
READ, USERS, EMAILS = "read_content", "read_users", "read_user_emails"
# How an authorization may be owned, and what is withheld then.
OWNERS: dict[str, tuple[str, ...]] = {
    "person": (),
    "no_email": (EMAILS,),
    "partial": (EMAILS, USERS),
    "workspace": (),
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
        return self.sandbox.storage.all(sql, holder=self.holder, **values)

    def get(self, object_id: str) -> Row | None:
        """Return an object, whether the connection may see it or not."""
        return self.sandbox.storage.one(OBJECT, object_id)

    def find(self, object_id: str, *kinds: str) -> Row | None:
        row = self.sandbox.storage.one(VISIBLE, self.holder, object_id)
        return row if row is not None and row["kind"] in kinds else None

    def read_id(self, kind: str) -> str:
        given = self.request.params["id"]
        if found := to_id(given):
            return found
        why = f'should be a valid uuid, instead was `"{given}"`'
        raise malformed(f"path.{kind}_id", why)

    def get_visible(self, kind: str) -> Row:
        object_id = self.read_id(kind)
        if row := self.find(object_id, kind):
            return row
        raise not_found(kind, object_id)

    @property
    def body(self) -> dict[str, Any]:
        """Return the body, which was checked before."""
        body: dict[str, Any] = self.request.json()
        return body

    def answer(self, data: dict[str, Any]) -> Response:
        return answer(self.request, data)


def to_id(text: str) -> str | None:
    return str(uuid.UUID(text)) if UUID.fullmatch(text) else None


def api(*capabilities: str) -> Callable[[Callable[[Call], Response]], Handler]:
    """Wrap a handler with everything that comes before any API call."""

    def decorate(inner: Callable[[Call], Response]) -> Handler:
        return lambda sandbox, request: inner(_admit(sandbox, request, capabilities))

    return decorate


def check_version(request: Request) -> None:
    version = request.header("Notion-Version")
    if not version:
        message = f'Notion-Version header should be defined, instead was "{version}".'
        raise refuse(400, message, "missing_version")
    if version != VERSION:
        message = f"Notion-Version {version} is not simulated; {VERSION} is."
        raise refuse(400, message)


def _admit(sandbox: Sandbox, request: Request, needed: Collection[str]) -> Call:
    check_version(request)
    token = request.token
    if token is None or token.kind != "access" or not token.is_live(sandbox.clock()):
        raise refuse(401, "API token is invalid.")
    _check_limit(sandbox, token.account)
    sql = "SELECT holder, bot, owner FROM notion_bot WHERE grant_id = ?"
    bot = dict(sandbox.storage.one(sql, token.grant_id) or {})
    held = get_held(sandbox, token.account, bot["owner"])
    if not held.issuperset(needed):
        raise refuse(403, "Insufficient permissions for this endpoint.")
    who = {"workspace": token.account, "user": token.user, **bot}
    _check_shape(sandbox, request)
    return Call(sandbox=sandbox, request=request, held=held, **who)


def _check_shape(sandbox: Sandbox, request: Request) -> None:
    """Refuse what the endpoint does not take; a body is an object in JSON."""
    try:
        is_json = request.method == "GET" or (
            request.content_type == "application/json"
            and isinstance(request.json(), dict)
        )
    except BadBodyError:
        is_json = False
    if not is_json:
        raise refuse(400, "Error parsing JSON body.", "invalid_json")
    if problem := sandbox.check_call(request):
        raise malformed(problem.where, problem.why)


def _check_limit(sandbox: Sandbox, workspace: str) -> None:
    if not sandbox.switches.get(SLUG, "rate_limits", workspace):
        return
    own = sandbox.switches.get(SLUG, "calls_per_minute", workspace)
    limit, now = own or BY_ID[workspace].calls_per_minute, sandbox.clock()
    # Calls are counted per workspace, whoever's token they use.
    name = f"{SLUG}:{workspace}"
    wait = sandbox.windows.admit_fixed(name, limit=limit, seconds=60.0, now=now)
    if wait is not None:
        raise slow_down(RATE, wait)


def get_held(sandbox: Sandbox, workspace: str, owner: str) -> frozenset[str]:
    """Return the capabilities of the app that an authorization leaves it."""
    held = sandbox.switches.get(SLUG, "capabilities", workspace)
    return frozenset(held) - set(OWNERS[owner])


def finish(sandbox: Sandbox, request: Request, response: Response) -> None:
    if request.path.startswith("/v1/"):
        response.headers.append(("x-notion-request-id", get_request_id(request)))


def answer(request: Request, data: dict[str, Any]) -> Response:
    return to_json({**data, "request_id": get_request_id(request)})
