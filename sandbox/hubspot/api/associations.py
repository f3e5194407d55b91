"""Answer the association endpoints."""

from typing import TYPE_CHECKING, Any

from sandbox.core.storage import Row
from sandbox.core.web import Request, Response, to_json
from sandbox.hubspot.api import records
from sandbox.hubspot.api.auth import Caller, api, read_id, read_limit, read_type
from sandbox.hubspot.api.errors import invalid
from sandbox.hubspot.api.links import PRIMARY, TYPE_IDS, find_links, link_pair
from sandbox.hubspot.api.objects import read_body, read_inputs
from sandbox.hubspot.api.times import to_iso
from sandbox.hubspot.seed.accounts import TYPES

if TYPE_CHECKING:
    from sandbox.core.state import Sandbox

BATCH_MAX, PAGE = 1_000, 500


def _read_ends(request: Request, caller: Caller, action: str) -> tuple[str, str]:
    ends = (read_type(request, "from"), read_type(request, "to"))
    if ends not in TYPE_IDS:
        message = f"invalid from object type {ends[0]} to {ends[1]}"
        raise invalid(request, message)
    for type_id in ends:
        caller.require_any(f"crm.objects.{TYPES[type_id]}.{action}")
    return ends


def _to_targets(rows: list[Row]) -> list[dict[str, Any]]:
    """Gather the types of each pair of records."""
    found: dict[int, list[dict[str, Any]]] = {}
    for row in rows:
        kind = {
            "category": "HUBSPOT_DEFINED",
            "typeId": row["type_id"],
            "label": "Primary" if row["type_id"] in PRIMARY else None,
        }
        found.setdefault(row["to_id"], []).append(kind)
    return [
        {"toObjectId": str(to_id), "associationTypes": kinds}
        for to_id, kinds in found.items()
    ]


def _cut(
    targets: list[dict[str, Any]], after: int, limit: int
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    rest = [target for target in targets if int(target["toObjectId"]) >= after]
    if len(rest) <= limit:
        return rest, {}
    return rest[:limit], {"next": {"after": rest[limit]["toObjectId"]}}


@api()
def list_associations(sandbox: "Sandbox", request: Request, caller: Caller) -> Response:
    """List what one record is associated with."""
    from_type, to_type = _read_ends(request, caller, "read")
    record_id = read_id(request, request.params["id"])
    limit = read_limit(request, default=PAGE, highest=PAGE)
    after = read_id(request, request.query.get("after") or "0")
    links = find_links(sandbox.storage, caller.portal, from_type, to_type, [record_id])
    page, paging = _cut(_to_targets(links.get(record_id, [])), after, limit)
    answer: dict[str, Any] = {"results": page}
    if paging:
        answer["paging"] = paging
    return to_json(answer)


@api()
def read_associations(sandbox: "Sandbox", request: Request, caller: Caller) -> Response:
    """Read the associations of many records; those without any are left out."""
    from_type, to_type = _read_ends(request, caller, "read")
    body = read_body(request)
    ids = [read_id(request, text) for text in read_inputs(request, body, BATCH_MAX)]
    afters = [read_id(request, str(i.get("after") or "0")) for i in body["inputs"]]
    started = to_iso(sandbox.now_ms)
    links = find_links(sandbox.storage, caller.portal, from_type, to_type, ids)
    results = []
    for record_id, after in dict(zip(ids, afters, strict=True)).items():
        page, paging = _cut(_to_targets(links.get(record_id, [])), after, PAGE)
        if page:
            results.append(
                {"from": {"id": str(record_id)}, "to": page, "paging": paging}
            )
    return to_json(
        {
            "status": "COMPLETE",
            "results": results,
            "startedAt": started,
            "completedAt": to_iso(sandbox.now_ms),
        }
    )


@api()
def add_default(sandbox: "Sandbox", request: Request, caller: Caller) -> Response:
    """Associate two records without a label."""
    from_type, to_type = _read_ends(request, caller, "write")
    from_id = read_id(request, request.params["id"])
    to_id = read_id(request, request.params["to_id"])
    for type_id, record_id in ((from_type, from_id), (to_type, to_id)):
        if not records.find_record(
            sandbox.storage, caller.portal, type_id, record_id, archived=False
        ):
            raise invalid(request, "One or more associations are invalid")
    with sandbox.storage.write() as connection:
        connection.executemany(
            "INSERT OR IGNORE INTO hubspot_link VALUES (?, ?, ?, ?, ?, ?)",
            (
                (caller.portal, *link)
                for link in link_pair(from_type, from_id, to_type, to_id, primary=False)
            ),
        )
    now = to_iso(sandbox.now_ms)
    times = {"startedAt": now, "completedAt": now}
    kind = TYPE_IDS[from_type, to_type][0]
    made = {
        "from": {"id": str(from_id)},
        "to": {"id": str(to_id)},
        "associationSpec": {
            "associationCategory": "HUBSPOT_DEFINED",
            "associationTypeId": kind,
        },
    }
    return to_json({"status": "COMPLETE", "results": [made], **times})


@api()
def remove_associations(
    sandbox: "Sandbox", request: Request, caller: Caller
) -> Response:
    """Remove every association of two records, both ways."""
    from_type, to_type = _read_ends(request, caller, "write")
    from_id = read_id(request, request.params["id"])
    to_id = read_id(request, request.params["to_id"])
    with sandbox.storage.write() as connection:
        for ends in (
            (from_type, from_id, to_type, to_id),
            (to_type, to_id, from_type, from_id),
        ):
            connection.execute(
                "DELETE FROM hubspot_link WHERE portal = ? AND from_type = ?"
                " AND from_id = ? AND to_type = ? AND to_id = ?",
                (caller.portal, *ends),
            )
    return Response(status=204)


@api()
def list_labels(sandbox: "Sandbox", request: Request, caller: Caller) -> Response:
    """List the association types between two types of record."""
    ends = _read_ends(request, caller, "read")
    results = [
        {
            "category": "HUBSPOT_DEFINED",
            "typeId": number,
            "label": "Primary" if number in PRIMARY else None,
        }
        for number in TYPE_IDS[ends]
        if number is not None
    ]
    return to_json({"results": results})
