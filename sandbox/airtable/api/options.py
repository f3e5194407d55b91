"""Read how records are asked for, from a query or from a JSON body."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.airtable.api.errors import ApiRefusal, invalid
from sandbox.airtable.api.formulas import After, parse_formula
from sandbox.airtable.api.params import Pairs, find_repeated, read_query
from sandbox.airtable.api.schema import Field, Table, View
from sandbox.core.web import Request

MAX_PAGE = 100
SORT = re.compile(r"sort\[(\d+)\]\[(field|direction)\]")
SCALARS = (
    "pageSize",
    "offset",
    "maxRecords",
    "filterByFormula",
    "view",
    "returnFieldsByFieldId",
)
NAMES = {*SCALARS, "fields", "sort"}


@dataclass(frozen=True, kw_only=True)
class Options:
    """Hold what a listing asks for, checked against its table."""

    page_size: int
    offset: str
    max_records: int | None
    fields: frozenset[str] | None
    conditions: list[After]
    sort: list[tuple[Field, str]]
    view: View | None
    by_id: bool


def read_options(request: Request, table: Table) -> Options:
    """Check what was asked for."""
    is_query = request.method == "GET"
    given = _from_query(read_query(request)) if is_query else _from_body(request)
    if given.keys() - NAMES:
        names = ", ".join(sorted(given.keys() - NAMES))
        raise invalid(f"The sandbox does not simulate: {names}")
    formula = _read_text(given, "filterByFormula")
    most = given.get("maxRecords")
    return Options(
        page_size=_read_number(given.get("pageSize", MAX_PAGE), highest=MAX_PAGE),
        offset=_read_text(given, "offset"),
        max_records=None if most is None else _read_number(most),
        fields=_read_fields(given.get("fields"), table),
        conditions=parse_formula(formula) if formula else [],
        sort=[_read_sort(entry, table) for entry in _read_list(given, "sort")],
        view=_find_view(table, _read_text(given, "view")),
        by_id=read_flag(given.get("returnFieldsByFieldId", False)),
    )


def read_flag(value: Any) -> bool:
    """Read true or false, as JSON or as the text of a query."""
    flags = {"true": True, "1": True, "false": False, "0": False, "": False}
    if isinstance(value, bool):
        return value
    if value not in flags:
        raise invalid("A flag must be true or false")
    return flags[value]


def _from_query(pairs: Pairs) -> dict[str, Any]:
    if repeated := find_repeated(pairs, SCALARS):
        raise invalid(f"Repeated: {', '.join(repeated)}")
    given: dict[str, Any] = {}
    sort: dict[int, dict[str, str]] = {}
    for name, value in pairs:
        if match := SORT.fullmatch(name):
            sort.setdefault(int(match[1]), {})[match[2]] = value
        elif name == "fields[]":
            given.setdefault("fields", []).append(value)
        elif name in ("fields", "sort"):
            raise invalid(f"{name} must be an array")
        else:
            given[name] = value
    if sort:
        given["sort"] = [sort[number] for number in sorted(sort)]
    return given


def _from_body(request: Request) -> dict[str, Any]:
    body = request.json() if request.body else {}
    if not isinstance(body, dict):
        raise invalid("The body must be an object")
    return {name: value for name, value in body.items() if value is not None}


def _read_number(value: Any, *, highest: int | None = None) -> int:
    text = str(value)
    if isinstance(value, bool) or not text.isdecimal() or int(text) < 1:
        raise invalid("A number must be a whole one from 1 on")
    if highest is not None and int(text) > highest:
        raise invalid(f"A page holds at most {highest} records")
    return int(text)


def _read_text(given: Mapping[str, Any], name: str) -> str:
    value = given.get(name, "")
    if not isinstance(value, str):
        raise invalid(f"{name} must be a string")
    return value


def _read_list(given: Mapping[str, Any], name: str) -> list[Any]:
    value = given.get(name, [])
    if not isinstance(value, list):
        raise invalid(f"{name} must be an array")
    return value


def _read_fields(value: Any, table: Table) -> frozenset[str] | None:
    if value is None:
        return None
    if not isinstance(value, list):
        raise invalid("fields must be an array")
    return frozenset(_find_field(table, name).id for name in value)


def _read_sort(entry: Any, table: Table) -> tuple[Field, str]:
    if not isinstance(entry, dict):
        raise invalid("sort must hold objects")
    direction = entry.get("direction", "asc")
    if direction not in ("asc", "desc"):
        raise invalid("direction must be asc or desc")
    return _find_field(table, entry.get("field")), direction


def _find_field(table: Table, name: Any) -> Field:
    field = table.find_field(name) if isinstance(name, str) else None
    if field is None:
        raise invalid(f'Unknown field name: "{name}"', "UNKNOWN_FIELD_NAME")
    return field


def _find_view(table: Table, text: str) -> View | None:
    if not text:
        return None
    for view in table.views:
        if text in (view.id, view.name):
            return view
    raise _no_view(text)


def _no_view(text: str) -> ApiRefusal:
    what = "ID" if text.startswith("viw") else "NAME"
    return invalid(f"View {text} not found", f"VIEW_{what}_NOT_FOUND")
