"""How Airtable's records and schemas become items and fields."""

import json
from datetime import UTC, datetime

import pytest

from integrations.providers.airtable.mapping.items import to_item
from integrations.providers.airtable.mapping.values import LINK_MARK, MAX_TEXT, clean
from integrations.providers.records import FieldSpec

TABLES = "GET /v0/meta/bases/appAAAAAAAAAAAAA1/tables"
TITLE = "fldAAAAAAAAAtitle"
MADE = "2026-01-05T09:30:00.000Z"


def read_schema(airtable, name="tables_projects"):
    airtable.transport.on(TABLES, airtable.load(name))
    schema = airtable.connector.fetch_schema(airtable.api, airtable.context())
    return json.loads(json.dumps(schema))


def map_record(airtable, fields, schema=None):
    row = {"id": "recAAAAAAAAAAAAA1", "createdTime": MADE, "fields": fields}
    return to_item(row, airtable.context(schema=schema or read_schema(airtable)))


def schema_with(primary, **options):
    definition = {"type": primary, **options}
    return {"primary": TITLE, "formats": {TITLE: definition}, "fields": []}


def specs_of(schema):
    return {entry["label"]: FieldSpec(**entry) for entry in schema["fields"]}


def test_a_record_stands_under_its_table_with_its_address(airtable):
    item = map_record(airtable, {TITLE: "Write the sheet"})

    assert (item.id, item.type, item.directory) == (
        "recAAAAAAAAAAAAA1",
        "record",
        False,
    )
    assert item.name == "Write the sheet"
    assert item.parent_id == "tblAAAAAAAAAAAAA1"
    assert item.parent_path_or_name == "Projects / Tasks"
    assert item.creation_time == datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
    assert item.url == (
        "https://airtable.com/appAAAAAAAAAAAAA1/tblAAAAAAAAAAAAA1/recAAAAAAAAAAAAA1"
    )


@pytest.mark.parametrize(
    "fields", [{}, {TITLE: ""}, {TITLE: "  "}, {TITLE: None}, {TITLE: []}]
)
def test_a_record_without_a_name_is_called_by_its_id(airtable, fields):
    assert map_record(airtable, fields).name == "Record recAAAAAAAAAAAAA1"


@pytest.mark.parametrize(
    "value",
    [{"error": "#ERROR!"}, {"specialValue": "NaN"}, [{"specialValue": "Infinity"}]],
)
def test_a_failing_primary_formula_is_no_name(airtable, value):
    item = map_record(airtable, {TITLE: value})

    assert item.name == "Record recAAAAAAAAAAAAA1"
    assert item.properties == {TITLE: value}


@pytest.mark.parametrize(
    ("schema", "value", "name"),
    [
        (schema_with("number", precision=2), 1234.5, "1,234.50"),
        (schema_with("autoNumber"), 1234, "1234"),
        (schema_with("currency", precision=0, symbol="$"), 12, "$12"),
        (schema_with("date"), "2026-11-22", "22 Nov 2026"),
        (
            schema_with("dateTime", time_zone="Europe/Berlin"),
            "2026-11-22T09:00:00.000Z",
            "22 Nov 2026, 10:00 CET",
        ),
        (
            schema_with("formula", result={"type": "percent", "precision": 0}),
            0.5,
            "50 %",
        ),
        (schema_with("multipleLookupValues"), ["a", None, "b"], "a, b"),
        (schema_with("barcode"), {"text": "4006381333931"}, "4006381333931"),
        (schema_with("singleLineText"), "two\n lines", "two lines"),
        (schema_with("hologram"), {"depth": 3}, '{"depth": 3}'),
        (schema_with("multilineText"), "x" * 900, "x" * 499 + "…"),
    ],
)
def test_a_primary_field_of_any_type_names_its_record(airtable, schema, value, name):
    assert map_record(airtable, {TITLE: value}, schema).name == name


def test_a_field_for_it_says_when_a_record_was_modified(airtable):
    edited = "fldAAAAAAAAAAedit"

    with_field = map_record(airtable, {edited: "2026-11-21T08:00:00.000Z"})
    without = map_record(airtable, {TITLE: "Second"})

    assert with_field.last_modified_time == datetime(2026, 11, 21, 8, tzinfo=UTC)
    assert without.last_modified_time is None


def test_of_several_such_fields_the_latest_counts(airtable):
    one, other = "fldAAAAAAAAAAone1", "fldAAAAAAAAAother"
    schema = {"formats": {f: {"type": "lastModifiedTime"} for f in (one, other)}}
    fields = {one: "2026-11-21T08:00:00.000Z", other: "2026-11-21T09:00:00.000Z"}

    item = map_record(airtable, fields, schema)

    assert item.last_modified_time == datetime(2026, 11, 21, 9, tzinfo=UTC)


def test_an_empty_record_is_a_record(airtable):
    assert map_record(airtable, {}).properties == {}


def test_no_address_of_a_file_is_kept_at_any_depth(airtable):
    row = airtable.load("records_page_1")["records"][0]

    item = to_item(row, airtable.context(schema=read_schema(airtable)))

    kept = json.dumps(item.properties)
    assert "airtableusercontent" not in kept
    assert "static.airtable.com" not in kept
    assert "thumbnails" not in kept
    expected = {
        "id": "attAAAAAAAAAAAAA1",
        "filename": "plan.pdf",
        "size": 2048,
        "type": "application/pdf",
    }
    assert item.properties["fldAAAAAAAAAfiles"] == [expected]
    assert item.properties["fldAAAAAAAAAlookf"] == [expected]


def test_a_record_whose_file_got_a_new_address_has_not_changed():
    before, after = (
        clean(
            [{"filename": "a.png", "url": url, "thumbnails": {"small": {"url": url}}}]
        )
        for url in ("https://example.org/1", "https://example.org/2")
    )

    assert before == after


def test_a_file_link_that_a_formula_made_a_text_of_is_removed():
    text = "plan.pdf (https://v5.airtableusercontent.com/v3/u/1/a-b_c/d?x=1), more"

    assert clean(text) == f"plan.pdf ({LINK_MARK}), more"
    assert clean("https://DL.airtable.com/x/y") == LINK_MARK
    assert clean("https://example.org/airtable") == "https://example.org/airtable"


def test_a_buttons_own_address_is_kept():
    button = {"label": "Open", "url": "https://example.org/1"}

    assert clean(button) == button


def test_a_text_beyond_all_reason_is_cut():
    assert len(clean("x" * (MAX_TEXT + 1))) < MAX_TEXT + 20


def test_a_schema_tells_kinds_choices_and_what_cannot_be_written(airtable):
    specs = specs_of(read_schema(airtable))

    assert next(iter(specs)) == "Title"
    assert {label: spec.kind for label, spec in specs.items()} == {
        "Title": "text",
        "Notes": "text",
        "Brief": "markdown",
        "Contact": "email",
        "Site": "link",
        "Phone": "phone",
        "Weight": "number",
        "Cost": "money",
        "Share done": "percent",
        "Time taken": "duration",
        "Priority": "rating",
        "Done": "boolean",
        "Due": "date",
        "Starts": "datetime",
        "State": "choice",
        "Tags": "choices",
        "Lead": "user",
        "Team": "user",
        "Owners": "relation",
        "Files": "files",
        "Code": "text",
        "Open it": "button",
        "Number": "serial",
        "Owner count": "number",
        "Made": "datetime",
        "Made by": "user",
        "Edited": "datetime",
        "Edited by": "user",
        "Total": "money",
        "Earliest due": "date",
        "Owner mails": "email",
        "Owner files": "files",
        "Summary": "text",
        "Source": "choice",
        "Sort": "text",
        "Hologram": "text",
    }
    assert list(specs["State"].options) == ["Todo", "In progress", "Done"]
    assert specs["Total"].is_read_only
    assert not specs["Cost"].is_read_only
    assert [s.label for s in specs.values() if s.is_hidden] == ["Sort"]


def test_a_schema_keeps_how_values_are_written(airtable):
    schema = read_schema(airtable)

    formats = schema["formats"]
    assert schema["primary"] == TITLE
    assert formats["fldAAAAAAAAAAcost"] == {
        "type": "currency",
        "precision": 2,
        "symbol": "€",
    }
    assert formats["fldAAAAAAAAAowner"]["table"] == "tblAAAAAAAAAAAAA2"
    assert formats["fldAAAAAAAAAstars"]["max"] == 5
    assert formats["fldAAAAAAAAAAroll"]["result"] == {
        "type": "date",
    }


def test_renamed_retyped_and_new_fields_keep_their_ids(airtable):
    before = read_schema(airtable)
    after = read_schema(airtable, "tables_projects_changed")

    labels = {entry["name"]: entry["label"] for entry in after["fields"]}
    assert labels[TITLE] == "Headline"
    assert labels["fldAAAAAAAAAfresh"] == "Fresh"
    assert after["formats"]["fldAAAAAAAAAnotes"]["type"] == "richText"
    assert set(before["formats"]) < set(after["formats"])


def test_odd_definitions_cost_the_others_nothing(airtable):
    remote_id = "appAAAAAAAAAAAAA1/tblAAAAAAAAAAAAA2"
    airtable.transport.on(TABLES, airtable.load("tables_odd"))

    schema = airtable.connector.fetch_schema(
        airtable.api, airtable.context(remote_id=remote_id)
    )

    assert [entry["label"] for entry in schema["fields"]] == ["Name"]
