"""Show pages, databases and data sources, and what a page cuts off."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from sandbox.core.state import Sandbox
from sandbox.core.web import Request, Response
from sandbox.notion.api.calls import READ, Call, api
from sandbox.notion.api.errors import not_found
from sandbox.notion.api.paging import read_page_query
from sandbox.notion.api.render import get_schema, to_object
from sandbox.notion.api.values import LISTED, to_value
from sandbox.notion.seed.workspaces import PAGE


def show(kind: str) -> Callable[[Sandbox, Request], Response]:
    """Make the handler that returns one object of a kind."""
    return api(READ)(lambda call: call.answer(to_object(call, call.get_visible(kind))))


@api(READ)
def show_property(call: Call) -> Response:
    """Return one property, whole: a list for the types that can be long."""
    row, wanted = call.get_visible(PAGE), call.request.params["property"]
    schema = get_schema(call, row)
    found = next((d for d in schema if unquote(d["id"]) == wanted), None)
    if found is None:
        raise not_found("property", wanted)
    kept = json.loads(row["body"]).get("values", {}).get(found["id"])
    kind, value = found["type"], to_value(call, row, found, kept)
    named = {"id": found["id"], "type": kind}
    item: dict[str, Any] = {"object": "property_item", **named}
    if kind not in LISTED:
        return call.answer({**item, kind: value})
    page = read_page_query(call.request, f"property:{row['id']}:{found['id']}")
    own = {**named, "next_url": None, kind: {}}
    whole = [{**item, kind: one} for one in value]
    return page.cut(whole, "property_item", property_item=own)
