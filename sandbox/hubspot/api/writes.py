"""Create, change and archive records."""

import json
from typing import Any

from sandbox.core.serving.web import ApiRefusal, Response, to_json
from sandbox.core.storage import Row
from sandbox.hubspot.api.calls import WRITE, Call, api, to_id
from sandbox.hubspot.api.errors import make_error, not_found, refuse
from sandbox.hubspot.api.objects import MAX_PAGE, read_shape, to_batch, to_objects
from sandbox.hubspot.api.validation import Write, check_write
from sandbox.hubspot.seed.definitions import DEFAULTS

TRACE = "objectWriteTraceId"


@api(WRITE)
def create_object(call: Call) -> Response:
    write = check_write(call, None, call.body["properties"])
    new = _save(call, None, write)
    response = to_json(_show(call, new, write), 201)
    path = f"/hubspot{call.request.path}/{new}"
    response.headers.append(("Location", f"{call.request.origin}{path}"))
    return response


@api(WRITE)
def patch_object(call: Call) -> dict[str, Any]:
    """Change the properties that are sent and no others; no merged-away id works."""
    row = call.records.find(call.id)
    if row is None:
        raise not_found()
    write = check_write(call, row, call.body["properties"])
    return _show(call, _save(call, row, write), write)


@api(WRITE)
def update_batch(call: Call) -> Response:
    ids = [item["id"] for item in call.read_inputs(MAX_PAGE)]
    if repeated := sorted({each for each in ids if ids.count(each) > 1}):
        raise refuse(f"Duplicate IDs found in batch input: {repeated}")
    return _write_batch(call, are_new=False)


@api(WRITE)
def create_batch(call: Call) -> Response:
    return _write_batch(call, are_new=True)


def _write_batch(call: Call, *, are_new: bool) -> Response:
    """Make or change up to a hundred records, each by itself where all have a trace id.

    Without them one that is refused, such as by its address, refuses them all; records
    that are not there are told of in either case. The order of the results is nobody's
    promise.
    """
    inputs = call.read_inputs(MAX_PAGE)
    if any(item.get("associations") for item in inputs):
        raise refuse("associations of new records are not simulated")
    is_traced = all(item.get(TRACE) for item in inputs)
    results, errors = [], []
    for item in inputs:
        row = None if are_new else call.records.find(to_id(item["id"]))
        is_there = are_new or row is not None
        try:
            if not is_there:
                raise not_found()
            write = check_write(call, row, item["properties"])
        except ApiRefusal as refusal:
            if is_there and not is_traced:
                raise
            errors.append(_to_error(call, item, refusal))
            continue
        shown = _show(call, _save(call, row, write), write)
        results.append({**shown, TRACE: item[TRACE]} if is_traced else shown)
    return to_batch(call, results[::-1], errors, 201 if are_new else 200)


def _save(call: Call, row: Row | None, write: Write) -> int:
    """Change a record, or make one, and return its id."""
    if row is None:
        return call.records.create(write.values)
    call.records.change(row, write.values)
    return int(row["id"])


@api(WRITE)
def archive_batch(call: Call) -> None:
    """Archive up to a hundred records; what is not there is no error."""
    for item in call.read_inputs(MAX_PAGE):
        if row := call.records.find(to_id(item["id"])):
            call.records.archive(row)


def _to_error(call: Call, item: dict[str, Any], refusal: ApiRefusal) -> dict[str, Any]:
    """Return why one input of a batch is refused, as the answer to all tells it."""
    told = json.loads(refusal.answer(call.request).body)
    context = {"ids": [item["id"]]} if "id" in item else {}
    if trace := item.get(TRACE):
        context[TRACE] = [trace]
    more: dict[str, Any] = {"errors": told.get("errors", []), "links": {}}
    return make_error(told["message"], told["category"], context=context, **more)


@api(WRITE)
def archive_object(call: Call) -> None:
    """Archive one record; archiving what is not there is no error."""
    if row := call.records.find(call.id):
        call.records.archive(row)


def _show(call: Call, record_id: int, write: Write) -> dict[str, Any]:
    names = [*DEFAULTS[call.type], *write.values]
    shape = read_shape(call, {"properties": names})
    [shown] = to_objects(call, call.records.select("id = ?", record_id), shape)
    return {**shown, "warnings": write.warnings} if write.warnings else shown
