"""Show pages, and page through what a page cuts off."""

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from sandbox.core.web import Request, Response
from sandbox.notion.api.auth import READ, Caller, answer, api, get_visible
from sandbox.notion.api.errors import not_found
from sandbox.notion.api.paging import read_page_query, to_list
from sandbox.notion.api.render import Library, to_page
from sandbox.notion.api.values import LISTED, Definition, to_value
from sandbox.notion.seed.workspaces import PAGE

if TYPE_CHECKING:
    from sandbox.core.state import Sandbox


@api(READ)
def show_page(sandbox: "Sandbox", request: Request, caller: Caller) -> Response:
    """Return one page."""
    row = get_visible(sandbox, request, caller, PAGE)
    return answer(request, to_page(Library(sandbox, caller), row))


@api(READ)
def show_property(sandbox: "Sandbox", request: Request, caller: Caller) -> Response:
    """Return one property, whole: a list for the types that can be long."""
    row = get_visible(sandbox, request, caller, PAGE)
    wanted = request.params["property"]
    schema = Library(sandbox, caller).get_schema(row)
    found = next((d for d in schema if unquote(d["id"]) == wanted), None)
    if found is None:
        raise not_found(request, "property", wanted)
    kept = json.loads(row["body"]).get("values", {}).get(found["id"])
    value = to_value(caller, row, found, kept)
    if found["type"] not in LISTED:
        return answer(request, _to_item(found, value))
    page = read_page_query(request, f"property:{row['id']}:{found['id']}")
    end = page.offset + page.size
    results = [_to_item(found, item) for item in value[page.offset : end]]
    item = {"id": found["id"], "next_url": None, "type": found["type"]}
    return to_list(
        request,
        results,
        page=page,
        has_more=end < len(value),
        kind="property_item",
        property_item={**item, found["type"]: {}},
    )


def _to_item(definition: Definition, value: Any) -> dict[str, Any]:
    kind = definition["type"]
    item = {"object": "property_item", "id": definition["id"], "type": kind}
    return {**item, kind: value}
