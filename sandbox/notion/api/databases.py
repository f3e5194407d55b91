"""Show databases and data sources, and query data sources."""

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

from sandbox.core.storage import Row
from sandbox.core.web import Request, Response
from sandbox.notion.api.auth import READ, Caller, answer, api, get_visible
from sandbox.notion.api.errors import invalid
from sandbox.notion.api.ids import to_ms
from sandbox.notion.api.paging import read_json, read_page_body, to_list
from sandbox.notion.api.render import (
    Library,
    read_rows,
    to_data_source,
    to_database,
    to_object,
)
from sandbox.notion.api.search import INCOMPLETE
from sandbox.notion.seed.workspaces import DATA_SOURCE, DATABASE, PAGE, SLUG

if TYPE_CHECKING:
    from sandbox.core.state import Sandbox

COLUMNS = {"created_time": "o.created", "last_edited_time": "o.edited"}
WORDS = {"ascending": "ASC", "descending": "DESC"}
BODY = ("filter", "sorts", "start_cursor", "page_size", "is_archived", "result_type")
ROWS = """
FROM notion_object o JOIN notion_visible v ON v.key = o.key AND v.holder = :holder
WHERE (o.container = :source AND o.kind = :page OR o.kind = :data_source
    AND o.container IN (SELECT d.id FROM notion_object d
        WHERE d.container = :database AND d.kind = 'database'))
    AND o.in_trash = 0 AND o.is_archived = :archived
"""


@api(READ)
def show_database(sandbox: "Sandbox", request: Request, caller: Caller) -> Response:
    """Return one database."""
    row = get_visible(sandbox, request, caller, DATABASE)
    return answer(request, to_database(Library(sandbox, caller), row))


@api(READ)
def show_data_source(sandbox: "Sandbox", request: Request, caller: Caller) -> Response:
    """Return one data source."""
    row = get_visible(sandbox, request, caller, DATA_SOURCE)
    return answer(request, to_data_source(Library(sandbox, caller), row))


@api(READ)
def query(sandbox: "Sandbox", request: Request, caller: Caller) -> Response:
    """Return one page of the rows of a data source; no query ends beyond the cap."""
    source = get_visible(sandbox, request, caller, DATA_SOURCE)
    body = read_json(request, *BODY)
    names = _read_names(request, source)
    kinds = _read_kinds(request, body)
    values: dict[str, Any] = {
        "holder": caller.holder,
        "source": source["id"],
        "database": source["container"],
        "page": PAGE if PAGE in kinds else "",
        "data_source": DATA_SOURCE if DATA_SOURCE in kinds else "",
        "archived": int(_read_flag(request, body, "is_archived")),
    }
    where = ROWS + _read_filter(request, body, values)
    order = _read_sorts(request, body.get("sorts"))
    page = read_page_body(request, body, f"query:{values}:{order}")
    # Everything that goes into these statements was written in this module.
    run = sandbox.storage.connection.execute
    total = run(f"SELECT COUNT(*) {where}", values).fetchone()[0]
    cap = sandbox.switches.get(SLUG, "query_cap", caller.workspace)
    end = min(page.offset + page.size, cap)
    keys = run(
        f"SELECT o.key {where} ORDER BY {order} LIMIT :n OFFSET :offset",
        {**values, "n": max(0, end - page.offset), "offset": page.offset},
    ).fetchall()
    rows = read_rows(sandbox, [row["key"] for row in keys])
    library = Library(sandbox, caller)
    return to_list(
        request,
        [to_object(library, row, names) for row in rows],
        page=page,
        has_more=end < min(total, cap),
        kind="page_or_data_source",
        # The field is there only when something is missing.
        **({"request_status": INCOMPLETE} if total > cap else {}),
    )


def _read_names(request: Request, source: Row) -> frozenset[str] | None:
    """Return the ids of the properties that are wanted, or nothing for all."""
    fields = parse_qsl(request.query_string, keep_blank_values=True)
    if unknown := [n for n, _ in fields if n != "filter_properties[]"]:
        message = f"query failed validation: query.{unknown[0]} should be not present."
        raise invalid(request, message)
    if not fields:
        return None
    by_id = {unquote(d["id"]): d["id"] for d in json.loads(source["body"])["schema"]}
    wanted = [unquote(value) for _, value in fields]
    if missing := [name for name in wanted if name not in by_id]:
        message = f"Could not find property with id: {missing[0]}"
        raise invalid(request, message)
    return frozenset(by_id[name] for name in wanted)


def _read_kinds(request: Request, body: dict[str, Any]) -> list[str]:
    wanted = body.get("result_type")
    if wanted is None and "result_type" not in body:
        return [PAGE, DATA_SOURCE]
    if wanted not in (PAGE, DATA_SOURCE):
        message = "body failed validation: body.result_type is not valid."
        raise invalid(request, message)
    return [wanted]


def _read_flag(request: Request, body: dict[str, Any], name: str) -> bool:
    value = body.get(name, False)
    if not isinstance(value, bool):
        message = f"body failed validation: body.{name} should be a boolean."
        raise invalid(request, message)
    return value


def _read_filter(request: Request, body: dict[str, Any], values: dict[str, Any]) -> str:
    """Turn the one kind of filter that is simulated into SQL."""
    given = body.get("filter")
    if given is None and "filter" not in body:
        return ""
    given = given if isinstance(given, dict) else {}
    name = given.get("timestamp")
    condition = given.get(name)
    if (
        name not in COLUMNS
        or given.keys() != {"timestamp", name}
        or not isinstance(condition, dict)
        or condition.keys() != {"on_or_after"}
    ):
        message = (
            "body failed validation: body.filter is not valid (the sandbox simulates "
            "on_or_after for created_time and last_edited_time)."
        )
        raise invalid(request, message)
    values["since"] = to_ms(str(condition["on_or_after"]))
    if values["since"] is None:
        message = f"body failed validation: body.filter.{name}.on_or_after: no date."
        raise invalid(request, message)
    return f" AND {COLUMNS[name]} >= :since"


def _read_sorts(request: Request, given: Any) -> str:
    """Return the order; without one it is not defined, and looks it."""
    if given is None or given == []:
        return "o.luck, o.key"
    parts = []
    for rule in given if isinstance(given, list) else [None]:
        if (
            not isinstance(rule, dict)
            or rule.keys() != {"timestamp", "direction"}
            or rule["timestamp"] not in COLUMNS
            or rule["direction"] not in WORDS
        ):
            message = "body failed validation: body.sorts is not valid."
            raise invalid(request, message)
        parts.append(f"{COLUMNS[rule['timestamp']]} {WORDS[rule['direction']]}")
    return ", ".join([*parts, "o.luck", "o.key"])
