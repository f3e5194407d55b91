"""Read how records are asked for, from a query or from a JSON body."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.airtable.api.errors import INVALID, refuse
from sandbox.airtable.schema import Table, pick
from sandbox.core.times import to_ms
from sandbox.core.web import Pairs, Request

MAX_PAGE = 100
SORT = re.compile(r"sort\[(\d+)\]\[(field|direction)\]")
TRUE = (True, "true", "1")
TIMES = {"createdTime": "created", "lastModifiedTime": "modified"}
COLUMNS = {"LAST_MODIFIED_TIME": "modified", "CREATED_TIME": "created"}
TEXT = r"""("[^"]*"|'[^']*')"""
# The few formulas the sandbox knows: changed or made after a time, a record by its
# id, or one of several of these; one of several records, and that changed after a time.
AFTER = (
    rf"\s*IS_AFTER\s*\(\s*({'|'.join(COLUMNS)})\s*\(\s*\)\s*,\s*"
    rf"(?:{TEXT}|DATETIME_PARSE\s*\(\s*{TEXT}\s*\))\s*\)\s*"
)
RECORD = r"""\s*RECORD_ID\s*\(\s*\)\s*=\s*["'](rec[A-Za-z0-9]{14})["']\s*"""
TERM = rf"(?:{AFTER}|{RECORD})"
ANY = rf"(?:{TERM}|\s*OR\s*\({TERM}(?:,{TERM})*\)\s*)"
AMONG = rf"\s*OR\s*\({RECORD}(?:,{RECORD})*\)\s*"
BOTH = rf"\s*AND\s*\({AMONG},\s*OR\s*\({AFTER}(?:,{AFTER})*\)\s*\)\s*"
FORMULA = re.compile(rf"{ANY}|{BOTH}")


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a listing asks for, checked against its table."""

    page_size: int
    offset: str
    # The ids of the fields to show; nothing shows all.
    fields: Sequence[str] | None
    by_id: bool
    # What follows WHERE, with its values.
    sql: str
    values: Sequence[str]


def read_options(request: Request, table: Table) -> Options:
    given = request.json() if request.body else _from_query(request.query_pairs)
    fields = given.get("fields")
    sql, values = _write_sql(given, table)
    return Options(
        page_size=_read_number(given.get("pageSize", MAX_PAGE), highest=MAX_PAGE),
        offset=given.get("offset", ""),
        fields=None if fields is None else [_find(table, f)["id"] for f in fields],
        by_id=given.get("returnFieldsByFieldId") in TRUE,
        sql=sql,
        values=values,
    )


def _from_query(pairs: Pairs) -> dict[str, Any]:
    given: dict[str, Any] = {}
    sort: dict[int, dict[str, str]] = {}
    for name, value in pairs:
        if match := SORT.fullmatch(name):
            sort.setdefault(int(match[1]), {})[match[2]] = value
        elif name == "fields[]":
            given.setdefault("fields", []).append(value)
        else:
            given[name] = value
    if sort:
        given["sort"] = [sort[number] for number in sorted(sort)]
    return given


def _read_number(value: Any, *, highest: int | None = None) -> int:
    number = int(value)
    if number < 1:
        raise refuse(INVALID, "A number must be a whole one from 1 on")
    if highest is not None and number > highest:
        raise refuse(INVALID, f"A page holds at most {highest} records")
    return number


def _write_sql(given: Mapping[str, Any], table: Table) -> tuple[str, list[str]]:
    """Return what chooses and orders the records.

    Columns, directions and numbers come from closed lists, ids have a fixed shape.
    """
    where, values = "table_id = ?", [table["id"]]
    if formula := given.get("filterByFormula"):
        where += f" AND ({_read_formula(formula)})"
    view = _find_view(table, given.get("view", ""))
    if filled := view.get("filled"):
        where += " AND json_extract(cells, ?) IS NOT NULL"
        values.append(f"$.{filled}")
    order = [_read_sort(entry, table) for entry in given.get("sort", [])]
    # Without a sort or a view the order means nothing; with a view it is the view's.
    order.append("key" if view or order else "id")
    limit = _read_number(given["maxRecords"]) if "maxRecords" in given else -1
    return f"{where} ORDER BY {', '.join(order)} LIMIT {limit}", values


def _read_sort(entry: Any, table: Table) -> str:
    direction = entry.get("direction", "asc")
    field = _find(table, entry.get("field"))
    cell = f"json_extract(cells, '$.{field['id']}')"
    return f"{TIMES.get(field['type'], cell)} {direction}"


def _find(table: Table, name: Any) -> dict[str, Any]:
    field = pick(table["fields"], name)
    if field is None:
        raise refuse("UNKNOWN_FIELD_NAME", f'Unknown field name: "{name}"')
    return field


def _find_view(table: Table, text: str) -> dict[str, Any]:
    view = pick(table["views"], text) if text else {}
    if view is None:
        what = "ID" if text.startswith("viw") else "NAME"
        raise refuse(f"VIEW_{what}_NOT_FOUND", f"View {text} not found")
    return view


def _read_formula(text: str) -> str:
    found, ids = [], []
    if FORMULA.fullmatch(text):
        ids = re.findall(RECORD, text)
        for name, plain, parsed in re.findall(AFTER, text):
            found.append((COLUMNS[name], to_ms((plain or parsed)[1:-1])))
    if not (found or ids) or any(moment is None for _, moment in found):
        message = "The formula for filtering records is invalid"
        raise refuse("INVALID_FILTER_BY_FORMULA", message)
    changed = " OR ".join(f"{column} > {moment}" for column, moment in found)
    among = " OR ".join(f"id = '{each}'" for each in ids)
    if text.lstrip().startswith("AND"):
        return f"({among}) AND ({changed})"
    return " OR ".join(each for each in (changed, among) if each)
