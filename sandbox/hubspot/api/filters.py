"""Turn search filters into SQL, refusing what HubSpot refuses."""

from collections.abc import Callable
from sqlite3 import Connection
from typing import Any

from sandbox.hubspot.api.calls import Call
from sandbox.hubspot.api.errors import refuse
from sandbox.hubspot.api.validation import read_time

MAX_GROUPS, MAX_FILTERS, MAX_ALL = 5, 6, 18
OPERATORS = {
    "EQ": "{} = ?",
    "NEQ": "{} IS NOT ?",
    "LT": "{} < ?",
    "LTE": "{} <= ?",
    "GT": "{} > ?",
    "GTE": "{} >= ?",
    "HAS_PROPERTY": "{} IS NOT NULL",
    "NOT_HAS_PROPERTY": "{} IS NULL",
}
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
    for name, read in (("moment", read_time), ("folded", str.casefold)):
        connection.create_function(name, 1, _make_optional(read), deterministic=True)


def _make_optional(read: Callable[[str], Any]) -> Callable[[str | None], Any]:
    return lambda value: read(value) if value else None


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
    column = get_column(call, name)
    if column is None:
        # An undefined property is never set: only its absence can match.
        return "1" if operator == "NOT_HAS_PROPERTY" else "0", []
    sql = OPERATORS[operator].format(column[0])
    if "?" not in sql:
        return sql, []
    try:
        return sql, [column[1](item["value"])]
    except (KeyError, ValueError) as exc:
        raise refuse(f"{name} cannot be compared: {exc!r}") from exc
