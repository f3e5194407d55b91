"""List the ways only HubSpot can misbehave."""

from collections.abc import Callable
from typing import Any

from sandbox.core.common_faults import bend
from sandbox.core.provider import Params
from sandbox.core.serving.web import ApiRefusal
from sandbox.core.state import Before, FaultKind
from sandbox.hubspot.api.errors import missing_scopes, rate_limited, refuse
from sandbox.hubspot.oauth import POLICY
from sandbox.oauth import kit


def _refuse(make: Callable[[Params], ApiRefusal]) -> Before:
    return lambda _, request, params: make(params).answer(request)


def _end_early(data: dict[str, Any], params: Params) -> None:
    data["results"] = []
    data.pop("paging", None)


def _spoil_rows(data: dict[str, Any], params: Params) -> None:
    for row in data.get("results", [])[: int(str(params["rows"]))]:
        row["properties"] = None
        if not params["with_id"]:
            row["id"] = None


SCOPES = {"scopes": "crm.objects.contacts.read"}
ROWS = {"rows": 2, "with_id": True}
BAD_HUB, SPOIL = kit.refuse(POLICY, "bad_hub"), bend(_spoil_rows)
UNSCOPED = _refuse(lambda params: missing_scopes(*str(params["scopes"]).split()))
DAILY = _refuse(lambda _: rate_limited("DAILY"))
OTHER = _refuse(lambda _: refuse("You reached a limit.", 429, "RATE_LIMITS"))

FAULTS = (
    FaultKind("bad_hub", "Token endpoint: the account is gone", before=BAD_HUB),
    FaultKind("missing_scopes", "403 MISSING_SCOPES", before=UNSCOPED, params=SCOPES),
    FaultKind("daily_limit", "429 DAILY", before=DAILY),
    FaultKind("rate_limits", "429 in its other shape", before=OTHER),
    FaultKind("ends_early", "200 without rows or paging", after=bend(_end_early)),
    FaultKind("spoilt_rows", "Rows without properties", after=SPOIL, params=ROWS),
)
