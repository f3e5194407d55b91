"""Values of every type of property are kept, typed, and never invented."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from integrations.http.errors import InvalidResponse
from integrations.providers.notion.mapping.display import NOT_READ, describe
from integrations.providers.notion.mapping.display import to_value as type_value
from integrations.providers.notion.mapping.items import (
    to_page_item,
)
from integrations.providers.notion.mapping.schema import to_schema
from integrations.providers.notion.mapping.titles import page_title
from integrations.providers.notion.mapping.values import to_value
from integrations.providers.records import FieldSpec
from integrations.providers.typed.fields import (
    Boolean,
    Choice,
    Choices,
    Date,
    DateTime,
    Email,
    File,
    Link,
    Many,
    Money,
    Number,
    Percent,
    Phone,
    Relation,
    Text,
    Unavailable,
    User,
    Users,
)

UID = "a1000000-0000-4000-8000-000000000001"

ANA = User(id="33333333-3333-4333-8333-333333333333", name="Ana")


def parts_of(*parts):
    return [{"plain_text": part} for part in parts]


def text(value):
    return Text(text=value)


def utc(*parts):
    return datetime(*parts, tzinfo=UTC)


def shown(notion):
    item = to_page_item(notion.load("row_every_type"), UID[:-1] + "9")
    schema = json.loads(json.dumps(to_schema(notion.load("data_source_tasks"))))
    return {f.label: f.value for f in describe(item.properties, schema)}


def test_every_type_of_property_is_typed(notion):
    assert shown(notion) == {
        "Status": Choice(label="Doing"),
        "Cost": Money(amount=Decimal("1234567.5"), currency="EUR"),
        "Progress": Percent(share=Decimal("0.425")),
        "Due": DateTime(
            at=utc(2026, 11, 20, 8, 0),
            end=utc(2026, 11, 21, 16, 30),
            zone="Europe/Berlin",
        ),
        "Tags": Choices(values=(Choice(label="Red"), Choice(label="Blue"))),
        "Size": Choice(label="Large"),
        "Team": Users(values=(ANA, User(id="33333333-3333-4333-8333-333333333334"))),
        "Blocks": Relation(
            linked_ids=(
                "a1000000-0000-4000-8000-000000000001",
                "a1000000-0000-4000-8000-000000000002",
            ),
            linked_collection="d1000000-0000-4000-8000-000000000001",
            has_more=True,
        ),
        "Total": Number(amount=Decimal(42), is_grouped=False),
        "Names": Many(values=(text("One two"), text("Large"), ANA)),
        "Score": text("high"),
        "When": DateTime(at=utc(2026, 11, 20, 8, 0), zone="UTC+01:00"),
        "Files": Many(
            values=(File(name="plan.pdf"), Link(url="https://example.com/x"))
        ),
        "Number": Number(amount=Decimal(12), is_grouped=False, prefix="TASK-"),
        "Checked": Choice(label="Verified"),
        "Checked by": ANA,
        "Checked until": Date(day=date(2027, 1, 30)),
        "Notes": text("Hello world"),
        "Done?": Boolean(is_true=False),
        "Site": Link(url="https://example.com"),
        "Mail": Email(address="ana@example.com"),
        "Phone": Phone(number="+49 30 1"),
        "Made by": User(id="33333333-3333-4333-8333-333333333333"),
        "Made at": DateTime(at=utc(2026, 10, 3, 10, 0)),
        "Where": text("Harbour, Pier 1"),
        "fuTu": text("glow"),
        "stRa": Unavailable(reason=NOT_READ),
    }


def test_a_relation_names_the_pages_and_the_table_they_are_rows_of(notion):
    item = to_page_item(notion.load("row_every_type"), None)
    schema = json.loads(json.dumps(to_schema(notion.load("data_source_tasks"))))

    values = {f.label: f.value for f in describe(item.properties, schema)}

    assert values["Blocks"].linked_ids == (UID, UID[:-1] + "2")
    assert values["Blocks"].linked_collection
    assert isinstance(values["Names"], Many)


def test_a_relation_of_which_none_is_told_says_that_there_are_more():
    for depth in (0, 1):
        prop = {"type": "relation", "relation": [], "has_more": True}
        if depth:
            array = {"type": "array", "array": [prop]}
            prop = {"type": "rollup", "rollup": array}

        relation = type_value(
            to_value(prop), FieldSpec(name="r", label="R", kind="relation")
        )

        assert (relation.linked_ids, relation.has_more) == ((), True)


@pytest.mark.parametrize("has_more", [True, False])
def test_a_relation_says_whether_there_are_more_than_it_names(has_more):
    ids = [{"id": f"{UID[:-2]}{number:02}"} for number in range(25)]
    kept = to_value({"type": "relation", "relation": ids, "has_more": has_more})

    relation = type_value(kept, FieldSpec(name="r", label="R", kind="relation"))

    assert (len(relation.linked_ids), relation.has_more) == (25, has_more)


def test_no_link_that_expires_is_kept(notion):
    item = to_page_item(notion.load("row_every_type"), None)

    assert "X-Amz" not in json.dumps(item.properties)


def test_kinds_tell_the_page_what_to_do_with_a_value(notion):
    fields = to_schema(notion.load("data_source_tasks"))["fields"]
    kinds = {field["label"]: field["kind"] for field in fields}

    assert kinds["Blocks"] == "relation"
    assert kinds["Site"] == "link"
    assert kinds["Cost"] == "money"
    assert kinds["Team"] == "user"
    assert "Aufgabe" not in kinds


def test_values_are_shown_without_a_schema(notion):
    item = to_page_item(notion.load("row_every_type"), None)

    values = [field.value for field in describe(item.properties, {})]

    assert text("TASK-12") in values


@pytest.mark.parametrize("count", [24, 25, 26])
def test_a_list_that_may_have_been_cut_says_so(count):
    people = [{"object": "user", "id": UID, "name": "A"}] * count

    value = to_value({"type": "people", "people": people})

    assert (value[-1] == "…") is (count == 25)


@pytest.mark.parametrize(
    "prop",
    [
        None,
        {},
        {"type": None},
        {"type": "status", "status": None},
        {"type": "status", "status": "x"},
        {"type": "multi_select", "multi_select": [None, {}, 1]},
        {"type": "people", "people": "x"},
        {"type": "date", "date": {"end": "2026-01-01"}},
        {"type": "date", "date": []},
        {"type": "relation", "relation": [{"id": 1}]},
        {"type": "rollup", "rollup": {"type": "array", "array": None}},
        {"type": "rollup", "rollup": []},
        {"type": "formula", "formula": None},
        {"type": "formula", "formula": {"type": "string", "string": None}},
        {"type": "unique_id", "unique_id": {"number": None}},
        {"type": "verification", "verification": None},
        {"type": "rich_text", "rich_text": [None, {"plain_text": 1}]},
        {"type": "button", "button": {}},
    ],
)
def test_empty_and_odd_values_are_nothing(prop):
    assert to_value(prop) is None


def test_formulas_inside_formulas_come_to_an_end():
    prop = {"type": "number", "number": 1}
    for _ in range(50):
        prop = {"type": "formula", "formula": prop}

    assert to_value(prop) is None


@pytest.mark.parametrize(
    "number", [0.1 + 0.2, 1234567890.1234567, 12345678901234567890, 5e-324]
)
def test_a_number_is_kept_as_it_came(number):
    assert to_value({"type": "number", "number": number}) == number


@pytest.mark.parametrize(
    ("kept", "kind", "value"),
    [
        (0, "number", Number(amount=Decimal(0), is_grouped=False)),
        (0.1 + 0.2, "number", Number(amount=Decimal("0.3"), is_grouped=False)),
        (
            1234567890.1234567,
            "number",
            Number(amount=Decimal("1234567890.1234567"), is_grouped=False),
        ),
        (1e300, "number", text("1e+300")),
        (-1234.5, "money", Money(amount=Decimal("-1234.5"), currency="EUR")),
        (1, "percent", Percent(share=Decimal(1))),
        ({"start": "2026-11-30"}, "date", Date(day=date(2026, 11, 30))),
        (
            {"start": "2026-11-01", "end": "2026-11-03"},
            "date",
            Date(day=date(2026, 11, 1), end=date(2026, 11, 3)),
        ),
        ({"start": "soon"}, "date", Many(values=(text("soon"),))),
        (
            {"start": "2026-11-01", "end": "2026-11-03T10:00:00Z"},
            "date",
            DateTime(at=utc(2026, 11, 1), end=utc(2026, 11, 3, 10)),
        ),
        ("2026-11-01T10:00:00.000Z", "datetime", DateTime(at=utc(2026, 11, 1, 10))),
        (True, "boolean", Boolean(is_true=True)),
        ([], "choices", None),
        ({}, "value", None),
        ("", "text", None),
        (["…"], "relation", Relation(linked_ids=(), has_more=True)),
    ],
)
def test_a_kept_value_is_typed(kept, kind, value):
    spec = FieldSpec(name="x", label="X", kind=kind, options={"currency": "EUR"})

    assert type_value(kept, spec) == value


def test_what_is_not_verified_says_so():
    fields = describe({"v": {"state": "unverified"}}, {})

    assert [(f.label, f.value) for f in fields] == [("v", Choice(label="Not verified"))]


@pytest.mark.parametrize(
    ("place", "kept"),
    [
        ({"lat": 59.91, "lon": 10.75, "name": None}, "59.91, 10.75"),
        ({"lat": 59.91, "lon": 10.75, "name": "Harbour"}, "Harbour"),
        ({"name": "Harbour", "address": "Quay 1"}, "Harbour, Quay 1"),
        ({"name": "Quay 1", "address": "Quay 1"}, "Quay 1"),
        ({"name": None, "address": "Quay 1", "lat": 1, "lon": 2}, "Quay 1"),
        ({"lat": None, "lon": 10.75}, None),
    ],
)
def test_a_place_without_a_name_is_where_it_is(place, kept):
    assert to_value({"type": "place", "place": place}) == kept


@pytest.mark.parametrize(
    ("parts", "kept"),
    [
        ([{"type": "text", "plain_text": "a"}] * 25, "a" * 25),
        ([{"type": "mention", "plain_text": "a"}] * 25, "a" * 25 + "…"),
        ([{"type": "mention", "plain_text": "a"}] * 24, "a" * 24),
    ],
)
def test_a_text_may_be_cut_behind_twenty_five_references(parts, kept):
    assert to_value({"type": "rich_text", "rich_text": parts}) == kept


@pytest.mark.parametrize(
    ("properties", "title"),
    [
        ({"Name": {"type": "title", "title": parts_of("A")}}, "A"),
        ({"名前": {"type": "title", "title": parts_of("Ship ", "@Ana")}}, "Ship @Ana"),
        (
            {
                "title": {"type": "rich_text"},
                "X": {"type": "title", "title": parts_of("B")},
            },
            "B",
        ),
        ({"Name": {"type": "title", "title": []}}, "Untitled"),
        ({"Name": {"type": "title", "title": parts_of(" \n ")}}, "Untitled"),
        ({"Name": {"type": "title", "title": parts_of("x" * 600)}}, "x" * 499 + "…"),
    ],
)
def test_a_title_is_found_by_its_type(properties, title):
    assert page_title(properties) == title


@pytest.mark.parametrize(
    "properties", [{}, None, {"X": {"type": "rich_text"}}, {"X": {"type": "title"}}]
)
def test_properties_without_a_title_are_no_answer(properties):
    with pytest.raises(InvalidResponse):
        page_title(properties)


@pytest.mark.parametrize(
    ("length", "kept"),
    [
        (2000, {"name": "Plan", "url": "https://example.com/".ljust(2000, "a")}),
        (2001, "Plan"),
    ],
)
def test_a_link_that_is_too_long_is_left_out_and_not_cut(length, kept):
    link = {"url": "https://example.com/".ljust(length, "a")}
    file = {"name": "Plan", "type": "external", "external": link}

    assert to_value({"type": "files", "files": [file]}) == [kept]


def test_the_values_of_every_column_are_kept(notion):
    columns = {
        f"Column {number}": {"id": f"c{number}", "type": "number", "number": number}
        for number in range(600)
    }
    page = notion.load("row_every_type")
    page["properties"] |= columns

    kept = to_page_item(page, None).properties
    assert [kept[f"c{number}"] for number in range(600)] == list(range(600))
