"""Answer who the token's person is, which bases it opens and what is in one."""

from typing import Any

from sandbox.airtable.api.access import admit, list_bases
from sandbox.airtable.api.errors import BAD_OFFSET, refuse
from sandbox.airtable.seed.accounts import EMAIL_READ, PEOPLE, SCHEMA_READ, SLUG
from sandbox.airtable.values import derive_id, is_id, list_tables
from sandbox.core.serving.web import Request, Response, to_json
from sandbox.core.state import Sandbox


def show_whoami(sandbox: Sandbox, request: Request) -> Response:
    """Answer who the person is; their address only with its scope."""
    token = admit(sandbox, request)
    shown: dict[str, Any] = {"id": token.user}
    if EMAIL_READ in token.scopes:
        shown["email"] = PEOPLE[token.user].email
    return to_json({**shown, "scopes": token.scopes})


def show_bases(sandbox: Sandbox, request: Request) -> Response:
    token = admit(sandbox, request, SCHEMA_READ)
    query = request.query
    size = int(sandbox.switches.get(SLUG, "bases_page_size", request.account))
    iterator, _, start = query.get("offset", "").partition("/")
    if "offset" in query and not (is_id("itr", iterator) and is_id("app", start)):
        raise refuse(BAD_OFFSET)
    rows = [row for row in list_bases(sandbox, token) if row["id"] >= start]
    page: dict[str, Any] = {
        "bases": [
            {"id": row["id"], "name": row["name"], "permissionLevel": row["level"]}
            for row in rows[:size]
        ]
    }
    if len(rows) > size:
        page["offset"] = f"{derive_id('itr', token.value)}/{rows[size]['id']}"
    return to_json(page)


def show_tables(sandbox: Sandbox, request: Request) -> Response:
    admit(sandbox, request, SCHEMA_READ)
    return to_json({"tables": list_tables(sandbox.storage, request.params["base"])})
