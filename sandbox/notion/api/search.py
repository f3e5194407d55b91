"""Search by title in an index that lags and leaves things out; query data sources."""

import json
from typing import Any
from urllib.parse import parse_qsl, unquote

from sandbox.core.state import Sandbox
from sandbox.core.storage import Row
from sandbox.core.web import Request, Response
from sandbox.notion.api.auth import READ, Caller, api, get_visible
from sandbox.notion.api.errors import invalid, malformed
from sandbox.notion.api.ids import to_ms
from sandbox.notion.api.paging import (
    PAGED,
    Every,
    Shape,
    read_json,
    read_page,
    refuse_unknown,
)
from sandbox.notion.api.render import Library, to_object
from sandbox.notion.seed.workspaces import DATA_SOURCE, PAGE, SLUG

KINDS = (PAGE, DATA_SOURCE)
KIND = "page_or_data_source"
INCOMPLETE = {"type": "incomplete", "incomplete_reason": "query_result_limit_reached"}
COLUMNS = {"created_time": "o.created", "last_edited_time": "o.edited"}
WAYS = {"ascending": "ASC", "descending": "DESC"}
SHUFFLED = "o.luck, o.key"
NEWEST = {"timestamp": "last_edited_time", "direction": "descending"}
OBJECT: dict[str, Shape] = {"property": ("object",), "value": KINDS}
SEARCH: dict[str, Shape] = {
    **PAGED,
    "query": str,
    "filter": [OBJECT, {**OBJECT, "in_trash": bool}, {"in_trash": bool}],
    "sort": [
        {"timestamp": ("last_edited_time",), "direction": tuple(WAYS)},
        {"property": ("relevance",)},
    ],
}
QUERY: dict[str, Shape] = {
    **PAGED,
    "filter": [{"timestamp": (n,), n: {"on_or_after": str}} for n in COLUMNS],
    "sorts": Every(of={"timestamp": tuple(COLUMNS), "direction": tuple(WAYS)}),
    "is_archived": bool,
    "result_type": KINDS,
}
EDITED = "CASE WHEN o.indexed_at <= :now THEN o.edited ELSE o.old_edited END"
TRASHED = "CASE WHEN o.indexed_at <= :now THEN o.in_trash ELSE o.old_trash END"
# A data source is as good as picked when its database was.
FOUND = f"""
SELECT o.key, {EDITED} AS known FROM notion_object o
JOIN notion_visible v ON v.key = o.key AND v.holder = :holder AND v.since <= :shared
LEFT JOIN notion_share s ON s.holder = :holder AND s.allowed
    AND s.id IN (o.id, CASE o.kind WHEN 'data_source' THEN o.container END)
WHERE o.workspace = :workspace AND o.kind IN (:page, :data_source)
    AND {TRASHED} = :trash AND {EDITED} IS NOT NULL
    AND (o.luck >= :left_out OR s.id IS NOT NULL)
"""  # noqa: S608 - only this module's own words go in
# A data source is found by the title of its database, not by its own.
TITLED = """
    AND instr(lower(CASE o.kind WHEN 'data_source' THEN
        (SELECT d.title FROM notion_object d WHERE d.id = o.container)
        ELSE o.title END), :query)
"""
# Beside its rows, a wiki holds the data sources of the databases in its own.
ROWS = """
FROM notion_object o JOIN notion_visible v ON v.key = o.key AND v.holder = :holder
WHERE (o.container = :source AND o.kind = :page OR o.kind = :data_source
    AND o.container IN (SELECT d.id FROM notion_object d
        WHERE d.container = :database AND d.kind = 'database'))
    AND o.in_trash = 0 AND o.is_archived = :archived
"""


@api(READ)
def search(sandbox: Sandbox, request: Request, caller: Caller) -> Response:
    """Answer one search."""
    body = read_json(request, SEARCH)
    wanted, sort = body.get("filter", {}), body.get("sort", NEWEST)
    way = WAYS.get(sort.get("direction"))
    order = f"known {way}, o.key {way}" if way else SHUFFLED
    values = {
        **_get_index(sandbox, caller),
        **_to_kinds(wanted.get("value")),
        "trash": wanted.get("in_trash", False),
        "query": body.get("query", "").lower(),
    }
    asked = [values[n] for n in ("holder", *KINDS, "trash", "query")]
    page = read_page(request, body, f"search:{asked}:{order}")
    where = f"{FOUND} {TITLED}" if values["query"] else FOUND
    rows = sandbox.storage.connection.execute(
        f"{where} GROUP BY o.key ORDER BY {order} LIMIT :limit OFFSET :offset",
        {**values, "limit": page.size + 1, "offset": page.offset},
    ).fetchall()
    cap = sandbox.switches.get(SLUG, "search_cap", caller.workspace)
    kept = rows[: max(0, cap - page.offset)]
    more = {"request_status": INCOMPLETE} if len(kept) < len(rows) else {}
    library = Library(sandbox, caller)
    shown = library.read([row["key"] for row in kept[: page.size]])
    results = [_to_hit(library, row) for row in shown]
    return page.answer(results, KIND, has_more=len(kept) > page.size, **more)


def _get_index(sandbox: Sandbox, caller: Caller) -> dict[str, Any]:
    """Say what the index knows by now, and how much it forgets."""
    read, now = sandbox.switches.get, sandbox.now_ms
    lag = int(read(SLUG, "grant_lag", caller.workspace) * 1000)
    return {
        "holder": caller.holder,
        "workspace": caller.workspace,
        "now": now,
        "shared": now - lag,
        "left_out": read(SLUG, "search_leaves_out", caller.workspace),
    }


def _to_kinds(wanted: str | None) -> dict[str, str]:
    """Name the kinds that are wanted: one of them, or all."""
    return {kind: kind if wanted in (kind, None) else "" for kind in KINDS}


def _to_hit(library: Library, row: Row) -> dict[str, Any]:
    percent = library.sandbox.switches.get(SLUG, "partial_hits", row["workspace"])
    if row["luck"] < 100 - percent:
        return to_object(library, row)
    if row["kind"] == PAGE:
        return {"object": PAGE, "id": row["id"]}
    whole = to_object(library, row)
    return {name: whole[name] for name in ("object", "id", "properties")}


@api(READ)
def query(sandbox: Sandbox, request: Request, caller: Caller) -> Response:
    """Return one page of the rows of a data source; no query ends beyond the cap."""
    source = get_visible(sandbox, request, caller, DATA_SOURCE)
    body = read_json(request, QUERY)
    names = _read_names(request, source)
    column, since = _read_filter(request, body.get("filter"))
    values = {
        **_to_kinds(body.get("result_type")),
        "holder": caller.holder,
        "source": source["id"],
        "database": source["container"],
        "archived": body.get("is_archived", False),
        "since": since,
    }
    where = f"{ROWS} AND {column} >= :since" if column else ROWS
    # Without sorts the order is not defined, and looks it.
    sorts = [
        f"{COLUMNS[rule['timestamp']]} {WAYS[rule['direction']]}"
        for rule in body.get("sorts", ())
    ]
    order = ", ".join([*sorts, SHUFFLED])
    page = read_page(request, body, f"query:{values}:{column}:{order}")
    # Everything that goes into these statements was written in this module.
    run = sandbox.storage.connection.execute
    total = run(f"SELECT COUNT(*) {where}", values).fetchone()[0]
    cap = sandbox.switches.get(SLUG, "query_cap", caller.workspace)
    end = min(page.end, cap)
    keys = run(
        f"SELECT o.key {where} ORDER BY {order} LIMIT :n OFFSET :offset",
        {**values, "n": max(0, end - page.offset), "offset": page.offset},
    ).fetchall()
    library = Library(sandbox, caller)
    rows = library.read([row["key"] for row in keys])
    results = [to_object(library, row, names) for row in rows]
    # The field is there only when something is missing.
    more = {"request_status": INCOMPLETE} if total > cap else {}
    return page.answer(results, KIND, has_more=end < min(total, cap), **more)


def _read_names(request: Request, source: Row) -> frozenset[str] | None:
    """Return the ids of the properties that are wanted, or nothing for all."""
    fields = parse_qsl(request.query_string, keep_blank_values=True)
    refuse_unknown(request, "query", dict(fields), ("filter_properties[]",))
    by_id = {unquote(d["id"]): d["id"] for d in json.loads(source["body"])["schema"]}
    wanted = [unquote(value) for _, value in fields]
    if missing := [name for name in wanted if name not in by_id]:
        raise invalid(request, f"Could not find property with id: {missing[0]}")
    return frozenset(by_id[name] for name in wanted) if wanted else None


def _read_filter(
    request: Request, given: dict[str, Any] | None
) -> tuple[str, int | None]:
    """Return the column and the moment of the one kind of filter simulated."""
    if given is None:
        return "", None
    name = given["timestamp"]
    since = to_ms(given[name]["on_or_after"])
    if since is None:
        raise malformed(request, f"body.filter.{name}.on_or_after", "is no date")
    return COLUMNS[name], since
