"""Read how records are asked for, from a query or from a JSON body."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.airtable.api.errors import ApiRefusal, invalid
from sandbox.airtable.api.params import Pairs, find_repeated, read_query
from sandbox.airtable.api.schema import Field, Table, View
from sandbox.core.times import to_ms
from sandbox.core.web import Request

MAX_PAGE = 100
SORT = re.compile(r"sort\[(\d+)\]\[(field|direction)\]")
TEXTS = ("offset", "filterByFormula", "view")
SCALARS = (*TEXTS, "pageSize", "maxRecords", "returnFieldsByFieldId")
LISTS = ("fields", "sort")
FLAGS = {"true": True, "1": True, "false": False, "0": False, "": False}
COLUMNS = {"LAST_MODIFIED_TIME": "modified", "CREATED_TIME": "created"}
TEXT = r"""("[^"]*"|'[^']*')"""
# Words and signs, with any space between them.
AFTER = re.compile(
    rf"""
    \s* IS_AFTER \s* \( \s* ({"|".join(COLUMNS)}) \s* \( \s* \) \s* , \s*
    (?: {TEXT} | DATETIME_PARSE \s* \( \s* {TEXT} \s* \) ) \s* \) \s*
    """,
    re.VERBOSE,
)
ANY_OF = re.compile(r"\s*OR\s*\((.*)\)\s*", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a listing asks for, checked against its table."""

    page_size: int
    offset: str
    max_records: int | None
    fields: frozenset[str] | None
    # Conditions in SQL, of which one must hold.
    conditions: list[str]
    sort: list[tuple[Field, str]]
    view: View | None
    by_id: bool


def read_options(request: Request, table: Table) -> Options:
    """Check what was asked for."""
    is_query = request.method == "GET"
    given = _from_query(read_query(request)) if is_query else _from_body(request)
    _check_kinds(given)
    most, fields, formula = map(given.get, ("maxRecords", "fields", "filterByFormula"))
    return Options(
        page_size=_read_number(given.get("pageSize", MAX_PAGE), highest=MAX_PAGE),
        offset=given.get("offset", ""),
        max_records=None if most is None else _read_number(most),
        fields=None if fields is None else _read_fields(fields, table),
        conditions=_parse_formula(formula) if formula else [],
        sort=[_read_sort(entry, table) for entry in given.get("sort", [])],
        view=_find_view(table, given.get("view", "")),
        by_id=read_flag(given.get("returnFieldsByFieldId", False)),
    )


def _check_kinds(given: Mapping[str, Any]) -> None:
    if unknown := given.keys() - {*SCALARS, *LISTS}:
        raise invalid(f"The sandbox does not simulate: {', '.join(sorted(unknown))}")
    for names, kind, word in ((TEXTS, str, "a string"), (LISTS, list, "an array")):
        for name in names:
            if not isinstance(given.get(name, kind()), kind):
                raise invalid(f"{name} must be {word}")


def read_flag(value: Any) -> bool:
    """Read true or false, as JSON or as the text of a query."""
    if isinstance(value, bool):
        return value
    if not isinstance(value, str) or value not in FLAGS:
        raise invalid("A flag must be true or false")
    return FLAGS[value]


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


def _read_fields(names: list[Any], table: Table) -> frozenset[str]:
    return frozenset(_find_field(table, name).id for name in names)


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
    what = "ID" if text.startswith("viw") else "NAME"
    raise invalid(f"View {text} not found", f"VIEW_{what}_NOT_FOUND")


def _parse_formula(text: str) -> list[str]:
    """Read the few formulas the sandbox knows: changed or made after a time."""
    listed = ANY_OF.fullmatch(text)
    rest, found = listed[1] if listed else text, []
    while match := AFTER.match(rest):
        found.append(_read_condition(match))
        rest = rest[match.end() :]
        if not rest:
            return found
        if not listed or not rest.startswith(","):
            break
        rest = rest[1:]
    raise _no_formula()


def _read_condition(match: re.Match[str]) -> str:
    moment = to_ms((match[2] or match[3])[1:-1])
    if moment is None:
        raise _no_formula()
    return f"{COLUMNS[match[1]]} > {moment}"


def _no_formula() -> ApiRefusal:
    message = "The formula for filtering records is invalid"
    return invalid(message, "INVALID_FILTER_BY_FORMULA")
