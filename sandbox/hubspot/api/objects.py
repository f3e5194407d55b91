"""List records, read one, and read a batch."""

from typing import Any

from sandbox.core.state import Sandbox
from sandbox.core.storage import Row
from sandbox.core.times import to_short_iso
from sandbox.core.web import Request, Response, to_json
from sandbox.hubspot.api import records
from sandbox.hubspot.api.auth import Caller, api, read_id, read_limit
from sandbox.hubspot.api.errors import invalid, not_found
from sandbox.hubspot.api.inputs import enter, read_body, read_inputs, read_names
from sandbox.hubspot.api.render import (
    NOTHING,
    Shape,
    add_associations,
    read_shape,
    to_object,
)
from sandbox.hubspot.seed.accounts import TYPES
from sandbox.hubspot.seed.definitions import choose_properties

LIST_MAX, HISTORY_MAX, BATCH_MAX = 100, 50, 100


@api()
def list_objects(sandbox: Sandbox, request: Request, caller: Caller) -> Response:
    """Return one page of a type, in the order of the ids."""
    type_id = enter(request, caller, "read")
    shape = read_shape(request, caller, type_id)
    highest = HISTORY_MAX if shape.history else LIST_MAX
    limit = read_limit(request, default=10, highest=highest)
    after = read_id(request, request.query.get("after") or "0")
    rows = sandbox.storage.all(
        "SELECT * FROM hubspot_record WHERE portal = ? AND type = ? AND archived = ?"
        " AND id >= ? ORDER BY id LIMIT ?",
        *(caller.portal, type_id, int(shape.archived), after, limit + 1),
    )
    page = rows[:limit]
    results = [to_object(sandbox.storage, row, shape) for row in page]
    add_associations(sandbox.storage, request, page, results, shape)
    answer: dict[str, Any] = {"results": results}
    if len(rows) > limit:
        # A cursor is the next possible id; the link shows a version nobody may call.
        cursor = str(page[-1]["id"] + 1)
        path = f"{request.origin}/hubspot/crm/v3/objects/{TYPES[type_id]}"
        link = f"{path}?after={cursor}"
        answer["paging"] = {"next": {"after": cursor, "link": link}}
    return to_json(answer)


@api()
def show_object(sandbox: Sandbox, request: Request, caller: Caller) -> Response:
    """Return one record; a merged-away id answers with the record it became."""
    type_id = enter(request, caller, "read")
    shape = read_shape(request, caller, type_id)
    row = _find(sandbox, request, shape)
    found = [to_object(sandbox.storage, row, shape)]
    add_associations(sandbox.storage, request, [row], found, shape)
    return to_json(found[0])


def _find(sandbox: Sandbox, request: Request, shape: Shape) -> Row:
    key, text = (sandbox.storage, shape.portal, shape.type), request.params["id"]
    name = request.query.get("idProperty", "")
    if name and name != "hs_object_id":
        row = records.find_live(*key, name, text)
    else:
        wanted = records.follow_merges(*key, read_id(request, text))
        row = records.find_record(*key, wanted, archived=shape.archived)
    if row is None:
        raise not_found(request)
    return row


@api()
def read_batch(sandbox: Sandbox, request: Request, caller: Caller) -> Response:
    """Return up to a hundred records; missing ones turn the answer into a 207."""
    type_id = enter(request, caller, "read")
    body = read_body(request)
    inputs = read_inputs(request, body, BATCH_MAX)
    history = read_names(request, body, "propertiesWithHistory")
    shape = Shape(
        portal=caller.portal,
        type=type_id,
        names=choose_properties(type_id, read_names(request, body, "properties")),
        history=choose_properties(type_id, history or NOTHING),
    )
    if shape.history and len(inputs) > HISTORY_MAX:
        raise invalid(request, f"at most {HISTORY_MAX} inputs with history")
    storage, name = sandbox.storage, str(body.get("idProperty") or "")
    results, missing = [], []
    for text in dict.fromkeys(inputs):
        row = records.find_live(storage, caller.portal, type_id, name, text)
        if row is None:
            missing.append(text)
        else:
            results.append(to_object(storage, row, shape))
    now = to_short_iso(sandbox.now_ms)
    answer: dict[str, Any] = {"status": "COMPLETE", "results": results}
    answer |= {"startedAt": now, "completedAt": now}
    if not missing:
        return to_json(answer)
    error = {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "message": "Could not get some objects, they may be deleted or not exist.",
        "context": {"ids": missing},
        "errors": [],
        "links": {},
    }
    return to_json({**answer, "numErrors": 1, "errors": [error]}, 207)
