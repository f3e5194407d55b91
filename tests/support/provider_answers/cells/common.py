"""Columns of every type, with values and what has to be shown of them.

What is sent is as the facts about each provider say; what is to be shown of it is
written here by hand, and asks none of the product's code.
"""

import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

# Whatever stands for a value that nobody knows; it is not nothing.
ANYTHING = "anything"
# What all of a text is that differs with every answer, such as a signature.
ANEW = "--anew--"
# A cell that is left out, as those without a value are.
LEFT_OUT: Any = object()
UNTOLD = ("untold",)
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
USERS = st.integers(1, 5)
MANY = st.lists(st.integers(1, 60), max_size=3, unique=True)


@dataclass(kw_only=True)
class Column:
    """One column of a table there, of a type that may change.

    Behind a slash the type says what its values come to. Those that are computed
    follow from its ``definition``.
    """

    id: str
    name: str
    type: str
    options: list[str] = field(default_factory=list)
    colour: str = "blue"
    definition: int = 1

    @property
    def kind(self) -> str:
        """Return the type as the provider calls it."""
        return self.type.partition("/")[0]

    @property
    def result(self) -> str:
        """Return what the values come to, empty where the type says it."""
        return self.type.partition("/")[2]


Cells = Callable[[Column], st.SearchStrategy[Cell]]


def pairs(values: st.SearchStrategy[Any], to_shown: Callable[[Any], Any]) -> Cells:
    """Return cells that are sent as they are."""
    return lambda column: values.map(lambda value: (value, to_shown(value)))


def lists(values: st.SearchStrategy[Any], to_shown: Callable[[Any], Any]) -> Cells:
    """Return cells that hold one to three of such values."""
    several = st.lists(values, min_size=1, max_size=3)
    return pairs(several, lambda told: tuple(map(to_shown, told)))


def number_of(value: float | str) -> Any:
    """Return a number as it was written, the zeros behind its point left out."""
    return ("number", Decimal(str(value)).normalize())


def like_number(kind: str) -> Callable[[Any], Any]:
    """Return how numbers of another kind are shown."""
    return lambda value: (kind, number_of(value)[1])


def day(text: str) -> Any:
    return ("date", text, None)


def moment(at: datetime) -> Any:
    """Return a time as the moment that it is, wherever."""
    return ("time", at.astimezone(UTC), None)


def moment_of(text: str) -> Any:
    return moment(datetime.fromisoformat(text))


def in_utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()[:-6]


def choice(name: str) -> Any:
    return ("choice", name)


def choices(names: Sequence[str]) -> Any:
    return tuple(map(choice, names)) or None


def text_of(text: str) -> Any:
    return ("text", text)


def some(column: Column, *, least: int = 0) -> st.SearchStrategy[list[str]]:
    """Return some of a column's options."""
    return st.lists(st.sampled_from(column.options), unique=True, min_size=least)


def one(column: Column) -> st.SearchStrategy[str]:
    return st.sampled_from(column.options)


def options_of(column: Column) -> list[Any]:
    """Return the options of a column as Airtable and Notion describe them."""
    return [
        {"id": f"o{place}", "name": each, "color": column.colour}
        for place, each in enumerate(column.options)
    ]
