"""Answer what describes a portal: details, properties, pipelines, owners."""

import json
from typing import Any

from sandbox.core.state import Sandbox
from sandbox.core.web import Request, Response, to_json
from sandbox.hubspot.api.auth import Caller, api, read_limit, read_type
from sandbox.hubspot.api.errors import invalid, missing_scopes, not_found
from sandbox.hubspot.seed.accounts import BY_ID, DEALS, TYPES
from sandbox.hubspot.seed.definitions import PIPELINES, PLAIN, PROPERTIES


@api("oauth")
def show_details(sandbox: Sandbox, request: Request, caller: Caller) -> Response:
    """Describe the portal the token belongs to."""
    portal = BY_ID[caller.portal]
    hours, minutes = (int(part) for part in portal.utc_offset[1:].split(":"))
    sign = -1 if portal.utc_offset.startswith("-") else 1
    return to_json(
        {
            "portalId": int(portal.id),
            "accountType": "STANDARD",
            "timeZone": portal.time_zone,
            "companyCurrency": portal.currency,
            "additionalCurrencies": [],
            "utcOffset": portal.utc_offset,
            "utcOffsetMilliseconds": sign * (hours * 60 + minutes) * 60_000,
            "uiDomain": portal.ui_domain,
            "dataHostingLocation": portal.region,
        }
    )


@api()
def list_properties(sandbox: Sandbox, request: Request, caller: Caller) -> Response:
    """List the property definitions of one object type."""
    type_id = read_type(request)
    name = TYPES[type_id]
    caller.require_any(f"crm.objects.{name}.read", f"crm.schemas.{name}.read")
    sensitivity = request.query.get("dataSensitivity", PLAIN)
    if sensitivity not in (PLAIN, "sensitive", "highly_sensitive"):
        raise invalid(request, f"dataSensitivity {sensitivity} is not valid")
    if sensitivity != PLAIN:
        raise missing_scopes(request, [f"crm.objects.{name}.{sensitivity}.read"])
    wanted = (_is_archived(request), PLAIN)
    found = [
        definition.to_dict(name, order)
        for order, definition in enumerate(PROPERTIES[type_id])
        if (definition.is_archived, definition.sensitivity) == wanted
    ]
    return to_json({"results": found})


def _is_archived(request: Request) -> bool:
    return request.query.get("archived") == "true"


@api()
def list_pipelines(sandbox: Sandbox, request: Request, caller: Caller) -> Response:
    """List the deal pipelines with their stages."""
    if read_type(request) != DEALS:
        raise not_found(request)
    caller.require_any("crm.objects.deals.read", "crm.schemas.deals.read")
    return to_json({"results": PIPELINES})


@api("crm.objects.owners.read")
def list_owners(sandbox: Sandbox, request: Request, caller: Caller) -> Response:
    """List the owners, the deactivated ones only when asked for."""
    limit = read_limit(request, default=100, highest=100)
    after = request.query.get("after", "0")
    if not after.isdigit():
        raise invalid(request, "after is not valid")
    rows = sandbox.storage.all(
        "SELECT * FROM hubspot_owner WHERE portal = ? AND archived = ? AND id > ?"
        " ORDER BY id LIMIT ?",
        *(caller.portal, _is_archived(request), int(after), limit + 1),
    )
    page = [json.loads(row["body"]) for row in rows[:limit]]
    answer: dict[str, Any] = {"results": page}
    if len(rows) > limit:
        answer["paging"] = {"next": {"after": page[-1]["id"]}}
    return to_json(answer)


@api("crm.objects.owners.read")
def show_owner(sandbox: Sandbox, request: Request, caller: Caller) -> Response:
    """Return one owner by owner id or by user id."""
    by_user = request.query.get("idProperty") == "userId"
    path = "$.userIdIncludingInactive" if by_user else "$.id"
    row = sandbox.storage.one(
        "SELECT body FROM hubspot_owner WHERE portal = ? AND archived = ?"
        " AND CAST(json_extract(body, ?) AS TEXT) = ?",
        *(caller.portal, _is_archived(request), path, request.params["id"]),
    )
    if row is None:
        raise not_found(request)
    return to_json(json.loads(row["body"]))
