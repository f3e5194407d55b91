"""Answer the association endpoints."""

from typing import Any

from sandbox.core.state import Sandbox
from sandbox.core.storage import Row
from sandbox.core.times import to_short_iso
from sandbox.core.web import Request, Response, to_json
from sandbox.hubspot.api import records
from sandbox.hubspot.api.auth import Caller, api, read_id, read_limit, read_type
from sandbox.hubspot.api.errors import invalid
from sandbox.hubspot.api.inputs import read_body, read_inputs, require
from sandbox.hubspot.seed.tables import PRIMARY, TYPE_IDS, End, insert_links, make_links

BATCH_MAX, PAGE = 1_000, 500


def _read_ends(request: Request, caller: Caller, action: str) -> tuple[str, str]:
    ends = (read_type(request, "from"), read_type(request, "to"))
    if ends not in TYPE_IDS:
        message = f"invalid from object type {ends[0]} to {ends[1]}"
        raise invalid(request, message)
    for type_id in ends:
        require(caller, type_id, action)
    return ends


def _describe(type_id: int) -> dict[str, Any]:
    label = "Primary" if type_id in PRIMARY else None
    return {"category": "HUBSPOT_DEFINED", "typeId": type_id, "label": label}


def _to_page(
    rows: list[Row], after: int, limit: int
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Gather the types of each pair of records, and cut a page out of the pairs."""
    found: dict[int, list[dict[str, Any]]] = {}
    for row in rows:
        if row["to_id"] >= after:
            found.setdefault(row["to_id"], []).append(_describe(row["type_id"]))
    page = [
        {"toObjectId": str(to_id), "associationTypes": kinds}
        for to_id, kinds in found.items()
    ]
    if len(page) <= limit:
        return page, {}
    return page[:limit], {"next": {"after": page[limit]["toObjectId"]}}


@api()
def list_associations(sandbox: Sandbox, request: Request, caller: Caller) -> Response:
    """List what one record is associated with."""
    from_type, to_type = _read_ends(request, caller, "read")
    record_id = read_id(request, request.params["id"])
    limit = read_limit(request, default=PAGE, highest=PAGE)
    after = read_id(request, request.query.get("after") or "0")
    key = (sandbox.storage, caller.portal, from_type, to_type)
    links = records.find_links(*key, [record_id])
    page, paging = _to_page(links.get(record_id, []), after, limit)
    answer: dict[str, Any] = {"results": page}
    if paging:
        answer["paging"] = paging
    return to_json(answer)


@api()
def read_associations(sandbox: Sandbox, request: Request, caller: Caller) -> Response:
    """Read the associations of many records; those without any are left out."""
    from_type, to_type = _read_ends(request, caller, "read")
    body = read_body(request)
    ids = [read_id(request, text) for text in read_inputs(request, body, BATCH_MAX)]
    afters = [read_id(request, str(i.get("after") or "0")) for i in body["inputs"]]
    key = (sandbox.storage, caller.portal, from_type, to_type)
    links = records.find_links(*key, ids)
    results = []
    for record_id, after in dict(zip(ids, afters, strict=True)).items():
        page, paging = _to_page(links.get(record_id, []), after, PAGE)
        if page:
            end = {"id": str(record_id)}
            results.append({"from": end, "to": page, "paging": paging})
    return _complete(sandbox, results)


def _complete(sandbox: Sandbox, results: list[dict[str, Any]]) -> Response:
    now = to_short_iso(sandbox.now_ms)
    times = {"startedAt": now, "completedAt": now}
    return to_json({"status": "COMPLETE", "results": results, **times})


def _read_pair(request: Request, caller: Caller) -> tuple[End, End]:
    from_type, to_type = _read_ends(request, caller, "write")
    from_id, to_id = (read_id(request, request.params[n]) for n in ("id", "to_id"))
    return (from_type, from_id), (to_type, to_id)


@api()
def add_default(sandbox: Sandbox, request: Request, caller: Caller) -> Response:
    """Associate two records without a label."""
    one, other = _read_pair(request, caller)
    for end in (one, other):
        key = (sandbox.storage, caller.portal, *end)
        if not records.find_record(*key, archived=False):
            raise invalid(request, "One or more associations are invalid")
    with sandbox.storage.write() as connection:
        insert_links(connection, caller.portal, make_links(one, other))
    kind = {
        "associationCategory": "HUBSPOT_DEFINED",
        "associationTypeId": TYPE_IDS[one[0], other[0]][0],
    }
    ends = {"from": {"id": str(one[1])}, "to": {"id": str(other[1])}}
    return _complete(sandbox, [{**ends, "associationSpec": kind}])


@api()
def remove_associations(sandbox: Sandbox, request: Request, caller: Caller) -> Response:
    """Remove every association of two records, both ways."""
    one, other = _read_pair(request, caller)
    with sandbox.storage.write() as connection:
        for ends in ((*one, *other), (*other, *one)):
            connection.execute(
                "DELETE FROM hubspot_link WHERE portal = ? AND from_type = ?"
                " AND from_id = ? AND to_type = ? AND to_id = ?",
                (caller.portal, *ends),
            )
    return Response(status=204)


@api()
def list_labels(sandbox: Sandbox, request: Request, caller: Caller) -> Response:
    """List the association types between two types of record."""
    kinds = TYPE_IDS[_read_ends(request, caller, "read")]
    return to_json({"results": [_describe(kind) for kind in kinds if kind is not None]})
