"""Search by title: an index that lags, leaves things out and shows others in part."""

from typing import TYPE_CHECKING, Any

from sandbox.core.storage import Row
from sandbox.core.web import Request, Response
from sandbox.notion.api.auth import Caller, api
from sandbox.notion.api.errors import invalid
from sandbox.notion.api.paging import read_json, read_page_body, to_list
from sandbox.notion.api.render import Library, read_rows, to_object
from sandbox.notion.seed.workspaces import DATA_SOURCE, PAGE, SLUG

if TYPE_CHECKING:
    from sandbox.core.state import Sandbox

EDITED = "CASE WHEN o.indexed_at <= :now THEN o.edited ELSE o.old_edited END"
TRASHED = "CASE WHEN o.indexed_at <= :now THEN o.in_trash ELSE o.old_trash END"
# A data source is as good as picked when its database was.
FOUND = f"""
SELECT o.key, {EDITED} AS known FROM notion_object o
JOIN notion_visible v ON v.key = o.key AND v.holder = :holder AND v.since <= :shared
LEFT JOIN notion_share s ON s.holder = :holder AND s.allowed
    AND s.id IN (o.id, CASE o.kind WHEN 'data_source' THEN o.container END)
WHERE o.workspace = :workspace AND o.kind IN (:page, :source)
    AND {TRASHED} = :trash AND {EDITED} IS NOT NULL
    AND (o.luck >= :left_out OR s.id IS NOT NULL)
"""  # noqa: S608 - only this module's own words go in
# A data source is found by the title of its database, not by its own.
TITLED = """
    AND instr(lower(CASE o.kind WHEN 'data_source' THEN
        (SELECT d.title FROM notion_object d WHERE d.id = o.container)
        ELSE o.title END), :query)
"""
INCOMPLETE = {"type": "incomplete", "incomplete_reason": "query_result_limit_reached"}


@api("read_content")
def search(sandbox: "Sandbox", request: Request, caller: Caller) -> Response:
    """Answer one search."""
    body = read_json(request, "query", "filter", "sort", "page_size", "start_cursor")
    kinds, in_trash = _read_filter(request, body.get("filter"))
    order = _read_sort(request, body.get("sort"))
    text = body.get("query", "")
    if not isinstance(text, str):
        raise invalid(request, "body failed validation: body.query should be a string.")
    listing = f"search:{caller.holder}:{kinds}:{in_trash}:{order}:{text}"
    page = read_page_body(request, body, listing)
    values = {
        **_get_index(sandbox, caller),
        "page": PAGE if PAGE in kinds else "",
        "source": DATA_SOURCE if DATA_SOURCE in kinds else "",
        "trash": int(in_trash),
        "query": text.lower(),
    }
    where = f"{FOUND} {TITLED}" if text else FOUND
    cap = sandbox.switches.get(SLUG, "search_cap", caller.workspace)
    rows = sandbox.storage.connection.execute(
        f"{where} GROUP BY o.key ORDER BY {order} LIMIT :limit OFFSET :offset",
        {**values, "limit": page.size + 1, "offset": page.offset},
    ).fetchall()
    end = page.offset + page.size
    more = {}
    if end >= cap and len(rows) > cap - page.offset:
        more = {"request_status": INCOMPLETE}
        rows = rows[: max(0, cap - page.offset)]
    library = Library(sandbox, caller)
    shown = read_rows(sandbox, [row["key"] for row in rows[: page.size]])
    results = [_to_hit(library, row) for row in shown]
    has_more, kind = len(rows) > page.size, "page_or_data_source"
    return to_list(request, results, page=page, has_more=has_more, kind=kind, **more)


def _get_index(sandbox: "Sandbox", caller: Caller) -> dict[str, Any]:
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


def _to_hit(library: Library, row: Row) -> dict[str, Any]:
    percent = library.sandbox.switches.get(SLUG, "partial_hits", row["workspace"])
    if row["luck"] < 100 - percent:
        return to_object(library, row)
    if row["kind"] == PAGE:
        return {"object": PAGE, "id": row["id"]}
    whole = to_object(library, row)
    return {name: whole[name] for name in ("object", "id", "properties")}


def _read_filter(request: Request, given: Any) -> tuple[list[str], bool]:
    """Return the kinds that are wanted, and whether it is the trash."""
    kinds = [PAGE, DATA_SOURCE]
    if given is None:
        return kinds, False
    if not isinstance(given, dict) or given.keys() - {"property", "value", "in_trash"}:
        raise invalid(request, "body failed validation: body.filter is not valid.")
    in_trash = given.get("in_trash", False)
    if not isinstance(in_trash, bool):
        message = "body failed validation: body.filter.in_trash should be a boolean."
        raise invalid(request, message)
    if "property" not in given and "value" not in given and "in_trash" in given:
        return kinds, in_trash
    if given.get("property") != "object" or given.get("value") not in kinds:
        message = (
            'body failed validation: body.filter.property should be `"object"` and '
            'body.filter.value should be `"page"` or `"data_source"`.'
        )
        raise invalid(request, message)
    return [given["value"]], in_trash


def _read_sort(request: Request, given: Any) -> str:
    if given is None:
        return "known DESC, o.key DESC"
    if given == {"property": "relevance"}:
        return "o.luck, o.key"
    if (
        not isinstance(given, dict)
        or given.keys() != {"timestamp", "direction"}
        or given["timestamp"] != "last_edited_time"
        or given["direction"] not in ("ascending", "descending")
    ):
        raise invalid(request, "body failed validation: body.sort is not valid.")
    word = "ASC" if given["direction"] == "ascending" else "DESC"
    return f"known {word}, o.key {word}"
