"""Answer who the token's person is, which bases it opens and what is in one."""

from typing import Any

from sandbox.airtable.api.access import list_bases
from sandbox.airtable.api.auth import Caller, api
from sandbox.airtable.api.errors import invalid
from sandbox.airtable.api.params import find_repeated, read_query
from sandbox.airtable.api.schema import list_tables
from sandbox.airtable.seed.accounts import EMAIL_READ, PEOPLE, SCHEMA_READ, SLUG
from sandbox.airtable.values import derive_id, is_id
from sandbox.core.state import Sandbox
from sandbox.core.web import Request, Response, to_json

VISIBLE = "visibleFieldIds"


@api()
def show_whoami(sandbox: Sandbox, request: Request, caller: Caller) -> Response:
    """Answer who the person is; their address only with its scope."""
    shown: dict[str, Any] = {"id": caller.token.user}
    if EMAIL_READ in caller.scopes:
        shown["email"] = PEOPLE[caller.token.user].email
    granted = [scope for scope in caller.token.scopes if scope in caller.scopes]
    return to_json({**shown, "scopes": granted})


@api(SCHEMA_READ)
def show_bases(sandbox: Sandbox, request: Request, caller: Caller) -> Response:
    """List the bases a page at a time, by id."""
    query = _read(request, "offset")
    size = int(sandbox.switches.get(SLUG, "bases_page_size", request.account))
    iterator, _, start = query.get("offset", "").partition("/")
    if "offset" in query and not (is_id("itr", iterator) and is_id("app", start)):
        raise invalid("The offset is malformed", "INVALID_OFFSET_VALUE")
    rows = [row for row in list_bases(sandbox, caller.token) if row["id"] >= start]
    page: dict[str, Any] = {
        "bases": [
            {"id": row["id"], "name": row["name"], "permissionLevel": row["level"]}
            for row in rows[:size]
        ]
    }
    if len(rows) > size:
        name = derive_id("itr", caller.token.value)
        page["offset"] = f"{name}/{rows[size]['id']}"
    return to_json(page)


@api(SCHEMA_READ)
def show_tables(sandbox: Sandbox, request: Request, caller: Caller) -> Response:
    """Answer every table of a base with its fields and views."""
    included = _read(request, "include", "include[]").values()
    if set(included) - {VISIBLE}:
        raise invalid("include can only be visibleFieldIds")
    tables = list_tables(sandbox.storage, request.params["base"])
    with_visible = bool(included)
    return to_json({"tables": [t.to_dict(with_visible=with_visible) for t in tables]})


def _read(request: Request, *names: str) -> dict[str, str]:
    pairs = read_query(request)
    if find_repeated(pairs) or any(name not in names for name, _ in pairs):
        raise invalid("Invalid request: parameter validation failed")
    return dict(pairs)
