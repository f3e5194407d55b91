"""Merge and erase records through the API."""

from typing import TYPE_CHECKING

from sandbox.core.web import Request, Response
from sandbox.hubspot.api import records
from sandbox.hubspot.api.auth import SLUG, Caller, api, read_id, read_type
from sandbox.hubspot.api.errors import invalid
from sandbox.hubspot.api.merging import MAX_MERGES, count_merges, merge_records
from sandbox.hubspot.api.objects import find_unique, read_body, require
from sandbox.hubspot.api.validation import Checked
from sandbox.hubspot.api.writes import get_change, show

if TYPE_CHECKING:
    from sandbox.core.state import Sandbox


@api()
def merge_objects(sandbox: "Sandbox", request: Request, caller: Caller) -> Response:
    """Merge one record into another."""
    type_id = read_type(request)
    require(caller, type_id, "write")
    body = read_body(request)
    with sandbox.storage.write() as connection:
        rows = []
        for name in ("primaryObjectId", "objectIdToMerge"):
            record_id = read_id(request, str(body.get(name)))
            row = records.find_record(
                sandbox.storage, caller.portal, type_id, record_id, archived=False
            )
            if row is None:
                message = f"{name} {record_id} does not exist"
                raise invalid(request, message)
            rows.append(row)
        if rows[0]["id"] == rows[1]["id"]:
            raise invalid(request, "A record cannot be merged into itself")
        if count_merges(rows[0]) + count_merges(rows[1]) >= MAX_MERGES:
            message = f"A record can take part in {MAX_MERGES} merges at most"
            raise invalid(request, message)
        merged_id = merge_records(
            connection,
            rows[0],
            rows[1],
            get_change(sandbox, caller.portal),
            keeps_id=sandbox.switches.get(SLUG, "merge_keeps_id", caller.portal),
        )
    merged = records.find_record(
        sandbox.storage, caller.portal, type_id, merged_id, archived=False
    )
    return show(sandbox, caller, merged, Checked(), 200)


@api()
def erase_object(sandbox: "Sandbox", request: Request, caller: Caller) -> Response:
    """Delete a record for good, as privacy law asks."""
    type_id = read_type(request)
    require(caller, type_id, "write")
    body = read_body(request)
    name, value = str(body.get("idProperty") or ""), str(body.get("objectId"))
    with sandbox.storage.write() as connection:
        if name and name != "hs_object_id":
            row = find_unique(sandbox, caller.portal, type_id, name, value)
        else:
            wanted = read_id(request, value)
            row = records.find_record(
                sandbox.storage, caller.portal, type_id, wanted, archived=False
            )
        if row is not None:
            records.erase_record(connection, row)
    return Response(status=204)
