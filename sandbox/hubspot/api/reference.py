"""Answer what describes a portal: details, properties, pipelines, owners."""

from typing import Any

from sandbox.hubspot.api.calls import READ, READ_SCHEMA, Call, api
from sandbox.hubspot.api.errors import missing_scopes, not_found, refuse
from sandbox.hubspot.seed.accounts import BY_ID, DEALS, TYPES
from sandbox.hubspot.seed.definitions import (
    PIPELINES,
    PLAIN,
    get_owners,
    list_definitions,
)


@api("oauth")
def show_details(call: Call) -> dict[str, Any]:
    details = BY_ID[call.portal].details
    usual = {"accountType": "STANDARD", "additionalCurrencies": []}
    return {"portalId": int(call.portal), **usual, **details}


@api(READ, READ_SCHEMA)
def list_properties(call: Call) -> dict[str, Any]:
    sensitivity = call.request.query.get("dataSensitivity", PLAIN)
    if sensitivity not in (PLAIN, "sensitive", "highly_sensitive"):
        raise refuse(f"dataSensitivity {sensitivity} is not valid")
    if sensitivity != PLAIN:
        raise missing_scopes(f"crm.objects.{TYPES[call.type]}.{sensitivity}.read")
    wanted, every = (
        (call.is_archived, PLAIN),
        list_definitions(call.type, call.count_of_properties),
    )
    return {
        "results": [d for d in every if (d["archived"], d["dataSensitivity"]) == wanted]
    }


@api(READ, READ_SCHEMA)
def list_pipelines(call: Call) -> dict[str, Any]:
    if call.type != DEALS:
        raise not_found()
    return {"results": PIPELINES}


def _get_owners(call: Call) -> list[dict[str, Any]]:
    owners = get_owners(call.portal)
    return [owner for owner in owners if owner["archived"] == call.is_archived]


@api("crm.objects.owners.read")
def list_owners(call: Call) -> dict[str, Any]:
    limit = call.read_limit(default=100, highest=500)
    rest = [owner for owner in _get_owners(call) if int(owner["id"]) > call.after]
    if len(rest) <= limit:
        return {"results": rest}
    paging = {"next": {"after": rest[limit - 1]["id"]}}
    return {"results": rest[:limit], "paging": paging}


@api("crm.objects.owners.read")
def show_owner(call: Call) -> dict[str, Any]:
    by_user = call.request.query.get("idProperty") == "userId"
    field = "userIdIncludingInactive" if by_user else "id"
    for owner in _get_owners(call):
        if str(owner.get(field)) == call.request.params["id"]:
            return owner
    raise not_found()
