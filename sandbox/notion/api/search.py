"""Search by title in an index that lags and leaves things out; query data sources."""

import json
from typing import Any

from sandbox.core.data import read_statements
from sandbox.core.serving.web import Response
from sandbox.core.storage import Row
from sandbox.core.times import to_ms
from sandbox.notion.api.calls import READ, Call, api
from sandbox.notion.api.errors import malformed
from sandbox.notion.api.objects import to_object
from sandbox.notion.api.paging import read_page
from sandbox.notion.seed.workspaces import DATA_SOURCE, PAGE

KINDS = (PAGE, DATA_SOURCE)
KIND = "page_or_data_source"
INCOMPLETE = {"type": "incomplete", "incomplete_reason": "query_result_limit_reached"}
COLUMNS = {"created_time": "o.created", "last_edited_time": "o.edited"}
WAYS = {"ascending": "ASC", "descending": "DESC"}
SHUFFLED, PART = "o.luck, o.key", "LIMIT :n OFFSET :offset"
SQL = read_statements(__package__, "search.sql")


@api(READ)
def search(call: Call) -> Response:
    """Return one page of hits, newest first; databases are never among them."""
    body = call.body
    given, way = body.get("filter", {}), body.get("sort", {}).get("direction")
    order = "known {0}, o.key {0}".format(WAYS[way or "descending"])
    wanted, trash = given.get("value"), given.get("in_trash", False)
    asked = {kind: kind if wanted in (kind, None) else "" for kind in KINDS}
    asked |= {"trash": trash}
    page = read_page(call.request, body, f"search:{call.holder}:{asked}:{order}")
    now, cap = call.sandbox.now_ms, call.switch("search_cap")
    index = {
        "workspace": call.workspace,
        "now": now,
        "shared": now - int(call.switch("grant_lag") * 1000),
        "left_out": call.switch("search_leaves_out"),
    }
    part = {"n": page.size + 1, "offset": page.offset}
    rows = call.run(f"{SQL['found']} {order} {PART}", **asked, **index, **part)
    kept = rows[: max(0, cap - page.offset)]
    more = {"request_status": INCOMPLETE} if len(kept) < len(rows) else {}
    results = [_to_hit(call, row) for row in _read(call, kept[: page.size])]
    return page.answer(results, KIND, has_more=len(kept) > page.size, **more)


def _read(call: Call, rows: list[Row]) -> list[Row]:
    return call.run(SQL["in_order"], keys=json.dumps([row["key"] for row in rows]))


def _to_hit(call: Call, row: Row) -> dict[str, Any]:
    if row["luck"] < 100 - call.switch("partial_hits"):
        return to_object(call, row)
    if row["kind"] == PAGE:
        return {"object": PAGE, "id": row["id"]}
    whole = to_object(call, row)
    return {name: whole[name] for name in ("object", "id", "properties")}


@api(READ)
def query(call: Call) -> Response:
    """Return one page of the rows of a data source; no query ends beyond the cap."""
    source = call.get_visible(DATA_SOURCE)
    body = call.body
    conditions = _read_filter(body.get("filter"))
    asked = {
        "source": source["id"],
        "database": source["container"],
        "archived": body.get("is_archived", False),
    }
    where = SQL["rows"] + conditions
    # Without sorts the order is not defined, and looks it.
    sorts = [
        f"{COLUMNS[rule['timestamp']]} {WAYS[rule['direction']]}"
        for rule in body.get("sorts", ())
    ]
    order = ", ".join([*sorts, SHUFFLED])
    listing = f"query:{call.holder}:{asked}:{conditions}:{order}"
    page = read_page(call.request, body, listing)
    # Everything that goes into these statements was written in this module.
    (counted,) = call.run(f"SELECT COUNT(*) AS n {where}", **asked)
    total, cap = counted["n"], call.switch("query_cap")
    end = min(page.end, cap)
    part = {"n": max(0, end - page.offset), "offset": page.offset}
    rows = call.run(f"SELECT o.key {where} ORDER BY {order} {PART}", **asked, **part)
    results = [to_object(call, row) for row in _read(call, rows)]
    # The field is there only when something is missing.
    more = {"request_status": INCOMPLETE} if total > cap else {}
    return page.answer(results, KIND, has_more=end < min(total, cap), **more)


def _read_filter(given: dict[str, Any] | None) -> str:
    """Return the conditions of a filter, or of several that are joined."""
    conditions = ""
    for one in given.get("and", [given]) if given else ():
        name = one["timestamp"]
        since = to_ms(one[name]["on_or_after"])
        if since is None:
            raise malformed(f"body.filter.{name}.on_or_after", "is no date")
        conditions += f" AND {COLUMNS[name]} >= {since}"
    return conditions
