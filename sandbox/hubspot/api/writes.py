"""Create, change, archive, erase and merge records through the API."""

from typing import Any

from sandbox.core.storage import Row
from sandbox.core.web import Response, to_json
from sandbox.hubspot.api.calls import WRITE, Call, api, to_id
from sandbox.hubspot.api.errors import ApiRefusal, not_found
from sandbox.hubspot.api.objects import read_shape, to_objects
from sandbox.hubspot.api.records import Records
from sandbox.hubspot.api.validation import Write, check_write
from sandbox.hubspot.seed.definitions import DEFAULTS
from sandbox.hubspot.seed.tables import PRIMARY, TYPE_IDS, Pair, insert_links

BAD_LINK = "One or more associations are invalid"


@api(WRITE)
def create_object(call: Call) -> Response:
    with call.sandbox.storage.write() as connection:
        write = check_write(call, None)
        ends = _read_ends(call)
        new, type_id = call.records.create(write.values), call.type
        pairs: list[Pair] = [(type_id, new, *end) for end in ends]
        insert_links(connection, call.portal, pairs)
    response = to_json(_show(call, new, write), 201)
    path = f"{call.request.path}/{new}"
    response.headers.append(("Location", f"{call.request.origin}{path}"))
    return response


@api(WRITE)
def patch_object(call: Call) -> dict[str, Any]:
    """Change the properties that are sent and no others; no merged-away id works."""
    name = call.request.query.get("idProperty", "")
    with call.sandbox.storage.write():
        row = _find(call, name, call.request.params["id"])
        if row is None:
            raise not_found()
        write = check_write(call, row)
        call.records.change(row, write.values)
    return _show(call, row["id"], write)


@api(WRITE)
def archive_object(call: Call) -> Response:
    """Archive one record; archiving what is not there is no error."""
    with call.sandbox.storage.write():
        if row := call.records.find(call.id):
            call.records.archive(row)
    return Response(status=204)


@api(WRITE)
def erase_object(call: Call) -> Response:
    name = str(call.body.get("idProperty") or "")
    with call.sandbox.storage.write():
        if row := _find(call, name, str(call.body.get("objectId"))):
            call.records.erase(row)
    return Response(status=204)


@api(WRITE)
def merge_objects(call: Call) -> dict[str, Any]:
    with call.sandbox.storage.write():
        rows = []
        for name in ("primaryObjectId", "objectIdToMerge"):
            row = call.records.find(to_id(str(call.body.get(name))))
            if row is None:
                raise ApiRefusal(f"{name} does not exist")
            rows.append(row)
        new = call.records.merge(*rows)
    return _show(call, new)


def _find(call: Call, name: str, text: str) -> Row | None:
    if name in ("", "hs_object_id"):
        to_id(text)
    return call.records.find_by(name, text)


def _show(call: Call, record_id: int, write: Write | None = None) -> dict[str, Any]:
    """Show a record that was just written, with what was written to it."""
    written = list(write.values) if write else []
    names = [*DEFAULTS[call.type], *written]
    rows = call.records.select("id = ?", record_id)
    [shown] = to_objects(call, rows, read_shape(call, {"properties": names}))
    return {**shown, "warnings": write.warnings} if write and write.warnings else shown


def _read_ends(call: Call) -> list[tuple[str, int, bool]]:
    """Read the other ends of a new record's associations, and which are primary."""
    by_kind = {
        kind: other
        for (one, other), kinds in TYPE_IDS.items()
        for kind in kinds
        if one == call.type
    }
    found = []
    for item in call.body.get("associations") or []:
        try:
            other_id = int(item["to"]["id"])
            kinds = [int(kind["associationTypeId"]) for kind in item["types"]]
            ends = [(by_kind[kind], other_id, kind in PRIMARY) for kind in kinds]
        except (KeyError, TypeError, ValueError) as exc:
            raise ApiRefusal(BAD_LINK) from exc
        found += ends
    for other, other_id, _ in found:
        check_end(call, other, other_id)
    return found


def check_end(call: Call, type_id: str, record_id: int) -> None:
    """Refuse to associate a record that is not there."""
    records = Records(sandbox=call.sandbox, portal=call.portal, type=type_id)
    if records.find(record_id) is None:
        raise ApiRefusal(BAD_LINK)
