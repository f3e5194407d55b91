"""Create, change, archive, erase and merge records, and associate them."""

from typing import Any

from sandbox.core.storage import Row
from sandbox.core.web import Response, to_json
from sandbox.hubspot.api.calls import WRITE, Call, api, to_id
from sandbox.hubspot.api.errors import not_found, refuse
from sandbox.hubspot.api.objects import read_shape, to_objects
from sandbox.hubspot.api.validation import Write, check_write
from sandbox.hubspot.seed.definitions import DEFAULTS
from sandbox.hubspot.seed.tables import ENDS, PRIMARY, insert_links

BAD_LINK = "One or more associations are invalid"


@api(WRITE)
def create_object(call: Call) -> Response:
    write = check_write(call, None)
    new = call.records.create(write.values)
    link(call, new, _read_ends(call))
    response = to_json(_show(call, new, write), 201)
    path = f"/hubspot{call.request.path}/{new}"
    response.headers.append(("Location", f"{call.request.origin}{path}"))
    return response


@api(WRITE)
def patch_object(call: Call) -> dict[str, Any]:
    """Change the properties that are sent and no others; no merged-away id works."""
    name = call.request.query.get("idProperty", "")
    row = _find(call, name, call.request.params["id"])
    if row is None:
        raise not_found()
    write = check_write(call, row)
    call.records.change(row, write.values)
    return _show(call, row["id"], write)


@api(WRITE)
def archive_object(call: Call) -> None:
    """Archive one record; archiving what is not there is no error."""
    if row := call.records.find(call.id):
        call.records.archive(row)


@api(WRITE)
def erase_object(call: Call) -> None:
    name = str(call.body.get("idProperty") or "")
    if row := _find(call, name, str(call.body.get("objectId"))):
        call.records.erase(row)


@api(WRITE)
def merge_objects(call: Call) -> dict[str, Any]:
    rows = []
    for name in ("primaryObjectId", "objectIdToMerge"):
        row = call.records.find(to_id(str(call.body.get(name))))
        if row is None:
            raise refuse(f"{name} does not exist")
        rows.append(row)
    return _show(call, call.records.merge(*rows))


def _find(call: Call, name: str, text: str) -> Row | None:
    if name in ("", "hs_object_id"):
        to_id(text)
    return call.records.find_by(name, text)


def _show(call: Call, record_id: int, write: Write | None = None) -> dict[str, Any]:
    written = list(write.values) if write else []
    shape = read_shape(call, {"properties": [*DEFAULTS[call.type], *written]})
    [shown] = to_objects(call, call.records.select("id = ?", record_id), shape)
    return {**shown, "warnings": write.warnings} if write and write.warnings else shown


def _read_ends(call: Call) -> list[tuple[str, int, bool]]:
    by_kind = {kind: other for kind, (one, other) in ENDS.items() if one == call.type}
    ends: list[tuple[str, int, bool]] = []
    try:
        for item in call.body.get("associations") or []:
            kinds = [int(kind["associationTypeId"]) for kind in item["types"]]
            other_id = int(item["to"]["id"])
            ends += [(by_kind[kind], other_id, kind in PRIMARY) for kind in kinds]
    except (KeyError, TypeError, ValueError) as exc:
        raise refuse(BAD_LINK) from exc
    return ends


def link(call: Call, record_id: int, ends: list[tuple[str, int, bool]]) -> None:
    """Associate a record with others, all of which must be there."""
    for type_id, end_id in ((call.type, record_id), *((e[0], e[1]) for e in ends)):
        if call.open(type_id).find(end_id) is None:
            raise refuse(BAD_LINK)
    pairs = [(call.type, record_id, *end) for end in ends]
    insert_links(call.sandbox.storage.connection, call.portal, pairs)
