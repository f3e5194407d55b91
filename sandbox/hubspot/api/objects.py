"""List records, read one, and read a batch."""

from sandbox.core.times import to_short_iso
from sandbox.core.web import Response, to_json
from sandbox.hubspot.api.calls import READ, Call, api
from sandbox.hubspot.api.errors import ApiRefusal, not_found
from sandbox.hubspot.api.render import read_query, read_shape, to_objects, to_paging
from sandbox.hubspot.seed.accounts import TYPES

MAX_PAGE, MAX_WITH_HISTORY = 100, 50


@api(READ)
def list_objects(call: Call) -> dict[str, object]:
    """Return one page of a type, in the order of the ids."""
    shape = read_query(call)
    highest = MAX_WITH_HISTORY if shape.history else MAX_PAGE
    limit = call.read_limit(default=10, highest=highest)
    rows = call.records.list_page(call.after, limit + 1, archived=call.is_archived)
    results = to_objects(call, rows[:limit], shape)
    if len(rows) <= limit:
        return {"results": results}
    # A cursor is the next possible id, which need not be that of a record.
    paging = to_paging(call, TYPES[call.types[0]], str(rows[limit - 1]["id"] + 1))
    return {"results": results, **paging}


@api(READ)
def show_object(call: Call) -> dict[str, object]:
    """Return one record; a merged-away id answers with the record it became."""
    shape, name = read_query(call), call.request.query.get("idProperty", "")
    if name in ("", "hs_object_id"):
        row = call.records.find_current(call.id, archived=call.is_archived)
    else:
        row = call.records.find_by(name, call.request.params["id"])
    if row is None:
        raise not_found()
    return to_objects(call, [row], shape)[0]


@api(READ)
def read_batch(call: Call) -> Response:
    """Return up to a hundred records; missing ones turn the answer into a 207."""
    ids = dict.fromkeys(str(item["id"]) for item in call.read_inputs(MAX_PAGE))
    shape, name = read_shape(call, call.body), str(call.body.get("idProperty") or "")
    if shape.history and len(ids) > MAX_WITH_HISTORY:
        raise ApiRefusal(f"at most {MAX_WITH_HISTORY} inputs with history")
    found = {text: call.records.find_by(name, text) for text in ids}
    missing = [text for text, row in found.items() if row is None]
    results = to_objects(call, [row for row in found.values() if row], shape)
    now = to_short_iso(call.sandbox.now_ms)
    times = {"startedAt": now, "completedAt": now}
    answer = {"status": "COMPLETE", "results": results, **times}
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
