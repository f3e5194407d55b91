"""Columns of every type, with values and what has to be shown of them.

What is sent is as the facts about each provider say; what is to be shown of it is
written here by hand, and asks none of the product's code.
"""

import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

# Whatever stands for a value that nobody knows; it is not nothing.
ANYTHING = "anything"
# A cell that is left out, as those without a value are.
LEFT_OUT: Any = object()
Cell = tuple[Any, Any]
TEXTS = st.text(string.ascii_letters + "éß中=+<&", min_size=1, max_size=12)
NUMBERS = st.one_of(
    st.integers(-(10**15) + 1, 10**15 - 1),
    st.decimals(-(10**9), 10**9, places=4).map(float),
)
DAYS = st.dates(date(1971, 1, 1), date(2200, 1, 1))
OFFSETS = st.sampled_from((0, 60, -210, 345, 765)).map(
    lambda minutes: timezone(timedelta(minutes=minutes))
)
MOMENTS = st.builds(datetime.fromtimestamp, st.integers(10**8, 7 * 10**9), OFFSETS)
UNKNOWN = st.one_of(
    TEXTS,
    st.integers(1, 10**6),
    st.lists(TEXTS, min_size=1, max_size=3),
    st.fixed_dictionaries({"name": TEXTS, "size": st.integers(1, 9)}),
    st.fixed_dictionaries({"zebra": st.fixed_dictionaries({"stripes": TEXTS})}),
    st.lists(st.fixed_dictionaries({"stripes": TEXTS}), min_size=1, max_size=2),
)


@dataclass(kw_only=True)
class Column:
    """One column of a table there, of a type that may change."""

    id: str
    name: str
    type: str
    options: list[str] = field(default_factory=list)
    colour: str = "blue"


Cells = Callable[[Column], st.SearchStrategy[Cell]]


def pairs(values: st.SearchStrategy[Any], to_shown: Callable[[Any], Any]) -> Cells:
    """Return cells that are sent as they are."""
    return lambda column: values.map(lambda value: (value, to_shown(value)))


def number_of(value: float | str) -> Any:
    """Return a number as it was written, the zeros behind its point left out."""
    return ("number", Decimal(str(value)).normalize())


def moment(at: datetime) -> Any:
    """Return a time as the moment that it is, wherever."""
    return ("time", at.astimezone(UTC))


def choices(names: Sequence[str]) -> Any:
    return tuple(("choice", name) for name in names) or None


def some(column: Column, *, least: int = 0) -> st.SearchStrategy[list[str]]:
    """Return some of a column's options."""
    return st.lists(st.sampled_from(column.options), unique=True, min_size=least)


def one(column: Column) -> st.SearchStrategy[str]:
    return st.sampled_from(column.options)


def uuid_of(number: int) -> str:
    return f"c1000000-0000-4000-8000-{number:012}"


def record_of(number: int) -> str:
    return f"rec{number:014}"


def user_of(number: int) -> str:
    return f"usr{number:014}"


def _several(values: Sequence[Any]) -> Any:
    return tuple(values) or None


USERS = st.integers(1, 5)
MANY = st.lists(st.integers(1, 60), max_size=3, unique=True)

AIRTABLE: Mapping[str, Cells] = {
    "singleLineText": pairs(TEXTS, lambda text: ("text", text)),
    "number": pairs(NUMBERS, number_of),
    "currency": pairs(NUMBERS, lambda n: ("money", number_of(n)[1])),
    "percent": pairs(NUMBERS, lambda n: ("percent", number_of(n)[1])),
    "duration": pairs(st.integers(0, 10**6), lambda n: ("seconds", number_of(n)[1])),
    "checkbox": pairs(
        st.sampled_from((True, LEFT_OUT)), lambda tick: ("yes", tick is True)
    ),
    "singleSelect": lambda column: one(column).map(lambda o: (o, ("choice", o))),
    "multipleSelects": lambda column: some(column, least=1).map(
        lambda told: (told, choices(told))
    ),
    "date": pairs(DAYS.map(str), lambda day: ("date", day, None)),
    "dateTime": pairs(
        MOMENTS.map(lambda at: at.astimezone(UTC).isoformat()[:-6] + ".000Z"),
        lambda text: moment(datetime.fromisoformat(text)),
    ),
    "email": pairs(TEXTS.map(lambda t: f"{t}@example.org"), lambda t: ("email", t)),
    "multipleRecordLinks": pairs(
        MANY.map(lambda ns: [record_of(n) for n in ns] or LEFT_OUT),
        lambda ids: None if ids is LEFT_OUT else ("items", tuple(ids), False),
    ),
    "singleCollaborator": pairs(
        USERS.map(lambda n: {"id": user_of(n), "email": "a@example.org", "name": "A"}),
        lambda user: ("user", user["id"]),
    ),
    "formula": pairs(
        st.one_of(
            NUMBERS,
            st.just({"error": "#ERROR!"}),
            st.just({"specialValue": "NaN"}),
            st.sampled_from((10**30, -(10**38))),
        ),
        lambda v: (
            ("untold",)
            if isinstance(v, dict)
            else number_of(v)
            if abs(v) < 10**24
            else ("text", str(v))
        ),
    ),
    "multipleLookupValues": pairs(
        st.lists(NUMBERS, min_size=1, max_size=3),
        lambda told: _several([number_of(n) for n in told]),
    ),
    "zebra": pairs(UNKNOWN, lambda value: ANYTHING),
}

HUBSPOT: Mapping[str, Cells] = {
    "string/text": pairs(TEXTS, lambda text: ("text", text)),
    "number/number": pairs(
        st.one_of(NUMBERS.map(str), st.sampled_from(("NaN", "1e400", "9" * 60, "x"))),
        lambda raw: number_of(raw) if _is_number(raw) else ("text", raw),
    ),
    "bool/booleancheckbox": pairs(
        st.sampled_from(("true", "false")), lambda raw: ("yes", raw == "true")
    ),
    "date/date": pairs(DAYS.map(str), lambda day: ("date", day, None)),
    "datetime/date": pairs(
        MOMENTS.map(lambda at: at.astimezone(UTC).isoformat()[:-6] + "Z"),
        lambda text: moment(datetime.fromisoformat(text)),
    ),
    "enumeration/select": lambda column: one(column).map(
        lambda o: (f"v_{o}", ("choice", o))
    ),
    "enumeration/checkbox": lambda column: some(column, least=1).map(
        lambda told: (";".join(f"v_{o}" for o in told), choices(told))
    ),
    "zebra/zebra": pairs(TEXTS, lambda text: ("text", text)),
}

NOTION: Mapping[str, Cells] = {
    "rich_text": pairs(
        TEXTS.map(
            lambda text: [
                {
                    "type": "text",
                    "text": {"content": text, "link": None},
                    "annotations": {},
                    "plain_text": text,
                    "href": None,
                }
            ]
        ),
        lambda parts: ("text", parts[0]["plain_text"]),
    ),
    "number": pairs(NUMBERS, number_of),
    "checkbox": pairs(st.booleans(), lambda tick: ("yes", tick)),
    "select": lambda column: one(column).map(lambda o: ({"name": o}, ("choice", o))),
    "status": lambda column: one(column).map(lambda o: ({"name": o}, ("choice", o))),
    "multi_select": lambda column: some(column).map(
        lambda told: ([{"name": o} for o in told], choices(told))
    ),
    "date": lambda column: st.one_of(
        DAYS.map(lambda day: (_period(str(day)), ("date", str(day), None))),
        MOMENTS.map(lambda at: (_period(at.isoformat()), moment(at))),
    ),
    "email": pairs(TEXTS.map(lambda t: f"{t}@example.org"), lambda t: ("email", t)),
    "people": pairs(
        st.lists(USERS, max_size=3, unique=True).map(
            lambda ns: [{"object": "user", "id": uuid_of(n), "name": "A"} for n in ns]
        ),
        lambda told: _several([("user", each["id"]) for each in told]),
    ),
    "relation": pairs(
        st.one_of(MANY, st.integers(26, 120).map(lambda n: list(range(1, n + 1)))).map(
            lambda ns: [{"id": uuid_of(n)} for n in ns]
        ),
        lambda told: ("items", tuple(e["id"] for e in told), False) if told else None,
    ),
    "formula": lambda column: st.one_of(
        NUMBERS.map(lambda n: ({"type": "number", "number": n}, number_of(n))),
        TEXTS.map(lambda t: ({"type": "string", "string": t}, ("text", t))),
        UNKNOWN.map(lambda value: ({"type": "zebra", "zebra": value}, ANYTHING)),
    ),
    "rollup": pairs(
        st.lists(NUMBERS, min_size=1, max_size=3).map(
            lambda told: {
                "type": "array",
                "array": [{"type": "number", "number": n} for n in told],
                "function": "show_original",
            }
        ),
        lambda told: _several([number_of(each["number"]) for each in told["array"]]),
    ),
    "zebra": pairs(UNKNOWN, lambda value: ANYTHING),
}
CELLS: Mapping[str, Mapping[str, Cells]] = {
    "airtable": AIRTABLE,
    "hubspot": HUBSPOT,
    "notion": NOTION,
}


def _is_number(raw: str) -> bool:
    return raw[0] in "-0123456789" and len(raw) < 40 and "e400" not in raw


def _period(start: str) -> Any:
    return {"start": start, "end": None, "time_zone": None}
