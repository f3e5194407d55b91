"""How Airtable's values are put in words."""

import json
from decimal import Decimal

import pytest

from integrations.providers.airtable.connector import Airtable
from integrations.providers.airtable.mapping.items import to_item
from integrations.providers.airtable.mapping.numbers import to_number

TABLES = "GET /v0/meta/bases/appAAAAAAAAAAAAA1/tables"
FIELD = "fldAAAAAAAAAAAAA1"
BERLIN = {"time_zone": "Europe/Berlin"}


def describe_one(value, told, *, account=None, **spec):
    schema = {
        "base_id": "appAAAAAAAAAAAAA1",
        "fields": [{"name": FIELD, "label": "It", **spec}],
        "formats": {FIELD: told},
    }
    shown = Airtable().describe({FIELD: value}, schema, account or {})
    return shown[0] if shown else None


def words(value, told, **options):
    shown = describe_one(value, told, **options)
    return shown.value if shown else ""


def test_every_type_of_field_is_shown_in_words(airtable):
    airtable.transport.on(TABLES, airtable.load("tables_projects"))
    schema = airtable.connector.fetch_schema(airtable.api, airtable.context())
    row = airtable.load("records_page_1")["records"][0]
    item = to_item(row, airtable.context(schema=schema))

    shown = airtable.connector.describe(
        item.properties, json.loads(json.dumps(schema)), BERLIN
    )

    assert {field.label: field.value for field in shown} == {
        "Title": "Write the sheet",
        "Notes": "See @Ada",
        "Brief": "**Bold**",
        "Contact": "ada@example.org",
        "Site": "https://example.org",
        "Phone": "(415) 555-9876",
        "Weight": "12.3",
        "Cost": "-€1,234.50",
        "Share done": "25 %",
        "Time taken": "1:02:05",
        "Priority": "3 of 5",
        "Done": "Yes",
        "Due": "11/22/2026",
        "Starts": "2026-11-22 22:30 CET",
        "State": "In progress",
        "Tags": "A, B",
        "Lead": "Ada Byron",
        "Team": "Ada Byron, bob@example.org",
        "Owners": "recAAAAAAAAAAAAo1, recAAAAAAAAAAAAo2",
        "Files": "plan.pdf",
        "Code": "4006381333931",
        "Open it": "Open",
        "Number": "1042",
        "Owner count": "2",
        "Made": "2026-01-05 10:30 CET",
        "Made by": "Ada Byron",
        "Edited": "2026-11-21 09:00 CET",
        "Edited by": "bob@example.org",
        "Total": "Not a number",
        "Earliest due": "December 1, 2026",
        "Owner mails": "ada@example.org, bob@example.org",
        "Owner files": "plan.pdf",
        "Summary": "All is well",
        "Source": "Base one",
        "Hologram": '{"depth": 3}',
    }


@pytest.mark.parametrize(
    ("value", "told", "shown"),
    [
        (0, {"type": "number", "precision": 0}, "0"),
        (2.5, {"type": "number", "precision": 0}, "3"),
        (-0.001, {"type": "number", "precision": 2}, "0.00"),
        (1234567.891, {"type": "number", "precision": 2}, "1,234,567.89"),
        (0.1 + 0.2, {"type": "number", "precision": 1}, "0.3"),
        (1e-20, {"type": "number", "precision": 8}, "0.00000000"),
        (
            9e15,
            {"type": "percent", "precision": 8},
            "900,000,000,000,000,000.00000000 %",
        ),
        (10**30, {"type": "number", "precision": 8}, "1" + "0" * 30),
        (1e300, {"type": "number"}, "1e+300"),
        (1500, {}, "1,500"),
        (0.125, {"type": "percent", "precision": 1}, "12.5 %"),
        (5, {"type": "currency", "symbol": "CHF", "precision": 2}, "CHF 5.00"),
        (5, {"type": "currency"}, "5.00"),
        (4, {"type": "rating"}, "4"),
        ("n/a", {"type": "currency", "symbol": "$"}, "n/a"),
    ],
)
def test_numbers_have_their_fields_precision(value, told, shown):
    assert words(value, told) == shown


@pytest.mark.parametrize(
    ("seconds", "pattern", "shown"),
    [
        (3725, "h:mm", "1:02"),
        (3725, "h:mm:ss", "1:02:05"),
        (59.96, "h:mm:ss.S", "0:01:00.0"),
        (1.25, "h:mm:ss.SS", "0:00:01.25"),
        (-90, "h:mm", "-0:02"),
        (360000, "h:mm", "100:00"),
        (60, "", "0:01"),
        (1, "h:mm:ss." + "S" * 99, "0:00:01.000"),
    ],
)
def test_durations_are_hours_and_minutes(seconds, pattern, shown):
    assert words(seconds, {"type": "duration", "duration": pattern}) == shown


@pytest.mark.parametrize(
    ("style", "shown"),
    [
        ("local", "2026-03-04"),
        ("iso", "2026-03-04"),
        ("us", "3/4/2026"),
        ("european", "4/3/2026"),
        ("friendly", "March 4, 2026"),
    ],
)
def test_dates_have_their_fields_style(style, shown):
    told = {"type": "date", "date": style}

    assert words("2026-03-04", told, account=BERLIN) == shown


@pytest.mark.parametrize(
    ("told", "account", "shown"),
    [
        ({}, {}, "2026-07-01 22:30 UTC"),
        ({"time_zone": "client"}, BERLIN, "2026-07-02 00:30 CEST"),
        (
            {"time_zone": "client"},
            {"viewer_zone": "Asia/Tokyo"},
            "2026-07-02 07:30 JST",
        ),
        ({}, {**BERLIN, "viewer_zone": "Asia/Tokyo"}, "2026-07-02 07:30 JST"),
        ({"time_zone": "utc"}, {}, "2026-07-01 22:30 UTC"),
        ({"time_zone": "utc"}, BERLIN, "2026-07-01 22:30 UTC"),
        ({"time_zone": "Asia/Tokyo"}, {}, "2026-07-02 07:30 JST"),
        ({"time_zone": "Asia/Tokyo"}, BERLIN, "2026-07-02 07:30 JST"),
        ({"time_zone": "Not/AZone"}, {"time_zone": "../x"}, "2026-07-01 22:30 UTC"),
        ({"time": "12hour"}, BERLIN, "2026-07-02 12:30am CEST"),
    ],
)
def test_times_are_in_the_fields_zone_or_that_of_whoever_looks(told, account, shown):
    told = {"type": "dateTime", **told}

    assert words("2026-07-01T22:30:00.000Z", told, account=account) == shown


@pytest.mark.parametrize("value", ["soon", "0001-01-01T00:00:00+14:00", "9999-99-99"])
def test_what_is_no_date_is_shown_as_it_is(value):
    assert words(value, {"type": "dateTime"}, account=BERLIN) == value


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"error": "#ERROR!"}, "Error in the formula"),
        ({"error": {"type": "x"}}, "Error in the formula"),
        ({"error": "#CYCLE!"}, "Error: #CYCLE!"),
        ({"specialValue": "NaN"}, "Not a number"),
        ({"specialValue": "-Infinity"}, "Minus infinite"),
        ([{"specialValue": "Infinity"}, 3], "Infinite, 3"),
        (
            {"state": "error", "errorType": "emptyDependency", "value": None},
            "Nothing to work on yet",
        ),
        ({"state": "loading", "value": None, "isStale": True}, "Not generated yet"),
        ({"state": "empty", "value": None, "isStale": False}, ""),
        ({"label": ""}, ""),
        ({}, ""),
        ([], ""),
        ([None, ""], ""),
    ],
)
def test_errors_and_nothing_are_said_in_words(value, shown):
    assert words(value, {"type": "formula"}) == shown


def test_a_lookup_of_lists_is_one_list():
    told = {"type": "multipleLookupValues", "result": {"type": "multipleSelects"}}

    assert words([["a", "b"], None, ["c"]], told) == "a, b, c"


def test_a_box_is_ticked_or_known_not_to_be():
    told = {"type": "checkbox"}

    assert words(True, told) == "Yes"
    assert words(None, told) == "No"
    assert words(None, {"type": "number"}) == ""


def test_links_say_where_the_names_are():
    told = {"type": "multipleRecordLinks", "table": "tblAAAAAAAAAAAAA2"}

    field = describe_one(["recAAAAAAAAAAAAA1", {"id": "recAAAAAAAAAAAAA2"}, 7], told)

    assert field.kind == "links"
    assert field.linked_ids == ("recAAAAAAAAAAAAA1", "recAAAAAAAAAAAAA2")
    assert field.linked_collection == "appAAAAAAAAAAAAA1/tblAAAAAAAAAAAAA2"


def test_links_seen_through_a_lookup_say_so_as_well():
    told = {
        "type": "multipleLookupValues",
        "result": {"type": "multipleRecordLinks", "table": "tblAAAAAAAAAAAAA2"},
    }

    assert describe_one(["recAAAAAAAAAAAAA1"], told).linked_ids == (
        "recAAAAAAAAAAAAA1",
    )


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("https://a.example", "link"),
        (["https://a.example"], "link"),
        (["a", "b"], "text"),
    ],
)
def test_only_a_single_address_is_a_link(value, kind):
    told = {"type": "multipleLookupValues", "result": {"type": "url"}}

    assert describe_one(value, told).kind == kind


def test_fields_that_the_schema_does_not_know_are_shown_by_id():
    shown = Airtable().describe({FIELD: 7, "fldAAAAAAAAAAAAA2": "x"}, {}, {})

    assert [(f.label, f.value) for f in shown] == [
        (f"Field {FIELD}", "7"),
        ("Field fldAAAAAAAAAAAAA2", "x"),
    ]


def test_a_hidden_field_stays_hidden():
    assert describe_one("abc", {"type": "manualSort"}, is_hidden=True) is None


@pytest.mark.parametrize("value", ["x", "NaN", "Infinity", 10**16, 1e-30])
def test_a_number_beyond_all_reason_is_none(value):
    assert to_number(value) is None


def test_a_number_is_exact():
    assert to_number(0.1) == Decimal("0.1")
