"""Answer the association endpoints."""

import json
from typing import Any

from sandbox.core.serving.web import Response
from sandbox.core.storage import Row
from sandbox.hubspot.api.calls import READ, Call, api, to_id
from sandbox.hubspot.api.errors import refuse
from sandbox.hubspot.api.objects import to_batch
from sandbox.hubspot.seed.tables import LABELS, PRIMARY, TYPE_IDS

BATCH_MAX, PAGE = 1_000, 500


def _check_types(call: Call) -> None:
    one, other = call.types
    if (one, other) not in TYPE_IDS:
        raise refuse(f"invalid from object type {one} to {other}")


def _describe(type_id: int) -> dict[str, Any]:
    category = "USER_DEFINED" if type_id in LABELS else "HUBSPOT_DEFINED"
    label = LABELS.get(type_id, "Primary" if type_id in PRIMARY else None)
    return {"category": category, "typeId": type_id, "label": label}


def _to_page(links: list[Row], after: int, limit: int) -> tuple[list[Any], Any]:
    rows = [row for row in links if row["to_id"] >= after]
    page = []
    for row in rows[:limit]:
        kinds = [_describe(kind) for kind in json.loads(row["kinds"])]
        page.append({"toObjectId": str(row["to_id"]), "associationTypes": kinds})
    is_last = len(rows) <= limit
    return page, {} if is_last else {"next": {"after": str(rows[limit]["to_id"])}}


@api(READ)
def list_associations(call: Call) -> dict[str, Any]:
    _check_types(call)
    limit = call.read_limit(default=PAGE, highest=PAGE)
    links = call.records.find_links(call.types[1], [call.id])
    page, paging = _to_page(links.get(call.id, []), call.after, limit)
    return {"results": page, **({"paging": paging} if paging else {})}


@api(READ)
def read_associations(call: Call) -> Response:
    """Read the associations of many records; those without any are left out."""
    _check_types(call)
    afters = {
        to_id(str(item["id"])): to_id(str(item.get("after") or "0"))
        for item in call.read_inputs(BATCH_MAX)
    }
    links, results = call.records.find_links(call.types[1], list(afters)), []
    for record_id, after in afters.items():
        page, paging = _to_page(links.get(record_id, []), after, PAGE)
        if page:
            end = {"id": str(record_id)}
            results.append({"from": end, "to": page, "paging": paging})
    return to_batch(call, results)
