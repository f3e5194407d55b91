"""Values are shown as Notion shows them, with their links, styles and names."""

import json

import pytest

from integrations.providers.notion.mapping.display import NOT_GIVEN, describe
from integrations.providers.notion.mapping.items import (
    to_page_item,
    to_source_item,
)
from integrations.providers.notion.mapping.schema import to_schema
from integrations.providers.notion.mapping.values import to_value
from integrations.providers.text.rich_text import Span, Style
from integrations.providers.typed.fields import (
    Text,
    Unavailable,
    User,
    Users,
)
from integrations.providers.typed.plain import plain

UID = "a1000000-0000-4000-8000-000000000001"

ANA = User(id="33333333-3333-4333-8333-333333333333", name="Ana")


def parts_of(*parts):
    return [{"plain_text": part} for part in parts]


def text(value):
    return Text(text=value)


def described(prop, config=None):
    """Return the only value of a row with this property, under this column."""
    kind = prop["type"]
    column = {"id": "x", "name": "X", "type": kind, kind: config or {}}
    page = {
        "id": UID,
        "properties": {
            "Name": {"id": "title", "type": "title", "title": parts_of("A")},
            "X": {"id": "x", **prop},
        },
    }
    schema = json.loads(json.dumps(to_schema({"properties": {"X": column}})))
    properties = json.loads(json.dumps(to_page_item(page, None).properties))
    return [field.value for field in describe(properties, schema)]


@pytest.mark.parametrize(
    ("told", "text"),
    [
        ("number", "2026.5"),
        ("number_with_commas", "2,026.5"),
        ("percent", "202650 %"),
        ("euro", "2,026.50 EUR"),
        ("peruvian_sol", "2,026.50 PEN"),
        ("moon_dollar", "2,026.50 moon dollar"),
    ],
)
def test_a_number_is_shown_in_the_format_of_its_column(told, text):
    (value,) = described({"type": "number", "number": 2026.5}, {"format": told})

    assert plain(value).replace("202,650", "202650") == text


def rollup(kind, value, function="sum", **more):
    told = {"type": kind, kind: value, "function": function}
    return {"type": "rollup", "rollup": told, **more}


@pytest.mark.parametrize(
    ("prop", "text"),
    [
        (rollup("number", 0.1 + 0.2), "0.3"),
        (rollup("number", 0.5, "percent_checked"), "50 %"),
        (
            rollup("date", {"start": "2023-03-09T00:00:00.000+00:00"}, "latest_date"),
            "9 Mar 2023",
        ),
        (
            rollup(
                "date",
                {
                    "start": "2023-03-09T00:00:00.000+00:00",
                    "end": "2023-03-11T00:00:00.000+00:00",
                },
                "date_range",
            ),
            "9 Mar 2023 to 11 Mar 2023",
        ),
        (
            rollup("date", {"start": "2023-03-09T00:30:00.000+00:00"}, "latest_date"),
            "9 Mar 2023, 00:30 UTC",
        ),
        (rollup("incomplete", {}), "Too much for Notion to give; see there"),
        (rollup("unsupported", {}), "Notion does not give this value"),
        (
            rollup("array", [{"type": "number", "number": 1}, {"type": "unsupported"}]),
            "1, Notion does not give this value",
        ),
        (rollup("array", [{"type": "number", "number": 1}], has_more=True), "1, …"),
        (
            {"type": "formula", "formula": {"type": "number", "number": 0.1 + 0.2}},
            "0.3",
        ),
        (
            {"type": "formula", "formula": {"type": "boolean", "boolean": False}},
            "No",
        ),
        ({"type": "formula", "formula": {"type": "unsupported"}}, NOT_GIVEN),
        ({"type": "unique_id", "unique_id": {"prefix": "A", "number": 0}}, "A-0"),
        (
            {
                "type": "files",
                "files": [
                    {"name": "a", "type": "file", "file": {"url": "https://s3/x"}},
                    {"name": "b", "external": {"url": "https://x.example/b"}},
                ],
            },
            "a, b",
        ),
        (
            {"type": "rich_text", "rich_text": parts_of("x" * 20_001)},
            "x" * 20_000 + "…",
        ),
    ],
)
def test_values_say_what_notion_says(prop, text):
    config = {"function": prop["rollup"]["function"]} if "rollup" in prop else {}

    (value,) = described(prop, config)

    assert plain(value) == text


def test_a_text_keeps_its_links_and_styles():
    parts = [
        {"type": "text", "plain_text": "see ", "annotations": {"bold": False}},
        {
            "type": "text",
            "plain_text": "here",
            "annotations": {"bold": True, "underline": True},
            "href": "https://x.example/",
        },
        {"type": "mention", "plain_text": " Page", "href": "/a1b2"},
        {"type": "equation", "plain_text": "x^2"},
    ]

    (value,) = described({"type": "rich_text", "rich_text": parts})

    (block,) = value.blocks
    assert block.spans == (
        Span(text="see "),
        Span(text="here", styles=frozenset({Style.BOLD}), href="https://x.example/"),
        Span(text=" Page", href="https://www.notion.so/a1b2"),
        Span(text="x^2", styles=frozenset({Style.CODE})),
    )


def test_the_description_of_a_table_keeps_its_links_too():
    link = {"plain_text": "rules", "href": "https://x.example/"}
    source = {"id": UID, "title": [], "description": [*parts_of("See "), link]}

    properties = to_source_item(source).properties
    (field,) = describe(properties, to_schema())

    assert plain(field.value) == "See rules"
    assert field.value.blocks[0].spans[1].href == "https://x.example/"


def test_users_that_are_known_by_id_only_have_the_names_of_the_schema():
    by = {"object": "user", "id": ANA.id}
    schema = {"users": {ANA.id: "Ana"}}
    kept = {
        "a": to_value({"type": "created_by", "created_by": by}),
        "b": to_value({"type": "people", "people": [by, {**by, "name": "Ann"}]}),
        "c": to_value(
            {"type": "verification", "verification": {"state": "x", "verified_by": by}}
        ),
    }

    values = [field.value for field in describe(kept, schema)]

    assert values[0] == ANA
    assert values[1] == Users(values=(ANA, User(id=ANA.id, name="Ann")))
    assert values[3] == ANA


@pytest.mark.parametrize(
    ("function", "kind"),
    [
        ("sum", "number"),
        ("count_values", "number"),
        ("latest_date", "date"),
        ("percent_checked", "percent"),
        ("show_original", "value"),
        ("date_range", "value"),
        ("of_a_newer_notion", "value"),
    ],
)
def test_a_rollup_is_typed_by_what_its_function_comes_to(function, kind):
    prop = {"id": "r", "type": "rollup", "rollup": {"function": function}}

    assert to_schema({"properties": {"R": prop}})["fields"][0]["kind"] == kind


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ({"stripes": "black"}, {"unavailable": "unknown"}),
        ([{"stripes": "black"}], {"unavailable": "unknown"}),
        ("black", "black"),
        (7, 7),
        (False, False),
        ({}, None),
        ([], None),
        ("", None),
    ],
)
def test_a_value_of_a_type_that_is_unknown_is_not_passed_over(told, kept):
    assert to_value({"type": "zebra", "zebra": told}) == kept
    inside = {"type": "formula", "formula": {"type": "zebra", "zebra": told}}
    assert to_value(inside) == kept


@pytest.mark.parametrize("told", [{"stripes": "black"}, [1]])
def test_a_value_that_is_not_understood_is_shown_as_such(told):
    (value,) = described({"type": "zebra", "zebra": told})

    assert isinstance(value, Unavailable)
