"""Search records through an index that lags, and that ends at ten thousand."""

from typing import Any

from sandbox.hubspot.api.calls import READ, Call, api, to_id
from sandbox.hubspot.api.errors import refuse
from sandbox.hubspot.api.filters import build_filters, get_column, register
from sandbox.hubspot.api.objects import read_shape, to_objects
from sandbox.hubspot.api.records import SQL

MAX_BODY, MAX_LIMIT, MAX_RESULTS = 3_000, 200, 10_000
DIRECTIONS = {"ASCENDING": "ASC", "DESCENDING": "DESC"}


@api(READ, bucket="search")
def search(call: Call) -> dict[str, Any]:
    if len(call.request.body) > MAX_BODY:
        raise refuse(f"The request body is longer than {MAX_BODY} characters")
    limit, after = call.body.get("limit", 10), to_id(call.body.get("after", "0"))
    if not 1 <= limit <= MAX_LIMIT or after + limit > MAX_RESULTS:
        raise refuse(f"At most {MAX_LIMIT} results at once, {MAX_RESULTS} in all")
    where, values = build_filters(call, call.body.get("filterGroups", []))
    order, shape = _read_sort(call), read_shape(call, call.body)
    source, known = _get_source(call)
    storage = call.sandbox.storage
    register(storage.connection)
    # Every name in these statements was chosen from this package's own lists.
    matched = f"FROM ({source}) AS r WHERE {where}"
    [counted] = storage.all(f"SELECT COUNT(*) AS n {matched}", *known, *values)
    fetch = f"SELECT * {matched} ORDER BY {order} LIMIT ? OFFSET ?"
    rows = storage.all(fetch, *known, *values, limit, after)
    answer = {"total": counted["n"], "results": to_objects(call, rows, shape)}
    if after + limit < counted["n"]:
        answer["paging"] = {"next": {"after": str(after + limit)}}
    return answer


def _get_source(call: Call) -> tuple[str, tuple[Any, ...]]:
    known, now = (call.portal, call.type), call.records.now
    is_lagging = call.records.select("indexed_at > 0 AND indexed_at > ? LIMIT 1", now)
    return (SQL["lagging"], (*known, now)) if is_lagging else (SQL["settled"], known)


def _read_sort(call: Call) -> str:
    rules = call.body.get("sorts") or [{"propertyName": "hs_object_id"}]
    if len(rules) > 1:
        raise refuse("sorts must be one rule of propertyName and direction")
    word = DIRECTIONS[rules[0].get("direction", "ASCENDING")]
    column = get_column(call, rules[0]["propertyName"]) or ("id", int)
    return f"{column[0]} {word}, id {word}"
