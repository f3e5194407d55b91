"""Answer what describes a portal: details, properties, pipelines, owners."""

import json
from typing import TYPE_CHECKING, Any

from sandbox.core.web import Request, Response, to_json
from sandbox.hubspot.api.auth import Caller, api, read_limit, read_type
from sandbox.hubspot.api.errors import invalid, missing_scopes, not_found
from sandbox.hubspot.seed.accounts import BY_ID, DEALS, TYPES
from sandbox.hubspot.seed.definitions import PROPERTIES

if TYPE_CHECKING:
    from sandbox.core.state import Sandbox

CREATED = "2024-02-01T09:00:00Z"
Stage = tuple[str, str, str, str]
SALES: tuple[Stage, ...] = (
    ("appointmentscheduled", "Appointment Scheduled", "false", "0.2"),
    ("qualifiedtobuy", "Qualified To Buy", "false", "0.4"),
    ("contractsent", "Contract Sent", "false", "0.9"),
    ("closedwon", "Closed Won", "true", "1.0"),
    ("closedlost", "Closed Lost", "true", "0.0"),
)
PARTNERS: tuple[Stage, ...] = (
    ("92218801", "First call", "false", "0.1"),
    ("92218802", "Angebot <Entwurf>", "false", "0.5"),
    ("92218803", "Signed", "true", "1.0"),
    ("92218804", "Dropped", "true", "0.0"),
)


def _make_pipeline(
    pipeline_id: str, label: str, order: int, stages: tuple[Stage, ...]
) -> dict[str, Any]:
    common = {"archived": False, "createdAt": CREATED, "updatedAt": CREATED}
    return {
        "id": pipeline_id,
        "label": label,
        "displayOrder": order,
        **common,
        "stages": [
            {
                "id": stage_id,
                "label": stage_label,
                "displayOrder": number,
                **common,
                "metadata": {"isClosed": is_closed, "probability": probability},
                "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
            }
            for number, (stage_id, stage_label, is_closed, probability) in enumerate(
                stages
            )
        ],
    }


PIPELINES = (
    _make_pipeline("default", "Sales Pipeline", 0, SALES),
    _make_pipeline("8104512", "Partners & Wholesale", 1, PARTNERS),
)


@api("oauth")
def show_details(sandbox: "Sandbox", request: Request, caller: Caller) -> Response:
    """Describe the portal the token belongs to."""
    portal = BY_ID[caller.portal]
    hours, minutes = (int(part) for part in portal.utc_offset.split(":"))
    sign = -1 if portal.utc_offset.startswith("-") else 1
    offset = sign * (abs(hours) * 60 + minutes) * 60_000
    return to_json(
        {
            "portalId": int(portal.id),
            "accountType": portal.account_type,
            "timeZone": portal.time_zone,
            "companyCurrency": portal.currency,
            "additionalCurrencies": [],
            "utcOffset": portal.utc_offset,
            "utcOffsetMilliseconds": offset,
            "uiDomain": portal.ui_domain,
            "dataHostingLocation": portal.region,
        }
    )


@api()
def list_properties(sandbox: "Sandbox", request: Request, caller: Caller) -> Response:
    """List the property definitions of one object type."""
    type_id = read_type(request)
    caller.require_any(
        f"crm.objects.{TYPES[type_id]}.read", f"crm.schemas.{TYPES[type_id]}.read"
    )
    is_archived = request.query.get("archived") == "true"
    sensitivity = request.query.get("dataSensitivity", "non_sensitive")
    if sensitivity not in ("non_sensitive", "sensitive", "highly_sensitive"):
        raise invalid(request, f"dataSensitivity {sensitivity} is not valid")
    if sensitivity != "non_sensitive":
        scope = f"crm.objects.{TYPES[type_id]}.{sensitivity}.read"
        raise missing_scopes(request, [scope])
    found = [
        definition.to_dict(TYPES[type_id], order)
        for order, definition in enumerate(PROPERTIES[type_id])
        if definition.is_archived == is_archived
        and definition.sensitivity == sensitivity
    ]
    return to_json({"results": found})


@api()
def list_pipelines(sandbox: "Sandbox", request: Request, caller: Caller) -> Response:
    """List the deal pipelines with their stages."""
    if read_type(request) != DEALS:
        raise not_found(request)
    caller.require_any("crm.objects.deals.read", "crm.schemas.deals.read")
    return to_json({"results": PIPELINES})


@api("crm.objects.owners.read")
def list_owners(sandbox: "Sandbox", request: Request, caller: Caller) -> Response:
    """List the owners, the deactivated ones only when asked for."""
    limit = read_limit(request, default=100, highest=100)
    after = request.query.get("after", "0")
    if not after.isdigit():
        raise invalid(request, "after is not valid")
    rows = sandbox.storage.all(
        "SELECT * FROM hubspot_owner WHERE portal = ? AND archived = ? AND id > ?"
        " ORDER BY id LIMIT ?",
        caller.portal,
        int(request.query.get("archived") == "true"),
        int(after),
        limit + 1,
    )
    page = [json.loads(row["body"]) for row in rows[:limit]]
    answer: dict[str, Any] = {"results": page}
    if len(rows) > limit:
        answer["paging"] = {"next": {"after": page[-1]["id"]}}
    return to_json(answer)


@api("crm.objects.owners.read")
def show_owner(sandbox: "Sandbox", request: Request, caller: Caller) -> Response:
    """Return one owner by owner id or by user id."""
    by_user = request.query.get("idProperty") == "userId"
    field = "userIdIncludingInactive" if by_user else "id"
    row = sandbox.storage.one(
        "SELECT body FROM hubspot_owner WHERE portal = ? AND archived = ?"
        " AND CAST(json_extract(body, ?) AS TEXT) = ?",
        caller.portal,
        int(request.query.get("archived") == "true"),
        f"$.{field}",
        request.params["id"],
    )
    if row is None:
        raise not_found(request)
    return to_json(json.loads(row["body"]))
