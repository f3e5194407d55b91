"""List, read, create, change, archive and merge records."""

from typing import TYPE_CHECKING, Any

from sandbox.core.storage import Row
from sandbox.core.web import Request, Response, to_json
from sandbox.hubspot.api import records
from sandbox.hubspot.api.auth import Caller, api, read_id, read_limit, read_type
from sandbox.hubspot.api.errors import invalid, not_found
from sandbox.hubspot.api.records import Change
from sandbox.hubspot.api.render import Shape, add_associations, read_shape, to_object
from sandbox.hubspot.api.times import to_iso
from sandbox.hubspot.seed.accounts import ALIASES, TYPES
from sandbox.hubspot.seed.definitions import choose_properties

if TYPE_CHECKING:
    from sandbox.core.state import Sandbox

LIST_MAX, HISTORY_MAX, BATCH_MAX = 100, 50, 100


def require(caller: Caller, type_id: str, action: str) -> None:
    """Refuse a caller whose grant lacks the scope for this type of record."""
    caller.require_any(f"crm.objects.{TYPES[type_id]}.{action}")


@api()
def list_objects(sandbox: "Sandbox", request: Request, caller: Caller) -> Response:
    """Return one page of a type, in the order of the ids."""
    type_id = read_type(request)
    require(caller, type_id, "read")
    shape = read_shape(request, caller, type_id)
    highest = HISTORY_MAX if shape.history else LIST_MAX
    limit = read_limit(request, default=10, highest=highest)
    rows = sandbox.storage.all(
        "SELECT * FROM hubspot_record WHERE portal = ? AND type = ? AND archived = ?"
        " AND id >= ? ORDER BY id LIMIT ?",
        caller.portal,
        type_id,
        int(shape.archived),
        read_id(request, request.query.get("after") or "0"),
        limit + 1,
    )
    page = rows[:limit]
    results = [to_object(sandbox.storage, row, shape) for row in page]
    add_associations(sandbox.storage, request, page, results, shape)
    answer: dict[str, Any] = {"results": results}
    if len(rows) > limit:
        # A cursor is the next possible id; the link shows a version nobody may call.
        after = str(page[-1]["id"] + 1)
        path = f"{request.origin}/hubspot/crm/v3/objects/{TYPES[type_id]}"
        answer["paging"] = {"next": {"after": after, "link": f"{path}?after={after}"}}
    return to_json(answer)


def find(
    sandbox: "Sandbox",
    request: Request,
    caller: Caller,
    type_id: str,
    *,
    archived: bool,
    follow: bool = True,
) -> Row:
    """Return the record a path names, by id or by a unique property."""
    storage, name = sandbox.storage, request.query.get("idProperty", "")
    text = request.params["id"]
    if name and name != "hs_object_id":
        row = find_unique(sandbox, caller.portal, type_id, name, text)
    else:
        wanted = read_id(request, text)
        if follow:
            wanted = records.follow_merges(storage, caller.portal, type_id, wanted)
        row = records.find_record(
            storage, caller.portal, type_id, wanted, archived=archived
        )
    if row is None:
        raise not_found(request)
    return row


def find_unique(
    sandbox: "Sandbox", portal: str, type_id: str, name: str, value: str
) -> Row | None:
    """Return a record by a property whose values are unique; others find nothing."""
    columns = {"email": "email", "crm_key": "unique_key"}
    if type_id != ALIASES["contacts"] or name not in columns:
        return None
    return records.find_by(sandbox.storage, portal, type_id, columns[name], value)


@api()
def show_object(sandbox: "Sandbox", request: Request, caller: Caller) -> Response:
    """Return one record; a merged-away id answers with the record it became."""
    type_id = read_type(request)
    require(caller, type_id, "read")
    shape = read_shape(request, caller, type_id)
    row = find(sandbox, request, caller, type_id, archived=shape.archived)
    found = [to_object(sandbox.storage, row, shape)]
    add_associations(sandbox.storage, request, [row], found, shape)
    return to_json(found[0])


@api()
def archive_object(sandbox: "Sandbox", request: Request, caller: Caller) -> Response:
    """Archive one record; archiving what is not there is no error."""
    type_id = read_type(request)
    require(caller, type_id, "write")
    with sandbox.storage.write() as connection:
        row = records.find_record(
            sandbox.storage,
            caller.portal,
            type_id,
            read_id(request, request.params["id"]),
            archived=False,
        )
        if row is not None:
            records.archive_record(connection, row, Change(now=sandbox.now_ms))
    return Response(status=204)


@api()
def read_batch(sandbox: "Sandbox", request: Request, caller: Caller) -> Response:
    """Return up to a hundred records; missing ones turn the answer into a 207."""
    type_id = read_type(request)
    require(caller, type_id, "read")
    body = read_body(request)
    inputs = read_inputs(request, body, BATCH_MAX)
    shape = Shape(
        portal=caller.portal,
        type=type_id,
        names=choose_properties(type_id, ",".join(_read_names(request, body))),
        history=choose_properties(
            type_id,
            ",".join(_read_names(request, body, "propertiesWithHistory")) or "-",
        ),
    )
    if shape.history and len(inputs) > HISTORY_MAX:
        message = f"at most {HISTORY_MAX} inputs with history"
        raise invalid(request, message)
    started, name = to_iso(sandbox.now_ms), str(body.get("idProperty") or "")
    results, missing = [], []
    for text in dict.fromkeys(inputs):
        row = _find_input(sandbox, caller.portal, type_id, name, text)
        if row is None:
            missing.append(text)
        else:
            results.append(to_object(sandbox.storage, row, shape))
    answer: dict[str, Any] = {"status": "COMPLETE", "results": results}
    if missing:
        answer["numErrors"] = 1
        answer["errors"] = [_not_found_error(missing)]
    answer["startedAt"] = started
    answer["completedAt"] = to_iso(sandbox.now_ms)
    return to_json(answer, 207 if missing else 200)


def _find_input(
    sandbox: "Sandbox", portal: str, type_id: str, name: str, text: str
) -> Row | None:
    if name and name != "hs_object_id":
        return find_unique(sandbox, portal, type_id, name, text)
    if not text.isdigit():
        return None
    return records.find_record(
        sandbox.storage, portal, type_id, int(text), archived=False
    )


def _not_found_error(ids: list[str]) -> dict[str, Any]:
    return {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "message": "Could not get some objects, they may be deleted or not exist.",
        "context": {"ids": ids},
        "errors": [],
        "links": {},
    }


def read_body(request: Request) -> dict[str, Any]:
    """Return a JSON object from the body."""
    body = request.json()
    if not isinstance(body, dict):
        raise invalid(request, "Invalid input JSON on line 1, column 1: not an object")
    return body


def read_inputs(request: Request, body: dict[str, Any], highest: int) -> list[str]:
    """Return the ids of a batch body."""
    inputs = body.get("inputs")
    if not isinstance(inputs, list) or not all(
        isinstance(item, dict) and "id" in item for item in inputs
    ):
        raise invalid(request, "inputs must be a list of objects with an id")
    if len(inputs) > highest:
        message = f"The maximum number of inputs supported in a batch is {highest}"
        raise invalid(request, message)
    return [str(item["id"]) for item in inputs]


def _read_names(
    request: Request, body: dict[str, Any], field: str = "properties"
) -> list[str]:
    names = body.get(field) or []
    if not isinstance(names, list):
        message = f"{field} must be a list"
        raise invalid(request, message)
    return [str(name) for name in names]
