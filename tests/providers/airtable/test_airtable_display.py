"""How the cells of Airtable are labelled and typed."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from integrations.providers.airtable.connector import Airtable
from integrations.providers.airtable.mapping.cells import to_value
from integrations.providers.airtable.mapping.fields import to_format
from integrations.providers.airtable.mapping.items import to_item
from integrations.providers.text.markdown_blocks import markdown_blocks
from integrations.providers.typed.fields import (
    Boolean,
    Choice,
    Choices,
    Date,
    DateTime,
    Duration,
    Email,
    File,
    Files,
    Link,
    Many,
    Money,
    Number,
    Percent,
    Phone,
    Relation,
    RichText,
    Text,
    Unavailable,
    User,
    Users,
)

TABLES = "GET /v0/meta/bases/appAAAAAAAAAAAAA1/tables"
FIELD = "fldAAAAAAAAAAAAA1"
ADA = User(id="usrAAAAAAAAAAAAA1", name="Ada Byron", email="ada@example.org")
BOB = User(id="usrAAAAAAAAAAAAA2", email="bob@example.org")


def describe_one(cells, told, **spec):
    schema = {
        "base_id": "appAAAAAAAAAAAAA1",
        "fields": [{"name": FIELD, "label": "It", **spec}],
        "formats": {FIELD: told},
    }
    shown = Airtable().describe(cells, schema, {})
    return shown[0].value if shown else None


def text(value):
    return Text(text=value)


def utc(*parts):
    return datetime(*parts, tzinfo=UTC)


def test_every_type_of_field_is_typed(airtable):
    airtable.transport.on(TABLES, airtable.load("tables_projects"))
    schema = airtable.connector.fetch_schema(airtable.api, airtable.context())
    row = airtable.load("records_page_1")["records"][0]
    item = to_item(row, airtable.context(schema=schema))

    shown = airtable.connector.describe(
        item.properties, json.loads(json.dumps(schema)), {}
    )

    assert {field.label: field.value for field in shown} == {
        "Title": text("Write the sheet"),
        "Notes": text("See @Ada"),
        "Brief": RichText(blocks=markdown_blocks("**Bold**")),
        "Contact": Email(address="ada@example.org"),
        "Site": Link(url="https://example.org"),
        "Phone": Phone(number="(415) 555-9876"),
        "Weight": Number(amount=Decimal("12.345"), precision=1),
        "Cost": Money(amount=Decimal("-1234.5"), symbol="€", precision=2),
        "Share done": Percent(share=Decimal("0.25"), precision=0),
        "Time taken": Duration(seconds=Decimal(3725), style="h:mm:ss"),
        "Priority": Number(amount=Decimal(3), out_of=5),
        "Done": Boolean(is_true=True),
        "Due": Date(day=date(2026, 11, 22)),
        "Starts": DateTime(at=utc(2026, 11, 22, 21, 30)),
        "State": Choice(label="In progress"),
        "Tags": Choices(values=(Choice(label="A"), Choice(label="B"))),
        "Lead": ADA,
        "Team": Users(values=(ADA, BOB)),
        "Owners": Relation(
            linked_ids=("recAAAAAAAAAAAAo1", "recAAAAAAAAAAAAo2"),
            linked_collection="appAAAAAAAAAAAAA1/tblAAAAAAAAAAAAA2",
        ),
        "Files": Files(
            values=(File(name="plan.pdf", size=2048, type="application/pdf"),)
        ),
        "Code": text("4006381333931"),
        "Open it": Link(url="https://example.org/tasks/1", label="Open"),
        "Number": Number(amount=Decimal(1042), is_grouped=False),
        "Owner count": Number(amount=Decimal(2)),
        "Made": DateTime(at=utc(2026, 1, 5, 9, 30)),
        "Made by": ADA,
        "Edited": DateTime(at=utc(2026, 11, 21, 8, 0)),
        "Edited by": BOB,
        "Total": Unavailable(reason="Not a number"),
        "Earliest due": Date(day=date(2026, 12, 1)),
        "Owner mails": Many(
            values=(Email(address="ada@example.org"), Email(address="bob@example.org"))
        ),
        "Owner files": Files(
            values=(File(name="plan.pdf", size=2048, type="application/pdf"),)
        ),
        "Summary": text("All is well"),
        "Source": Choice(label="Base one"),
        "Hologram": text('{"depth": 3}'),
    }


@pytest.mark.parametrize(
    ("cell", "told", "value"),
    [
        (
            2.5,
            {"type": "number", "precision": 0},
            Number(amount=Decimal("2.5"), precision=0),
        ),
        (0.1 + 0.2, {"type": "number"}, Number(amount=Decimal("0.3"))),
        (10**30, {"type": "number", "precision": 8}, text("1" + "0" * 30)),
        (1e300, {"type": "number"}, text("1e+300")),
        (1500, {}, Number(amount=Decimal(1500))),
        (
            0.125,
            {"type": "percent", "precision": 1},
            Percent(share=Decimal("0.125"), precision=1),
        ),
        (
            5,
            {"type": "currency", "symbol": "CHF", "precision": 0},
            Money(amount=Decimal(5), symbol="CHF", precision=0),
        ),
        (5, {"type": "currency"}, Money(amount=Decimal(5), precision=2)),
        (4, {"type": "rating"}, Number(amount=Decimal(4))),
        (7, {"type": "autoNumber"}, Number(amount=Decimal(7), is_grouped=False)),
        ("n/a", {"type": "currency", "symbol": "$"}, text("n/a")),
        (
            3725,
            {"type": "duration", "duration": "h:mm:ss"},
            Duration(seconds=Decimal(3725), style="h:mm:ss"),
        ),
        (60, {"type": "duration"}, Duration(seconds=Decimal(60), style="h:mm")),
        ("<airtable:mention id='x'>@Ada</airtable:mention>!", {}, text("@Ada!")),
        (
            "**Bold**",
            {"type": "richText"},
            RichText(blocks=markdown_blocks("**Bold**")),
        ),
        ("A  B", {"type": "singleSelect"}, Choice(label="A B")),
        (
            [{"id": "selA", "name": "A", "color": "blueLight2"}],
            {"type": "multipleSelects"},
            Choices(values=(Choice(label="A", colour="blueLight2"),)),
        ),
        (
            [{"id": "att1", "filename": "a.pdf", "size": 5, "type": "application/pdf"}],
            {"type": "multipleAttachments"},
            Files(values=(File(name="a.pdf", size=5, type="application/pdf"),)),
        ),
        ({"label": "Open"}, {"type": "button"}, text("Open")),
        (
            {"label": "Open", "url": "https://a.example"},
            {"type": "button"},
            Link(url="https://a.example", label="Open"),
        ),
        ({"depth": 3}, {}, text('{"depth": 3}')),
    ],
)
def test_a_cell_is_typed_by_its_shape_and_its_field(cell, told, value):
    assert to_value(cell, told) == value


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("2026-03-04", date(2026, 3, 4)),
        ("2026-03-04T00:00:00+14:00", date(2026, 3, 4)),
        ("2026-03-04T23:30:00-10:00", date(2026, 3, 4)),
        ("9999-12-31", date(9999, 12, 31)),
        ("0001-01-01", date(1, 1, 1)),
    ],
)
def test_a_day_is_the_one_that_was_written(cell, day):
    assert to_value(cell, {"type": "date"}) == Date(day=day)


@pytest.mark.parametrize(
    ("told", "hints"),
    [
        ({}, {}),
        ({"time_zone": "client"}, {}),
        ({"time_zone": "utc"}, {"zone": "UTC"}),
        ({"time_zone": "Asia/Tokyo"}, {"zone": "Asia/Tokyo"}),
    ],
)
def test_times_carry_their_fields_zone(told, hints):
    told = {"type": "dateTime", **told}

    typed = to_value("2026-07-01T22:30:00.000Z", told)

    assert typed == DateTime(at=utc(2026, 7, 1, 22, 30), **hints)


@pytest.mark.parametrize("cell", ["soon", "0001-01-01T00:00:00+14:00", "9999-99-99"])
def test_what_is_no_date_is_shown_as_it_is(cell):
    assert to_value(cell, {"type": "dateTime"}) == text(cell)


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ({"error": "#ERROR!"}, "Error in the formula"),
        ({"error": {"type": "x"}}, "Error in the formula"),
        ({"error": "#CYCLE!"}, "Error: #CYCLE!"),
        ({"specialValue": "NaN"}, "Not a number"),
        ({"specialValue": "-Infinity"}, "Minus infinite"),
        (
            {"state": "error", "errorType": "emptyDependency", "value": None},
            "Nothing to work on yet",
        ),
        ({"state": "loading", "value": None, "isStale": True}, "Not generated yet"),
    ],
)
def test_why_there_is_no_value_is_said_in_words(cell, reason):
    assert to_value(cell, {"type": "formula"}) == Unavailable(reason=reason)


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ({"state": "loading", "value": "An older text"}, "Not generated anew yet"),
        (
            {"state": "error", "errorType": "x", "value": "An older text"},
            "Error: x",
        ),
    ],
)
def test_an_older_text_is_shown_while_there_is_no_new_one(cell, reason):
    found = to_value({"isStale": True, **cell}, {"type": "aiText"})

    assert found == Many(values=(text("An older text"), Unavailable(reason=reason)))


@pytest.mark.parametrize(
    ("kind", "begin"), [("singleCollaborator", "usr"), ("lastModifiedBy", "ugp")]
)
def test_a_collaborator_without_a_name_is_somebody(kind, begin):
    found = to_value({"id": f"{begin}AAAAAAAAAAAAA1"}, {"type": kind})

    assert isinstance(found, User)


@pytest.mark.parametrize(
    "cell",
    [
        *(None, "", {}, [], [None, ""], {"label": ""}),
        {"state": "empty", "value": None, "isStale": False},
    ],
)
def test_nothing_is_no_value(cell):
    assert to_value(cell, {"type": "formula"}) is None


def test_a_lookup_of_lists_is_one_list():
    told = {"type": "multipleLookupValues", "result": {"type": "multipleSelects"}}

    found = to_value([["a", "b"], None, ["c"]], told)

    assert found == Choices(values=tuple(Choice(label=each) for each in "abc"))


def test_a_list_of_all_sorts_keeps_them_apart():
    found = to_value([{"specialValue": "Infinity"}, 3], {"type": "rollup"})

    assert found == Many(
        values=(Unavailable(reason="Infinite"), Number(amount=Decimal(3)))
    )


@pytest.mark.parametrize("cells", [{FIELD: None}, {}])
def test_a_box_without_a_tick_is_a_no(cells):
    told = {"type": "checkbox"}

    assert describe_one(cells, told) == Boolean(is_true=False)
    assert describe_one({FIELD: True}, told) == Boolean(is_true=True)
    assert describe_one(cells, {"type": "number"}) is None


def test_links_say_where_the_names_are():
    told = {"type": "multipleRecordLinks", "table": "tblAAAAAAAAAAAAA2"}
    cells = {FIELD: ["recAAAAAAAAAAAAA1", {"id": "recAAAAAAAAAAAAA2"}, 7]}

    relation = Relation(
        linked_ids=("recAAAAAAAAAAAAA1", "recAAAAAAAAAAAAA2"),
        linked_collection="appAAAAAAAAAAAAA1/tblAAAAAAAAAAAAA2",
    )
    assert describe_one(cells, told) == relation
    lookup = {"type": "multipleLookupValues", "result": told}
    assert describe_one(cells, lookup) == relation
    assert describe_one({FIELD: cells[FIELD] * 2}, told) == relation


def test_each_address_in_a_list_is_a_link():
    told = {"type": "multipleLookupValues", "result": {"type": "url"}}

    found = to_value(["https://a.example", "b"], told)

    assert found == Many(values=(Link(url="https://a.example"), Link(url="b")))


def test_fields_that_the_schema_does_not_know_are_shown_by_id():
    shown = Airtable().describe({FIELD: 7, "fldAAAAAAAAAAAAA2": "x"}, {}, {})

    assert [(f.label, f.value) for f in shown] == [
        (f"Field {FIELD}", Number(amount=Decimal(7))),
        ("Field fldAAAAAAAAAAAAA2", text("x")),
    ]


def test_a_hidden_field_stays_hidden():
    assert describe_one({FIELD: "abc"}, {"type": "manualSort"}, is_hidden=True) is None


def test_a_field_that_is_not_valid_is_not_taken_for_an_empty_one():
    told = to_format({"type": "formula", "options": {"isValid": False}})

    assert isinstance(describe_one({}, told), Unavailable)
    assert describe_one({}, to_format({"type": "formula"})) is None


def test_fields_of_one_name_are_told_apart_by_their_types(airtable):
    kinds = ("singleLineText", "multilineText", "multilineText")
    fields = [
        {"id": f"fldAAAAAAAAAAAAA{n}", "name": "Note", "type": kind}
        for n, kind in enumerate(kinds)
    ]
    table = {"id": "tblAAAAAAAAAAAAA1", "name": "T", "fields": fields}
    table["primaryFieldId"] = fields[0]["id"]
    airtable.transport.on(TABLES, {"tables": [table]})
    schema = airtable.connector.fetch_schema(airtable.api, airtable.context())
    values = {field["id"]: "x" for field in fields}

    shown = airtable.connector.describe(values, schema, {})

    assert [field.label for field in shown] == [
        "Note (single line text)",
        "Note (multiline text) (1)",
        "Note (multiline text) (2)",
    ]


@pytest.mark.parametrize("told", [None, "checkbox", []])
def test_a_format_that_cannot_be_read_leaves_the_value_as_it_is(told):
    assert describe_one({FIELD: "Ada"}, told) == text("Ada")
    assert describe_one({}, told) is None
