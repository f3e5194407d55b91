"""Answer what describes a portal: details, properties, pipelines, owners."""

from typing import Any

from sandbox.hubspot.api.calls import READ, READ_SCHEMA, Call, api
from sandbox.hubspot.api.errors import ApiRefusal, missing_scopes, not_found
from sandbox.hubspot.seed.accounts import BY_ID, DEALS, TYPES
from sandbox.hubspot.seed.definitions import PIPELINES, PLAIN, PROPERTIES
from sandbox.hubspot.seed.owners import get_owners


@api("oauth")
def show_details(call: Call) -> dict[str, Any]:
    """Describe the portal the token belongs to."""
    portal = BY_ID[call.portal]
    hours, minutes = (int(part) for part in portal.utc_offset[1:].split(":"))
    sign = -1 if portal.utc_offset.startswith("-") else 1
    return {
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


@api(READ, READ_SCHEMA)
def list_properties(call: Call) -> dict[str, Any]:
    """List the property definitions of one object type."""
    type_id, name = call.types[0], TYPES[call.types[0]]
    sensitivity = call.request.query.get("dataSensitivity", PLAIN)
    if sensitivity not in (PLAIN, "sensitive", "highly_sensitive"):
        raise ApiRefusal(f"dataSensitivity {sensitivity} is not valid")
    if sensitivity != PLAIN:
        raise missing_scopes(f"crm.objects.{name}.{sensitivity}.read")
    wanted = (call.is_archived, PLAIN)
    found = [
        definition.to_dict(name)
        for definition in PROPERTIES[type_id]
        if (definition.is_archived, definition.sensitivity) == wanted
    ]
    return {"results": found}


@api(READ, READ_SCHEMA)
def list_pipelines(call: Call) -> dict[str, Any]:
    """List the deal pipelines with their stages."""
    if call.types[0] != DEALS:
        raise not_found()
    return {"results": PIPELINES}


def _get_owners(call: Call) -> list[dict[str, Any]]:
    """Return the owners, the deactivated ones only when asked for."""
    owners = get_owners(call.portal)
    return [owner for owner in owners if owner["archived"] == call.is_archived]


@api("crm.objects.owners.read")
def list_owners(call: Call) -> dict[str, Any]:
    """List the owners in the order of their ids."""
    limit = call.read_limit(default=100, highest=100)
    rest = [owner for owner in _get_owners(call) if int(owner["id"]) > call.after]
    if len(rest) <= limit:
        return {"results": rest}
    paging = {"next": {"after": rest[limit - 1]["id"]}}
    return {"results": rest[:limit], "paging": paging}


@api("crm.objects.owners.read")
def show_owner(call: Call) -> dict[str, Any]:
    """Return one owner by owner id or by user id."""
    by_user = call.request.query.get("idProperty") == "userId"
    field = "userIdIncludingInactive" if by_user else "id"
    for owner in _get_owners(call):
        if str(owner.get(field)) == call.request.params["id"]:
            return owner
    raise not_found()
