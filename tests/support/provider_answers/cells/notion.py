"""Notion's columns and the values of rows, by what its SDK calls responses."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from tests.support.provider_answers.cells.common import (
    ANEW,
    ANYTHING,
    DAYS,
    MANY,
    MOMENTS,
    NUMBERS,
    TEXTS,
    UNKNOWN,
    UNTOLD,
    USERS,
    Cells,
    Column,
    choice,
    choices,
    day,
    in_utc,
    moment,
    moment_of,
    number_of,
    one,
    options_of,
    pairs,
    some,
    text_of,
)

WITH_OPTIONS = ("select", "status", "multi_select")
DEFINED = ("formula", "rollup", "unique_id")


def uuid_of(number: int) -> str:
    return f"c1000000-0000-4000-8000-{number:012}"


def _user(number: int) -> Any:
    return {"object": "user", "id": uuid_of(number)}


def _period(start: str, end: str | None = None, zone: str | None = None) -> Any:
    return {"start": start, "end": end, "time_zone": zone}


def _in_zone(at: datetime, name: str) -> Any:
    """Return a time as a clock there shows it, beside the name of its zone."""
    here = at.astimezone(ZoneInfo(name)).replace(fold=0)
    told = here.replace(tzinfo=None).isoformat()
    return _period(told, None, name), moment(here)


DATES = st.one_of(
    DAYS.map(lambda on: (_period(str(on)), day(str(on)))),
    st.builds(
        lambda on, days: (
            _period(str(on), str(on + timedelta(days=days))),
            ("date", str(on), str(on + timedelta(days=days))),
        ),
        DAYS,
        st.integers(1, 400),
    ),
    MOMENTS.map(lambda at: (_period(at.isoformat()), moment(at))),
    MOMENTS.map(
        lambda at: (
            _period(at.isoformat(), (at + timedelta(hours=3)).isoformat()),
            (*moment(at)[:2], moment(at + timedelta(hours=3))[1]),
        )
    ),
    st.builds(
        _in_zone, MOMENTS, st.sampled_from(("Asia/Kathmandu", "America/Phoenix"))
    ),
)
FORMULAS = st.one_of(
    NUMBERS.map(lambda n: ({"type": "number", "number": n}, number_of(n))),
    TEXTS.map(lambda t: ({"type": "string", "string": t}, text_of(t))),
    st.booleans().map(lambda b: ({"type": "boolean", "boolean": b}, ("yes", b))),
    DATES.map(lambda told: ({"type": "date", "date": told[0]}, told[1])),
    st.just(({"type": "string", "string": None}, None)),
    UNKNOWN.map(lambda value: ({"type": "zebra", "zebra": value}, ANYTHING)),
)
ROLLUPS = st.one_of(
    st.lists(NUMBERS, min_size=1, max_size=3).map(
        lambda told: (
            {
                "type": "array",
                "array": [{"type": "number", "number": n} for n in told],
                "function": "show_original",
            },
            tuple(map(number_of, told)),
        )
    ),
    NUMBERS.map(
        lambda n: ({"type": "number", "number": n, "function": "sum"}, number_of(n))
    ),
    DAYS.map(
        lambda on: (
            {
                "type": "date",
                "date": _period(f"{on}T00:00:00.000+00:00"),
                "function": "latest_date",
            },
            day(str(on)),
        )
    ),
    st.just(({"type": "incomplete", "incomplete": {}, "function": "sum"}, UNTOLD)),
    st.just(({"type": "array", "array": [], "function": "show_original"}, None)),
)
FILES = st.lists(
    st.one_of(
        TEXTS.map(
            lambda name: (
                {
                    "name": name,
                    "type": "file",
                    "file": {
                        "url": f"https://prod-files.example/{name}?sig={ANEW}",
                        "expiry_time": f"2026-11-20T10:00:00.{ANEW}Z",
                    },
                },
                ("file", name),
            )
        ),
        TEXTS.map(
            lambda name: (
                {
                    "name": name,
                    "type": "external",
                    "external": {"url": "https://c.example/a.png"},
                },
                ("link", "https://c.example/a.png", name),
            )
        ),
    ),
    max_size=2,
).map(
    lambda told: ([each for each, _ in told], tuple(each for _, each in told) or None)
)

CELLS: Mapping[str, Cells] = {
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
        lambda parts: text_of(parts[0]["plain_text"]),
    ),
    "number": pairs(NUMBERS, number_of),
    "checkbox": pairs(st.booleans(), lambda tick: ("yes", tick)),
    "select": lambda column: one(column).map(lambda o: ({"name": o}, choice(o))),
    "status": lambda column: one(column).map(lambda o: ({"name": o}, choice(o))),
    "multi_select": lambda column: some(column).map(
        lambda told: ([{"name": o} for o in told], choices(told))
    ),
    "date": lambda column: DATES,
    "created_time": pairs(MOMENTS.map(lambda at: f"{in_utc(at)}.000Z"), moment_of),
    "last_edited_time": pairs(MOMENTS.map(lambda at: f"{in_utc(at)}.000Z"), moment_of),
    "email": pairs(TEXTS.map(lambda t: f"{t}@example.org"), lambda t: ("email", t)),
    "phone_number": pairs(TEXTS, lambda t: ("phone", t)),
    "url": pairs(
        TEXTS.map(lambda t: f"https://a.example/{t}"), lambda t: ("link", t, "")
    ),
    "people": pairs(
        st.lists(USERS, max_size=3, unique=True).map(
            lambda ns: [{**_user(n), "name": "A"} for n in ns]
        ),
        lambda told: tuple(("user", each["id"]) for each in told) or None,
    ),
    "created_by": pairs(USERS.map(_user), lambda told: ("user", told["id"])),
    "last_edited_by": pairs(USERS.map(_user), lambda told: ("user", told["id"])),
    "relation": pairs(
        st.one_of(MANY, MANY, MANY, st.integers(26, 45)).map(
            lambda ns: [
                {"id": uuid_of(n)}
                for n in (range(1, ns + 1) if isinstance(ns, int) else ns)
            ]
        ),
        lambda told: ("items", tuple(e["id"] for e in told), False) if told else None,
    ),
    "files": lambda column: FILES,
    "unique_id": pairs(
        st.builds(
            lambda prefix, number: {"prefix": prefix, "number": number},
            st.sampled_from((None, "TASK")),
            st.integers(1, 999),
        ),
        lambda told: (
            *number_of(told["number"]),
            *([f"{told['prefix']}-"] if told["prefix"] else []),
        ),
    ),
    "verification": pairs(
        st.sampled_from(
            (
                {"state": "unverified", "verified_by": None, "date": None},
                {
                    "state": "verified",
                    "verified_by": _user(1),
                    "date": _period("2026-01-01T00:00:00.000Z"),
                },
            )
        ),
        lambda told: choice(
            "Verified" if told["state"] == "verified" else "Not verified"
        ),
    ),
    "place": pairs(
        TEXTS.map(lambda t: {"lat": 1.5, "lon": 2.5, "name": t, "address": f"{t} 7"}),
        lambda told: text_of(f"{told['name']}, {told['address']}"),
    ),
    "button": pairs(st.just({}), lambda told: None),
    "formula": lambda column: FORMULAS,
    "rollup": lambda column: ROLLUPS,
    "zebra": pairs(UNKNOWN, lambda value: ANYTHING),
}


def to_column(column: Column) -> Any:
    """Return a column as Notion describes it."""
    about: Any = {}
    if column.type in WITH_OPTIONS:
        about = {"options": options_of(column)}
    if column.type == "number":
        about = {"format": "number"}
    if column.type == "relation":
        about = {"data_source_id": "d1000000-0000-4000-8000-000000000002"}
    if column.type in DEFINED:
        about = _definition(column)
    told = {"id": column.id, "name": column.name, "type": column.type}
    return {**told, column.type: about}


def _definition(column: Column) -> Any:
    """Return how the values of a computed column come about."""
    number = column.definition
    if column.type == "formula":
        return {"expression": f"{number}"}
    if column.type == "unique_id":
        return {"prefix": f"P{number}"}
    return {
        "relation_property_id": "r%3Al",
        "relation_property_name": "Related",
        "rollup_property_id": f"y%3A{number}",
        "rollup_property_name": "Rolled up",
    }
