"""Turn search filters into SQL, refusing what HubSpot refuses."""

import json
import re
from collections.abc import Callable
from sqlite3 import Connection
from typing import Any

from sandbox.hubspot.api.calls import READ, Call
from sandbox.hubspot.api.errors import refuse
from sandbox.hubspot.api.validation import read_time
from sandbox.hubspot.seed.accounts import ALIASES, SINGULAR

MAX_GROUPS, MAX_FILTERS, MAX_ALL = 5, 6, 18
# The SQL of each operator, and the fields that its values come from.
OPERATORS = {
    "EQ": ("{} = ?", ("value",)),
    "NEQ": ("{} IS NOT ?", ("value",)),
    "LT": ("{} < ?", ("value",)),
    "LTE": ("{} <= ?", ("value",)),
    "GT": ("{} > ?", ("value",)),
    "GTE": ("{} >= ?", ("value",)),
    "BETWEEN": ("{} BETWEEN ? AND ?", ("value", "highValue")),
    "IN": ("{} IN (SELECT value FROM json_each(?))", ("values",)),
    "NOT_IN": ("IFNULL({} NOT IN (SELECT value FROM json_each(?)), 1)", ("values",)),
    "HAS_PROPERTY": ("{} IS NOT NULL", ()),
    "NOT_HAS_PROPERTY": ("{} IS NULL", ()),
    "CONTAINS_TOKEN": ("has_token({}, ?)", ("value",)),
    "NOT_CONTAINS_TOKEN": ("NOT has_token({}, ?)", ("value",)),
}
LINKED = (
    "EXISTS (SELECT 1 FROM hubspot_link l WHERE l.portal = ? AND l.from_type = ?"
    " AND l.from_id = r.id AND l.to_type = ? AND l.to_id = ?)"
)
NAMES = {**ALIASES, **{word: key for key, word in SINGULAR.items()}}
WORD = re.compile(r"[\w*]+")
Clause = tuple[str, list[Any]]
Column = tuple[str, Callable[[str], Any]]


# How a property is compared, by its name or else by its type, and how a filter's
# value is read for that; all others are compared as text.
MOMENT = ("moment({})", read_time)
TEXT = ("folded({})", str.casefold)
COLUMNS: dict[str, Column] = {
    "hs_object_id": ("id", int),
    "lastmodifieddate": ("modified", read_time),
    "hs_lastmodifieddate": ("modified", read_time),
    "email": ("email", str.casefold),
    "number": ("CAST({} AS REAL)", float),
    "date": MOMENT,
    "datetime": MOMENT,
}


def register(connection: Connection) -> None:
    for name, count, function in (
        ("moment", 1, lambda value: read_time(value) if value else None),
        ("folded", 1, lambda value: value.casefold() if value else None),
        ("has_token", 2, _has_token),
    ):
        connection.create_function(name, count, function, deterministic=True)


def get_column(call: Call, name: str) -> Column | None:
    definition = call.definitions.get(name)
    if definition is None:
        return None
    sql, read = COLUMNS.get(name) or COLUMNS.get(definition["type"]) or TEXT
    return sql.format(f"json_extract(properties, '$.{name}')"), read


def build_filters(call: Call, groups: Any) -> Clause:
    """Return the condition of all groups: any group whose filters all hold."""
    sizes, clauses = [0], []
    for group in groups:
        filters = group["filters"]
        if not filters:
            raise refuse("every filter group needs a filter")
        sizes.append(len(filters))
        clauses.append(_join(" AND ", [_build_filter(call, item) for item in filters]))
    if len(groups) > MAX_GROUPS or max(sizes) > MAX_FILTERS or sum(sizes) > MAX_ALL:
        counts = f"{MAX_GROUPS} groups, {MAX_FILTERS} filters in each, {MAX_ALL} in all"
        raise refuse(f"At most {counts}")
    return _join(" OR ", clauses) if clauses else ("1", [])


def _join(word: str, parts: list[Clause]) -> Clause:
    sql = word.join(sql for sql, _ in parts)
    return f"({sql})", [value for _, values in parts for value in values]


def _build_filter(call: Call, item: Any) -> Clause:
    name, operator = item["propertyName"], item["operator"]
    if name.startswith("associations."):
        return _build_association(call, name, operator, str(item.get("value")))
    column = get_column(call, name)
    if column is None:
        # An undefined property is never set: only its absence can match.
        return "1" if operator == "NOT_HAS_PROPERTY" else "0", []
    sql, fields = OPERATORS[operator]
    try:
        values = [_read(column[1], field, item.get(field)) for field in fields]
    except ValueError as exc:
        raise refuse(f"{name} cannot be compared: {exc}") from exc
    return sql.format(column[0]), values


def _build_association(call: Call, name: str, operator: str, value: str) -> Clause:
    other = NAMES.get(name.removeprefix("associations."))
    if other is None or operator != "EQ" or not value.isdigit():
        raise refuse("an association filter needs a type, EQ and an id")
    call.require(other, READ)
    return LINKED, [call.portal, call.type, other, int(value)]


def _read(read: Callable[[str], Any], field: str, value: Any) -> Any:
    if field != "values" and value is not None:
        return read(str(value))
    if not isinstance(value, list) or not value:
        raise ValueError(f"{field} is missing")
    # Strings are compared as they were sent: the index holds lower case only.
    one_by_one = str if read is str.casefold else read
    return json.dumps([one_by_one(str(one)) for one in value])


def _has_token(value: str | None, pattern: str) -> bool:
    text, wanted = str(value or "").casefold(), WORD.findall(pattern.casefold())
    words = [re.escape(word).replace(r"\*", r"\w*") for word in wanted]
    return all(re.search(rf"\b{word}\b", text) for word in words)
