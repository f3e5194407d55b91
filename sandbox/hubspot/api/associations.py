"""Answer the association endpoints."""

from typing import Any

from sandbox.core.storage import Row
from sandbox.core.times import to_short_iso
from sandbox.core.web import Response
from sandbox.hubspot.api.calls import READ, WRITE, Call, api, to_id
from sandbox.hubspot.api.errors import ApiRefusal
from sandbox.hubspot.api.writes import check_end
from sandbox.hubspot.seed.tables import PRIMARY, TYPE_IDS, insert_links

BATCH_MAX, PAGE = 1_000, 500


def _get_kinds(call: Call) -> list[int]:
    """Return the type ids of the associations that a path is about."""
    kinds = TYPE_IDS.get((call.types[0], call.types[1]))
    if kinds is None:
        raise ApiRefusal(f"invalid from object type {call.types[0]}")
    return [kind for kind in kinds if kind]


def _describe(type_id: int) -> dict[str, Any]:
    label = "Primary" if type_id in PRIMARY else None
    return {"category": "HUBSPOT_DEFINED", "typeId": type_id, "label": label}


def _to_page(rows: list[Row], after: int, limit: int) -> tuple[list[Any], Any]:
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


@api(READ)
def list_associations(call: Call) -> dict[str, Any]:
    """List what one record is associated with."""
    _get_kinds(call)
    limit = call.read_limit(default=PAGE, highest=PAGE)
    links = call.records.find_links(call.types[1], [call.id])
    page, paging = _to_page(links.get(call.id, []), call.after, limit)
    return {"results": page, **({"paging": paging} if paging else {})}


@api(READ)
def read_associations(call: Call) -> dict[str, Any]:
    """Read the associations of many records; those without any are left out."""
    _get_kinds(call)
    afters = {
        to_id(str(item["id"])): to_id(str(item.get("after") or "0"))
        for item in call.read_inputs(BATCH_MAX)
    }
    links = call.records.find_links(call.types[1], list(afters))
    results = []
    for record_id, after in afters.items():
        page, paging = _to_page(links.get(record_id, []), after, PAGE)
        if page:
            end = {"id": str(record_id)}
            results.append({"from": end, "to": page, "paging": paging})
    return _complete(call, results)


def _complete(call: Call, results: list[dict[str, Any]]) -> dict[str, Any]:
    now = to_short_iso(call.sandbox.now_ms)
    times = {"startedAt": now, "completedAt": now}
    return {"status": "COMPLETE", "results": results, **times}


@api(WRITE)
def add_default(call: Call) -> dict[str, Any]:
    """Associate two records without a label."""
    kind, other_id = _get_kinds(call)[0], to_id(call.request.params["to_id"])
    (one, other), ids = call.types, (call.id, other_id)
    for type_id, record_id in zip(call.types, ids, strict=True):
        check_end(call, type_id, record_id)
    with call.sandbox.storage.write() as connection:
        insert_links(connection, call.portal, [(one, call.id, other, other_id, False)])
    spec = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": kind}
    ends = {"from": {"id": str(call.id)}, "to": {"id": str(other_id)}}
    return _complete(call, [{**ends, "associationSpec": spec}])


@api(WRITE)
def remove_associations(call: Call) -> Response:
    """Remove every association of two records, both ways."""
    one, other = call.types
    from_end, to_end = (one, call.id), (other, to_id(call.request.params["to_id"]))
    with call.sandbox.storage.write() as connection:
        for ends in ((*from_end, *to_end), (*to_end, *from_end)):
            connection.execute(
                "DELETE FROM hubspot_link WHERE portal = ? AND from_type = ?"
                " AND from_id = ? AND to_type = ? AND to_id = ?",
                (call.portal, *ends),
            )
    return Response(status=204)


@api(READ)
def list_labels(call: Call) -> dict[str, Any]:
    """List the association types between two types of record."""
    return {"results": [_describe(kind) for kind in _get_kinds(call)]}
