"""Titles, icons, parents, and the values of every type of property."""

import json

import pytest

from integrations.providers.notion.ids import find_id
from integrations.providers.notion.mapping.display import describe, show
from integrations.providers.notion.mapping.items import is_trashed, to_page_item, to_url
from integrations.providers.notion.mapping.parents import to_parent
from integrations.providers.notion.mapping.schema import to_schema
from integrations.providers.notion.mapping.titles import page_title, to_icon
from integrations.providers.notion.mapping.values import to_value
from integrations.providers.records import FieldSpec

UID = "a1000000-0000-4000-8000-000000000001"


def text(*parts):
    return [{"plain_text": part} for part in parts]


def shown(notion):
    item = to_page_item(notion.load("row_every_type"), UID[:-1] + "9")
    schema = json.loads(json.dumps(to_schema(notion.load("data_source_tasks"))))
    return {f.label: f.value for f in describe(item.properties, schema)}


def test_every_type_of_property_is_read_by_people(notion):
    assert shown(notion) == {
        "Status": "Doing",
        "Cost": "1,234,567.50 EUR",
        "Progress": "42.5 %",
        "Due": "2026-11-20 09:00 to 2026-11-21 17:30 (Europe/Berlin)",
        "Tags": "Red, Blue",
        "Size": "Large",
        "Team": "Ana, Somebody",
        "Blocks": "2 pages or more",
        "Total": "42",
        "Names": "One two, Large, Ana",
        "Score": "high",
        "When": "2026-11-20 09:00 UTC+01:00",
        "Files": "plan.pdf, File",
        "Number": "TASK-12",
        "Checked": "Verified by Ana until 2027-01-30",
        "Notes": "Hello world",
        "Done?": "No",
        "Site": "https://example.com",
        "Mail": "ana@example.com",
        "Phone": "+49 30 1",
        "Made by": "Somebody",
        "Made at": "2026-10-03 10:00 UTC",
        "Where": "Harbour",
        "fuTu": "glow",
    }


def test_a_relation_names_the_pages_and_the_table_they_are_rows_of(notion):
    item = to_page_item(notion.load("row_every_type"), None)
    schema = json.loads(json.dumps(to_schema(notion.load("data_source_tasks"))))

    fields = {f.label: f for f in describe(item.properties, schema)}

    assert fields["Blocks"].linked_ids == (UID, UID[:-1] + "2")
    assert fields["Blocks"].linked_collection
    assert fields["Names"].linked_ids == ()


def test_no_link_that_expires_is_kept(notion):
    item = to_page_item(notion.load("row_every_type"), None)

    assert "X-Amz" not in json.dumps(item.properties)


def test_kinds_tell_the_page_what_to_do_with_a_value(notion):
    fields = to_schema(notion.load("data_source_tasks"))["fields"]
    kinds = {field["label"]: field["kind"] for field in fields}

    assert kinds["Blocks"] == "links"
    assert kinds["Site"] == "link"
    assert kinds["Cost"] == "money"
    assert kinds["Team"] == "person"
    assert "Aufgabe" not in kinds


def test_values_are_shown_without_a_schema(notion):
    item = to_page_item(notion.load("row_every_type"), None)

    assert "TASK-12" in {field.value for field in describe(item.properties, {})}


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
        {"type": "rollup", "rollup": {"type": "incomplete", "incomplete": {}}},
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
    ("value", "kind", "words"),
    [
        (0, "number", "0"),
        (0.1, "number", "0.1"),
        (1e300, "number", "1e+300"),
        (-1234.5, "money", "-1,234.50 EUR"),
        (1, "percent", "100 %"),
        ({"start": "2026-11-30"}, "date", "2026-11-30"),
        (
            {"start": "2026-11-01", "end": "2026-11-03"},
            "date",
            "2026-11-01 to 2026-11-03",
        ),
        ({"start": "soon"}, "date", "soon"),
        ({"state": "unverified"}, "verification", "Not verified"),
        (True, "boolean", "Yes"),
        ([], "choices", ""),
        ({}, "value", ""),
    ],
)
def test_values_in_words(value, kind, words):
    spec = FieldSpec(name="x", label="X", kind=kind, options={"currency": "EUR"})

    assert show(value, spec) == words


@pytest.mark.parametrize(
    ("properties", "title"),
    [
        ({"Name": {"type": "title", "title": text("A")}}, "A"),
        ({"名前": {"type": "title", "title": text("Ship ", "@Ana")}}, "Ship @Ana"),
        (
            {
                "title": {"type": "rich_text"},
                "X": {"type": "title", "title": text("B")},
            },
            "B",
        ),
        ({"Name": {"type": "title", "title": []}}, "Untitled"),
        ({"Name": {"type": "title", "title": text(" \n ")}}, "Untitled"),
        ({}, "Untitled"),
        (None, "Untitled"),
    ],
)
def test_a_title_is_found_by_its_type(properties, title):
    assert page_title(properties) == title


@pytest.mark.parametrize(
    ("icon", "words"),
    [
        ({"type": "emoji", "emoji": "🚀"}, "🚀"),
        ({"type": "emoji", "emoji": "<b>"}, ""),
        ({"type": "external", "external": {"url": "https://x/y.png"}}, ""),
        ({"type": "file", "file": {"url": "https://x/y.png"}}, ""),
        ({"type": "custom_emoji", "custom_emoji": {"name": "party"}}, ":party:"),
        ({"type": "icon", "icon": {"name": "star", "color": "red"}}, ""),
        (None, ""),
        ("x", ""),
    ],
)
def test_icons_are_texts_or_nothing(icon, words):
    assert to_icon(icon) == words


@pytest.mark.parametrize(
    ("parent", "kind", "has_id"),
    [
        ({"type": "workspace", "workspace": True}, "workspace", False),
        ({"type": "page_id", "page_id": UID}, "page", True),
        ({"type": "block_id", "block_id": UID.replace("-", "").upper()}, "block", True),
        ({"type": "data_source_id", "data_source_id": UID}, "data_source", True),
        ({"type": "database_id", "database_id": UID}, "database", True),
        ({"type": "agent_id", "agent_id": UID}, "elsewhere", False),
        ({"type": "moon_id", "moon_id": UID}, "elsewhere", False),
        ({"type": "page_id", "page_id": None}, "elsewhere", False),
        (None, "elsewhere", False),
        ({"type": ["x"]}, "elsewhere", False),
    ],
)
def test_parents_of_every_kind_are_read(parent, kind, has_id):
    found = to_parent(parent)

    assert found.kind == kind
    assert (found.id == UID) is has_id
    assert bool(found.name) is not has_id


@pytest.mark.parametrize(
    ("thing", "is_in_trash"),
    [
        ({"in_trash": True, "is_archived": True}, True),
        ({"archived": True}, True),
        ({"in_trash": False, "archived": True}, False),
        ({"in_trash": False, "is_archived": True}, False),
        ({}, False),
    ],
)
def test_the_trash_is_told_from_the_archive(thing, is_in_trash):
    assert is_trashed(thing) is is_in_trash


@pytest.mark.parametrize(
    ("url", "is_kept"),
    [
        ("https://app.notion.com/p/1", True),
        ("https://www.notion.so/Page-1", True),
        ("https://acme.notion.site/1", True),
        ("http://app.notion.com/p/1", False),
        ("https://evil.example/notion.com", False),
        ("https://x@app.notion.com/1", False),
        ("https://app.notion.com:444/1", False),
        ("javascript:alert(1)", False),
        ("https://[", False),
        (None, False),
    ],
)
def test_links_lead_to_notion_or_nowhere(url, is_kept):
    assert (to_url(url) == url and url is not None) is is_kept


@pytest.mark.parametrize("value", [None, 1, "", "x", UID[:-1], UID + "0", {}])
def test_what_is_no_uuid_is_no_id(value):
    assert find_id(value) is None
