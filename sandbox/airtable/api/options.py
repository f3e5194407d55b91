"""Read how records are asked for, from a query or from a JSON body."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.airtable.api.errors import INVALID, refuse
from sandbox.airtable.schema import Table, pick
from sandbox.core.times import to_ms
from sandbox.core.web import Pairs, Request, find_repeated

MAX_PAGE = 100
SORT = re.compile(r"sort\[(\d+)\]\[(field|direction)\]")
TEXTS = ("offset", "filterByFormula", "view")
SCALARS = (*TEXTS, "pageSize", "maxRecords", "returnFieldsByFieldId")
LISTS = ("fields", "sort")
FLAGS = {"true": True, "1": True, "false": False, "0": False, "": False}
TIMES = {"createdTime": "created", "lastModifiedTime": "modified"}
COLUMNS = {"LAST_MODIFIED_TIME": "modified", "CREATED_TIME": "created"}
TEXT = r"""("[^"]*"|'[^']*')"""
# The few formulas the sandbox knows: changed or made after a time, a record by its
# id, or one of several of these.
AFTER = (
    rf"\s*IS_AFTER\s*\(\s*({'|'.join(COLUMNS)})\s*\(\s*\)\s*,\s*"
    rf"(?:{TEXT}|DATETIME_PARSE\s*\(\s*{TEXT}\s*\))\s*\)\s*"
)
RECORD = r"""\s*RECORD_ID\s*\(\s*\)\s*=\s*["'](rec[A-Za-z0-9]{14})["']\s*"""
TERM = rf"(?:{AFTER}|{RECORD})"
FORMULA = re.compile(rf"{TERM}|\s*OR\s*\({TERM}(?:,{TERM})*\)\s*")


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
    is_query = request.method == "GET"
    given = _from_query(request.query_pairs) if is_query else _from_body(request)
    _check_kinds(given)
    fields = given.get("fields")
    sql, values = _write_sql(given, table)
    return Options(
        page_size=_read_number(given.get("pageSize", MAX_PAGE), highest=MAX_PAGE),
        offset=given.get("offset", ""),
        fields=None if fields is None else [_find(table, f)["id"] for f in fields],
        by_id=read_flag(given.get("returnFieldsByFieldId", False)),
        sql=sql,
        values=values,
    )


def read_flag(value: Any) -> bool:
    """Read true or false, as JSON or as the text of a query."""
    if isinstance(value, bool):
        return value
    if not isinstance(value, str) or value not in FLAGS:
        raise refuse(INVALID, "A flag must be true or false")
    return FLAGS[value]


def _from_query(pairs: Pairs) -> dict[str, Any]:
    if repeated := find_repeated(pairs, SCALARS):
        raise refuse(INVALID, f"Repeated: {', '.join(repeated)}")
    given: dict[str, Any] = {}
    sort: dict[int, dict[str, str]] = {}
    for name, value in pairs:
        if match := SORT.fullmatch(name):
            sort.setdefault(int(match[1]), {})[match[2]] = value
        elif name == "fields[]":
            given.setdefault("fields", []).append(value)
        else:
            # A list that is given as a text is refused with the other wrong kinds.
            given[name] = value
    if sort:
        given["sort"] = [sort[number] for number in sorted(sort)]
    return given


def _from_body(request: Request) -> dict[str, Any]:
    body = request.json() if request.body else {}
    if not isinstance(body, dict):
        raise refuse(INVALID, "The body must be an object")
    return {name: value for name, value in body.items() if value is not None}


def _check_kinds(given: Mapping[str, Any]) -> None:
    if unknown := given.keys() - {*SCALARS, *LISTS}:
        names = ", ".join(sorted(unknown))
        raise refuse(INVALID, f"The sandbox does not simulate: {names}")
    kinds = {**dict.fromkeys(TEXTS, str), **dict.fromkeys(LISTS, list)}
    for name, kind in kinds.items():
        if not isinstance(given.get(name, kind()), kind):
            word = "a string" if kind is str else "an array"
            raise refuse(INVALID, f"{name} must be {word}")


def _read_number(value: Any, *, highest: int | None = None) -> int:
    text = str(value)
    if isinstance(value, bool) or not text.isdecimal() or int(text) < 1:
        raise refuse(INVALID, "A number must be a whole one from 1 on")
    if highest is not None and int(text) > highest:
        raise refuse(INVALID, f"A page holds at most {highest} records")
    return int(text)


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
    if not isinstance(entry, dict):
        raise refuse(INVALID, "sort must hold objects")
    direction = entry.get("direction", "asc")
    if direction not in ("asc", "desc"):
        raise refuse(INVALID, "direction must be asc or desc")
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
    terms = [f"{column} > {moment}" for column, moment in found]
    return " OR ".join([*terms, *(f"id = '{each}'" for each in ids)])
