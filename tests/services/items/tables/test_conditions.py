"""A filter is read from an address as it was written there, whatever its values."""

from urllib.parse import urlsplit
from uuid import UUID

import pytest
from django.http import QueryDict

from integrations.services.items.tables.columns.amounts import to_amount
from integrations.services.items.tables.columns.columns import (
    OWN,
    Column,
    Columns,
    Family,
)
from integrations.services.items.tables.conditions import Condition, read_list
from integrations.services.items.tables.operators import (
    ALLOWED,
    LABELS,
    LISTS,
    WITHOUT_VALUE,
    Operator,
)
from integrations.services.items.tables.table_query import TableQuery

TEXTS = (
    "Acme, Inc",
    'say "hi"',
    '"Acme, Inc"',
    '"quoted"',
    '"',
    '""',
    '"""a, b"""',
    ",",
    "a,b",
    "two\nlines",
    "two\r\nlines",
    "50 % & more = +1",
    "it's; a #1?",
    "日本, 東京",
    "\u202eback",
)
FAMILY_VALUES = {
    Family.NUMBER: ("-2.5", "1", "1e3"),
    Family.BOOLEAN: ("yes", "no"),
    Family.DATE: ("2026-11-01", "2026-12-24"),
}
COLLECTION = UUID(int=1)
COLUMN_IDS = ("plain", "Cost, EUR", "a__b", "-minus", 'a "quote"', "ß & co")


def values_for(family, operator):
    """Return the value tuples that a filter is tried with."""
    if operator in WITHOUT_VALUE:
        return [()]
    if operator in {Operator.LAST, Operator.NEXT}:
        return [("7",)]
    if operator is Operator.SAME:
        return [("12345", each) for each in TEXTS]
    known = FAMILY_VALUES.get(family, TEXTS)
    if operator is Operator.BETWEEN:
        return [(known[0], known[1])]
    if operator in LISTS:
        # Both texts of two lines are compared alike, so a list has one of them.
        several = tuple(each for each in known if each != "two\r\nlines")
        return [*((each,) for each in known), several]
    return [(each,) for each in known]


CASES = [
    (family, operator)
    for family, operators in ALLOWED.items()
    for operator in operators
]


@pytest.mark.parametrize(("family", "operator"), CASES)
def test_every_filter_survives_its_own_address(family, operator):
    for column_id in COLUMN_IDS:
        column = Column(id=column_id, label="Column", family=family)
        columns = Columns(by_id={each.id: each for each in (column, *OWN)})
        for values in values_for(family, operator):
            condition = Condition.make(column, operator, list(values))
            assert condition is not None
            assert condition.values == values
            query = TableQuery(collection=COLLECTION, conditions=(condition,))
            for _ in range(2):
                told = QueryDict(urlsplit(query.url).query)
                query = TableQuery.parse(COLLECTION, told, columns)
                assert query.left_out == ()
                assert query.conditions == (condition,)


@pytest.mark.parametrize(
    ("kind", "text", "amount"),
    [
        ("number", "12,500.50", 12500.5),
        ("number", "-1,250,000", -1250000),
        ("number", "12,50", None),
        ("money", "12,500.50 EUR", 12500.5),
        ("money", "\u20ac22.47", 22.47),
        ("money", "-\u20ac22.47", -22.47),
        ("money", "CA$1,000", 1000),
        ("money", "\u22125", -5),
        ("money", "\u20ac-5", -5),
        ("money", "Fr.5", 5),
        ("money", "-kr.12,500.50", -12500.5),
        ("money", "5 EUR", 5),
        ("money", "\u20135", None),
        ("money", ">6", None),
        ("money", "<6", None),
        ("money", "(12", None),
        ("money", "ab12", None),
        ("money", "--5", None),
        ("money", "12k", None),
        ("number", "\u22125", -5),
        ("number", "\u20135", None),
        ("number", ">6", None),
        ("percent", "\u22125 %", -0.05),
        ("rating", "3.5 of 5", 3.5),
        ("money", "EUR", None),
        ("percent", "12.5 %", 0.125),
        ("rating", "3 of 5", 3),
        ("duration", "10:00:00", 36000),
        ("duration", "-1:30", -5400),
        ("duration", "1 day 2 h 3 min", 93780),
        ("duration", "90 min", 5400),
        ("duration", "2 days", 172800),
        ("duration", "1 day later", None),
        ("number", "abc", None),
    ],
)
def test_what_a_cell_shows_can_be_typed_into_a_filter(kind, text, amount):
    column = Column(id="a", label="A", kind=kind, family=Family.NUMBER)

    condition = Condition.make(column, "gt", [text])

    assert to_amount(text, column) == amount
    assert (condition is None) == (amount is None)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-11-30", "2026-11-30"),
        ("30 Nov 2026", "2026-11-30"),
        ("1 March 2027", "2027-03-01"),
        ("3 Nov 2026, 10:00 UTC", "2026-11-03"),
        ("31 Feb 2026", None),
        ("30 Nov 0001", None),
        ("Monday", None),
    ],
)
def test_a_day_can_be_typed_as_it_is_shown(text, day):
    column = Column(id="a", label="A", kind="date", family=Family.DATE)

    condition = Condition.make(column, "before", [text])

    assert (condition and condition.values) == (day and (day,))


@pytest.mark.parametrize(
    ("family", "parameter", "said"),
    [
        (Family.NUMBER, ("a__gt", "abc"), "“A is greater than”: “abc” is not a number"),
        (Family.NUMBER, ("a__between", "1"), "needs two values, each a number"),
        (Family.NUMBER, ("a__between", "1,x"), "between”: “x” is not a number, such"),
        (Family.NUMBER, ("a__in", "5,abc,7"), "“A is one of”: “abc” is not a number"),
        (Family.NUMBER, ("a__in", "5,x,7,y"), "none of “x” and “y” is a number, such"),
        (Family.NUMBER, ("a__in", "v,w,x,y,z"), "“v”, “w”, “x” and 2 more is a num"),
        (Family.DATE, ("a__last", "0"), "a number of days from 1 to 36,500"),
        (Family.DATE, ("a__is", ""), "“A is” needs a day"),
        (Family.TEXT, ("a__gt", "1"), "cannot be filtered by “is greater than”"),
        (Family.TEXT, ("a__odd", "1"), "cannot be filtered by “odd”"),
    ],
)
def test_why_a_filter_cannot_be_used_is_said_in_words(family, parameter, said):
    column = Column(id="a", label="A", family=family)
    columns = Columns(by_id={each.id: each for each in (column, *OWN)})
    told = QueryDict(mutable=True)
    told.update({parameter[0]: parameter[1]})

    (left_out,) = TableQuery.parse(COLLECTION, told, columns).left_out

    assert said in left_out


@pytest.mark.parametrize("text", ["\u02bc", "\u0301", "\u0640", "\u200b", "\ufe0f "])
@pytest.mark.parametrize(
    ("family", "operator"),
    [
        (family, operator)
        for family, operator in CASES
        if Operator.CONTAINS in ALLOWED[family]
        and operator not in {*WITHOUT_VALUE, Operator.SAME}
    ],
)
def test_a_text_of_which_nothing_is_compared_is_no_value(family, operator, text):
    column = Column(id="a", label="A", family=family)
    columns = Columns(by_id={each.id: each for each in (column, *OWN)})
    told = QueryDict(mutable=True)
    told.update({f"a__{operator}": text})

    query = TableQuery.parse(COLLECTION, told, columns)

    assert query.conditions == ()
    assert query.left_out == (f"“A {LABELS[operator]}” needs a value.",)


@pytest.mark.parametrize(
    ("operator", "values", "words"),
    [
        ("in", ["a"], "A is a"),
        ("in", ["a", "b"], "A is one of a or b"),
        ("in", ["a", "b", "c", "d"], "A is one of a, b, c or d"),
        ("in", ["a", "b", "c", "d", "e"], "A is one of a, b, c or 2 more"),
        ("not_in", [f"v{n}" for n in range(50)], "A is none of v0, v1, v2 or 47 more"),
        ("contains", ["x" * 60], f"A contains {'x' * 60}"),
        ("contains", ["x" * 61], f"A contains {'x' * 59}…"),
        ("empty", [], "A is empty"),
    ],
)
def test_words_name_the_first_of_many_values_and_how_long_ones_begin(
    operator, values, words
):
    condition = Condition.make(Column(id="a", label="A"), operator, values)

    assert condition is not None
    assert condition.words == words
    # Nothing is lost but in words.
    assert condition.values == tuple(values)


@pytest.mark.parametrize(
    ("family", "kind", "values", "words"),
    [
        (Family.NUMBER, "number", ["0", "1", "1,000", "0"], "one of 0; 1 or 1,000"),
        (Family.NUMBER, "number", ["1000", "1,000", "1e3"], "is 1000"),
        (Family.NUMBER, "money", ["5 EUR", "6", "5"], "one of 5 EUR or 6"),
        (Family.NUMBER, "percent", ["50 %", "50", "5"], "one of 50 % or 5"),
        (Family.TEXT, "text", ["Résumé", "b", "resume ", "B"], "one of Résumé or b"),
        (Family.CHOICE, "choice", ["a, b", "c", "d"], "one of a, b; c or d"),
        (Family.RELATION, "relation", ["Acme", "ACME"], "is Acme"),
    ],
)
def test_a_list_has_each_value_once_and_its_words_part_them(
    family, kind, values, words
):
    column = Column(id="a", label="A", kind=kind, family=family)

    condition = Condition.make(column, "in", values)

    assert condition is not None
    assert condition.words.endswith(words)


def test_doubles_are_none_of_the_values_that_are_too_many():
    column = Column(id="a", label="A", family=Family.NUMBER)
    columns = Columns(by_id={each.id: each for each in (column, *OWN)})
    told = QueryDict(mutable=True)
    told.update({"a__in": ",".join([*map(str, range(50)), *["7"] * 9])})

    query = TableQuery.parse(COLLECTION, told, columns)

    assert query.left_out == ()
    assert len(query.conditions[0].values) == 50


@pytest.mark.parametrize("text", ["Acme, Inc", "a,b", "50 %"])
def test_a_single_value_is_written_as_it_is(text):
    column = Column(id="name", label="Name")
    condition = Condition(column=column, operator=Operator.CONTAINS, values=(text,))

    assert condition.address == ("name__contains", text)


@pytest.mark.parametrize("operator", ["is", "not", "contains", "starts"])
@pytest.mark.parametrize(
    ("stored", "meant"),
    [('"Acme, Inc"', "Acme, Inc"), ('"say ""hi"""', 'say "hi"'), ('"hi"', '"hi"')],
)
def test_what_a_view_kept_quoted_is_read_as_it_was_meant(operator, stored, meant):
    assert read_list(operator, stored) == [meant]


@pytest.mark.parametrize("is_descending", [True, False])
@pytest.mark.parametrize("sorted_by", [*COLUMN_IDS, "+plus"])
def test_columns_and_order_survive_their_address_too(sorted_by, is_descending):
    ids = (*COLUMN_IDS, "+plus")
    own = [Column(id=each, label="Column") for each in ids]
    columns = Columns(by_id={each.id: each for each in (*own, *OWN)})
    query = TableQuery(
        collection=COLLECTION,
        columns=ids,
        sort=columns.by_id[sorted_by],
        is_descending=is_descending,
    )

    told = QueryDict(urlsplit(query.url).query)

    assert TableQuery.parse(COLLECTION, told, columns) == query
