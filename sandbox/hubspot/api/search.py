"""Search records through an index that lags, and that ends at ten thousand."""

from typing import Any

from sandbox.core.state import Sandbox
from sandbox.core.web import Request, Response, to_json
from sandbox.hubspot.api.auth import Caller, api
from sandbox.hubspot.api.errors import invalid
from sandbox.hubspot.api.filters import Clause, build_filters, get_column, register
from sandbox.hubspot.api.inputs import enter, read_body, read_names
from sandbox.hubspot.api.render import Shape, to_object
from sandbox.hubspot.seed.definitions import choose_properties

MAX_BODY, MAX_LIMIT, MAX_RESULTS = 3_000, 200, 10_000
SETTLED = (
    "SELECT id, created, modified, email, properties FROM hubspot_record"
    " WHERE portal = ? AND type = ? AND archived = 0"
)
STALE = (
    "SELECT id, created, modified, email, properties FROM hubspot_stale"
    " WHERE portal = ? AND type = ? AND visible_from <= ? AND visible_until > ?"
)
KNOWN_FIELDS = {"filterGroups", "sorts", "properties", "limit", "after"}


@api(bucket="search")
def search(sandbox: Sandbox, request: Request, caller: Caller) -> Response:
    """Answer one search."""
    type_id = enter(request, caller, "read")
    if len(request.body) > MAX_BODY:
        message = f"The request body is longer than {MAX_BODY} characters"
        raise invalid(request, message)
    body = read_body(request)
    if unknown := body.keys() - KNOWN_FIELDS:
        names = ", ".join(sorted(unknown))
        raise invalid(request, f"The sandbox does not simulate: {names}")
    limit = _read_number(request, body, "limit", 10)
    after = _read_number(request, body, "after", 0)
    if not 1 <= limit <= MAX_LIMIT:
        raise invalid(request, "limit is not valid")
    if after + limit > MAX_RESULTS:
        message = f"Search returns at most {MAX_RESULTS} results; narrow the filters"
        raise invalid(request, message)
    where = build_filters(request, caller, type_id, body.get("filterGroups") or [])
    order = _read_sort(request, type_id, body.get("sorts") or [])
    source = _get_source(sandbox, caller.portal, type_id)
    total, rows = _run(sandbox, source, where, order, (limit, after))
    chosen = choose_properties(type_id, read_names(request, body, "properties"))
    shape = Shape(portal=caller.portal, type=type_id, names=chosen)
    results = [to_object(sandbox.storage, row, shape) for row in rows]
    answer: dict[str, Any] = {"total": total, "results": results}
    if after + limit < total:
        answer["paging"] = {"next": {"after": str(after + limit)}}
    return to_json(answer)


def _run(
    sandbox: Sandbox,
    source: Clause,
    where: Clause,
    order: str,
    page: tuple[int, int],
) -> tuple[int, list[Any]]:
    register(sandbox.storage.connection)
    values = (*source.values, *where.values)
    # Every name in these statements was chosen from this package's own lists.
    matched = f"FROM ({source.sql}) AS r WHERE {where.sql}"
    count = f"SELECT COUNT(*) AS n {matched}"
    counted = sandbox.storage.one(count, *values)
    fetch = f"SELECT * {matched} ORDER BY {order} LIMIT ? OFFSET ?"
    rows = sandbox.storage.all(fetch, *values, *page)
    return counted["n"] if counted else 0, rows


def _get_source(sandbox: Sandbox, portal: str, type_id: str) -> Clause:
    """Return what the index believes now: settled rows, and old states of others."""
    now = sandbox.now_ms
    pending = sandbox.storage.one(
        "SELECT 1 FROM hubspot_record WHERE portal = ? AND type = ?"
        " AND indexed_at > 0 AND indexed_at > ?",
        *(portal, type_id, now),
    )
    if pending is None:
        return Clause(sql=SETTLED, values=(portal, type_id))
    sql = f"{SETTLED} AND indexed_at <= ? UNION ALL {STALE}"
    return Clause(sql=sql, values=(portal, type_id, now, portal, type_id, now, now))


def _read_number(
    request: Request, body: dict[str, Any], name: str, default: int
) -> int:
    value = body.get(name)
    text = str(default if value is None else value)
    if not text.isdigit():
        raise invalid(request, f"{name} is not valid")
    return int(text)


def _read_sort(request: Request, type_id: str, sorts: Any) -> str:
    if not isinstance(sorts, list) or len(sorts) > 1:
        raise invalid(request, "Only one sort rule is allowed")
    if not sorts:
        return "id ASC"
    rule = sorts[0]
    if not isinstance(rule, dict) or "propertyName" not in rule:
        raise invalid(request, "A sort rule needs propertyName and direction")
    direction = str(rule.get("direction", "ASCENDING"))
    if direction not in ("ASCENDING", "DESCENDING"):
        raise invalid(request, "direction must be ASCENDING or DESCENDING")
    word = "ASC" if direction == "ASCENDING" else "DESC"
    column = get_column(type_id, str(rule["propertyName"]))
    return "id ASC" if column is None else f"{column.sql} {word}, id {word}"
