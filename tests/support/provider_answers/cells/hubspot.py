"""HubSpot's properties and their values, all of which are texts or null."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from tests.support.provider_answers.cells.common import (
    DAYS,
    MOMENTS,
    NUMBERS,
    TEXTS,
    Cells,
    Column,
    choice,
    choices,
    day,
    in_utc,
    like_number,
    moment,
    moment_of,
    number_of,
    one,
    pairs,
    some,
    text_of,
)

CURRENCY, OWN_CURRENCY, ACCOUNTS_CURRENCY = "currency_of_it", "USD", "EUR"
# What is no number, or too large to be shown as one, is the text that it is.
ODD_NUMBERS = ("NaN", "1e400", "9" * 60, "x")


def _number(raw: str) -> Any:
    return text_of(raw) if raw in ODD_NUMBERS else number_of(raw)


def _in_milliseconds(at: datetime) -> str:
    return str(int(at.timestamp()) * 1000)


def _midnight(on: Any) -> datetime:
    return datetime(on.year, on.month, on.day, tzinfo=UTC)


def _users(raw: str) -> Any:
    ids = [("user", each) for each in raw.split(";")]
    return ids[0] if len(ids) == 1 else tuple(ids)


OWNERS = st.lists(
    st.integers(100, 120).map(str), min_size=1, max_size=3, unique=True
).map(";".join)
# As they are read, and as some writers leave them.
DATES = st.builds(
    lambda on, write: (write(on), day(str(on))),
    DAYS,
    st.sampled_from(
        (
            str,
            lambda on: f"{on}T00:00:00Z",
            lambda on: _in_milliseconds(_midnight(on)),
        )
    ),
)
TIMES = st.one_of(
    MOMENTS.map(lambda at: f"{in_utc(at)}Z").map(lambda t: (t, moment_of(t))),
    MOMENTS.map(lambda at: (_in_milliseconds(at), moment(at))),
)

CELLS: Mapping[str, Cells] = {
    "string/text": pairs(TEXTS, text_of),
    "string/textarea": pairs(TEXTS, text_of),
    "phone_number/phonenumber": pairs(TEXTS, lambda raw: ("phone", raw)),
    "number/number": pairs(
        st.one_of(NUMBERS.map(str), st.sampled_from(ODD_NUMBERS)), _number
    ),
    "number/calculation_equation": pairs(NUMBERS.map(str), _number),
    "number/calculation_rollup": pairs(NUMBERS.map(str), _number),
    "number/currency": pairs(
        NUMBERS.map(str),
        lambda raw: (*like_number("money")(raw), ACCOUNTS_CURRENCY),
    ),
    "number/own_currency": pairs(
        NUMBERS.map(str), lambda raw: (*like_number("money")(raw), OWN_CURRENCY)
    ),
    "number/percentage": pairs(NUMBERS.map(str), like_number("percent")),
    "number/duration": pairs(
        st.integers(0, 10**9).map(lambda n: str(n * 1000)),
        lambda raw: like_number("seconds")(raw[:-3] or "0"),
    ),
    "bool/booleancheckbox": pairs(
        st.sampled_from(("true", "false")), lambda raw: ("yes", raw == "true")
    ),
    "date/date": lambda column: DATES,
    "datetime/date": lambda column: TIMES,
    "enumeration/select": lambda column: one(column).map(
        lambda o: (f"v_{o}", choice(o))
    ),
    "enumeration/checkbox": lambda column: some(column, least=1).map(
        lambda told: (";".join(f"v_{o}" for o in told), choices(told))
    ),
    "enumeration/owner": pairs(OWNERS, _users),
    "zebra/zebra": pairs(TEXTS, text_of),
}
DEFINED = ("number/calculation_equation", "number/calculation_rollup")
# An empty text is no value, nor is null.
EMPTY = st.sampled_from((("", None), (None, None)))


def to_property(column: Column) -> Any:
    """Return a property as HubSpot describes it."""
    options = [
        {"label": each, "value": f"v_{each}", "displayOrder": place, "hidden": False}
        for place, each in enumerate(column.options)
    ]
    form = column.result
    formula = f"n+{column.definition}" if form == "calculation_equation" else None
    return {
        "name": column.id,
        "label": column.name,
        "type": column.kind,
        "fieldType": form,
        "groupName": "contactinformation",
        "options": options if form in {"select", "checkbox"} else [],
        "hidden": False,
        "calculated": form.startswith("calculation"),
        "calculationFormula": formula,
        "hubspotDefined": False,
        "updatedAt": f"2026-01-01T00:00:00.{column.definition:04}Z",
        "referencedObjectType": "OWNER" if form == "owner" else None,
        "showCurrencySymbol": form.endswith("currency"),
        "currencyPropertyName": CURRENCY if form == "own_currency" else None,
        "numberDisplayHint": form if form in {"percentage", "duration"} else None,
    }
