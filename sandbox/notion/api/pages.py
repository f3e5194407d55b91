"""Show pages, databases and data sources, and what a page cuts off."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from sandbox.core.state import Sandbox
from sandbox.core.web import Request, Response
from sandbox.notion.api.auth import READ, Caller, answer, api, get_visible
from sandbox.notion.api.errors import not_found
from sandbox.notion.api.paging import read_page_query
from sandbox.notion.api.render import Library, to_object
from sandbox.notion.api.values import LISTED, to_value
from sandbox.notion.seed.workspaces import DATA_SOURCE, DATABASE, PAGE


def _show(kind: str) -> Callable[[Sandbox, Request], Response]:
    """Make the handler that returns one object of a kind."""

    @api(READ)
    def show(sandbox: Sandbox, request: Request, caller: Caller) -> Response:
        row = get_visible(sandbox, request, caller, kind)
        return answer(request, to_object(Library(sandbox, caller), row))

    return show


show_page, show_database, show_data_source = map(_show, (PAGE, DATABASE, DATA_SOURCE))


@api(READ)
def show_property(sandbox: Sandbox, request: Request, caller: Caller) -> Response:
    """Return one property, whole: a list for the types that can be long."""
    row = get_visible(sandbox, request, caller, PAGE)
    wanted = request.params["property"]
    schema = Library(sandbox, caller).get_schema(row)
    found = next((d for d in schema if unquote(d["id"]) == wanted), None)
    if found is None:
        raise not_found(request, "property", wanted)
    kept = json.loads(row["body"]).get("values", {}).get(found["id"])
    value = to_value(caller, row, found, kept)
    named = {"id": found["id"], "type": found["type"]}
    item: dict[str, Any] = {"object": "property_item", **named}
    if found["type"] not in LISTED:
        return answer(request, {**item, found["type"]: value})
    page = read_page_query(request, f"property:{row['id']}:{found['id']}")
    whole = [{**item, found["type"]: one} for one in value]
    own = {**named, "next_url": None, found["type"]: {}}
    return page.cut(whole, "property_item", property_item=own)
