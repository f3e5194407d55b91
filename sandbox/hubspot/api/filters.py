"""Turn search filters into SQL, refusing what HubSpot refuses."""

import re
import sqlite3
from dataclasses import dataclass
from typing import Any

from sandbox.core.web import Request
from sandbox.hubspot.api.auth import Caller
from sandbox.hubspot.api.errors import invalid
from sandbox.hubspot.api.inputs import require
from sandbox.hubspot.api.validation import read_time
from sandbox.hubspot.seed.accounts import ALIASES, MODIFIED, SINGULAR
from sandbox.hubspot.seed.definitions import get_definitions

MAX_GROUPS, MAX_FILTERS, MAX_ALL = 5, 6, 18
# The SQL of each operator, and the fields that its values come from.
OPERATORS: dict[str, tuple[str, tuple[str, ...]]] = {
    "EQ": ("{} = ?", ("value",)),
    "NEQ": ("{} IS NOT ?", ("value",)),
    "LT": ("{} < ?", ("value",)),
    "LTE": ("{} <= ?", ("value",)),
    "GT": ("{} > ?", ("value",)),
    "GTE": ("{} >= ?", ("value",)),
    "BETWEEN": ("{} BETWEEN ? AND ?", ("value", "highValue")),
    "HAS_PROPERTY": ("{} IS NOT NULL", ()),
    "NOT_HAS_PROPERTY": ("{} IS NULL", ()),
}
TOKENS = {
    "CONTAINS_TOKEN": "has_token({}, ?)",
    "NOT_CONTAINS_TOKEN": "NOT has_token({}, ?)",
}
LISTS = {"IN": "{0} IN ({1})", "NOT_IN": "({0} IS NULL OR {0} NOT IN ({1}))"}
NAMES = {**ALIASES, **{word: key for key, word in SINGULAR.items()}}
WORD = re.compile(r"[\w*]+")


@dataclass(frozen=True, kw_only=True)
class Clause:
    """A piece of SQL and its values."""

    sql: str
    values: tuple[Any, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Column:
    """How one property is compared in SQL."""

    sql: str
    type: str


def register(connection: sqlite3.Connection) -> None:
    """Add the comparisons that SQL lacks to a connection."""
    for name, count, function in (
        ("moment", 1, lambda value: read_time(value) if value else None),
        ("folded", 1, lambda value: value.casefold() if value else None),
        ("has_token", 2, _has_token),
    ):
        connection.create_function(name, count, function, deterministic=True)


def get_column(type_id: str, name: str) -> Column | None:
    """Return how a property is compared, or nothing when it is not defined."""
    fixed = {
        "hs_object_id": Column(sql="id", type="number"),
        "createdate": Column(sql="created", type="datetime"),
        MODIFIED[type_id]: Column(sql="modified", type="datetime"),
    }
    if name in fixed:
        return fixed[name]
    definition = get_definitions(type_id).get(name)
    if definition is None:
        return None
    if name == "email":
        return Column(sql="email", type="string")
    value = f"json_extract(properties, '$.{name}')"
    if definition.type == "number":
        return Column(sql=f"CAST({value} AS REAL)", type="number")
    if definition.type in ("date", "datetime"):
        return Column(sql=f"moment({value})", type="datetime")
    return Column(sql=f"folded({value})", type="string")


def build_filters(
    request: Request, caller: Caller, type_id: str, groups: Any
) -> Clause:
    """Return the condition of all groups: any group whose filters all hold."""
    if not isinstance(groups, list):
        raise invalid(request, "filterGroups must be a list")
    sizes, clauses = [], []
    for group in groups:
        filters = group.get("filters") if isinstance(group, dict) else None
        if not isinstance(filters, list) or not filters:
            raise invalid(request, "every filter group needs a list of filters")
        sizes.append(len(filters))
        parts = [_build_filter(request, caller, type_id, item) for item in filters]
        clauses.append(_join(" AND ", parts))
    if (
        len(sizes) > MAX_GROUPS
        or sum(sizes) > MAX_ALL
        or max(sizes, default=0) > MAX_FILTERS
    ):
        message = (
            f"At most {MAX_GROUPS} groups, {MAX_FILTERS} filters in each"
            f" and {MAX_ALL} in all"
        )
        raise invalid(request, message)
    return _join(" OR ", clauses) if clauses else Clause(sql="1")


def _join(word: str, parts: list[Clause]) -> Clause:
    sql = word.join(part.sql for part in parts)
    values = tuple(value for part in parts for value in part.values)
    return Clause(sql=f"({sql})", values=values)


def _build_filter(request: Request, caller: Caller, type_id: str, item: Any) -> Clause:
    if not isinstance(item, dict) or "propertyName" not in item:
        raise invalid(request, "a filter needs propertyName and operator")
    name, operator = str(item["propertyName"]), str(item.get("operator"))
    if name.startswith("associations."):
        return _build_association(request, caller, type_id, item)
    column = get_column(type_id, name)
    if column is None:
        # An undefined property is never set: only its absence can match.
        return Clause(sql="1" if operator == "NOT_HAS_PROPERTY" else "0")
    if operator in LISTS:
        return _build_list(request, column, operator, item.get("values"))
    if operator in TOKENS:
        text = str(item.get("value") or "")
        return Clause(sql=TOKENS[operator].format(column.sql), values=(text,))
    if operator not in OPERATORS:
        raise invalid(request, f"operator {operator} is not valid")
    sql, fields = OPERATORS[operator]
    values = tuple(_read(request, column, item.get(field)) for field in fields)
    return Clause(sql=sql.format(column.sql), values=values)


def _build_list(request: Request, column: Column, operator: str, given: Any) -> Clause:
    if not isinstance(given, list) or not given:
        raise invalid(request, f"{operator} needs a list of values")
    # Strings are compared as they were sent: the index holds lower case only.
    values = tuple(
        str(value) if column.type == "string" else _read(request, column, value)
        for value in given
    )
    marks = ",".join("?" * len(values))
    return Clause(sql=LISTS[operator].format(column.sql, marks), values=values)


def _build_association(
    request: Request, caller: Caller, type_id: str, item: dict[str, Any]
) -> Clause:
    other = NAMES.get(str(item["propertyName"]).removeprefix("associations."))
    value = str(item.get("value"))
    if other is None or item.get("operator") != "EQ" or not value.isdigit():
        raise invalid(request, "an association filter needs a type, EQ and an id")
    require(caller, other, "read")
    sql = (
        "EXISTS (SELECT 1 FROM hubspot_link l WHERE l.portal = ? AND l.from_type = ?"
        " AND l.from_id = r.id AND l.to_type = ? AND l.to_id = ?)"
    )
    return Clause(sql=sql, values=(caller.portal, type_id, other, int(value)))


def _read(request: Request, column: Column, value: Any) -> int | float | str:
    text = str(value)
    if value is None:
        raise invalid(request, "a filter lacks its value")
    if column.type == "string":
        return text.casefold()
    if column.type == "datetime":
        moment = read_time(text)
        if moment is None:
            raise invalid(request, f"{text} is not a date")
        return moment
    try:
        return int(text) if column.sql == "id" else float(text)
    except ValueError as exc:
        raise invalid(request, f"{text} is not a number") from exc


def _has_token(value: str | None, pattern: str) -> int:
    """Match whole words, with * for any rest of a word."""
    words = WORD.findall(str(value or "").casefold())
    for wanted in WORD.findall(pattern.casefold()):
        expression = re.compile(re.escape(wanted).replace(r"\*", r"\w*"))
        if not any(expression.fullmatch(word) for word in words):
            return 0
    return 1
