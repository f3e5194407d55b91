"""Answer what describes a portal: details, properties, pipelines, owners."""

from typing import Any

from sandbox.hubspot.api.calls import READ, READ_SCHEMA, Call, api
from sandbox.hubspot.api.errors import not_found
from sandbox.hubspot.seed import definitions
from sandbox.hubspot.seed.accounts import BY_ID, DEALS


@api("oauth")
def show_details(call: Call) -> dict[str, Any]:
    details = BY_ID[call.portal].details
    usual = {"accountType": "STANDARD", "additionalCurrencies": []}
    return {"portalId": int(call.portal), **usual, **details}


@api(READ, READ_SCHEMA)
def list_properties(call: Call) -> dict[str, Any]:
    wanted = (call.is_archived, definitions.PLAIN)
    every = definitions.list_definitions(call.type, call.count_of_properties)
    shown = [d for d in every if (d["archived"], d["dataSensitivity"]) == wanted]
    return {"results": shown}


@api(READ, READ_SCHEMA)
def list_pipelines(call: Call) -> dict[str, Any]:
    if call.type != DEALS:
        raise not_found()
    return {"results": definitions.PIPELINES}


@api("crm.objects.owners.read")
def list_owners(call: Call) -> dict[str, Any]:
    limit = call.read_limit(default=100, highest=500)
    rest = [
        owner
        for owner in definitions.get_owners(call.portal)
        if owner["archived"] == call.is_archived and int(owner["id"]) > call.after
    ]
    if len(rest) <= limit:
        return {"results": rest}
    paging = {"next": {"after": rest[limit - 1]["id"]}}
    return {"results": rest[:limit], "paging": paging}
