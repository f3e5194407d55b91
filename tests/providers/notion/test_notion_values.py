"""Titles, icons, parents, and the values of every type of property."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from integrations.http.errors import InvalidResponse
from integrations.providers.fields import (
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
    User,
    Users,
)
from integrations.providers.notion.ids import find_id
from integrations.providers.notion.mapping.display import NOT_GIVEN, describe
from integrations.providers.notion.mapping.display import to_value as type_value
from integrations.providers.notion.mapping.items import (
    is_trashed,
    to_page_item,
    to_source_item,
    to_url,
)
from integrations.providers.notion.mapping.parents import to_parent
from integrations.providers.notion.mapping.schema import to_schema
from integrations.providers.notion.mapping.titles import page_title, to_icon
from integrations.providers.notion.mapping.values import to_value
from integrations.providers.plain import plain
from integrations.providers.records import FieldSpec
from integrations.providers.rich_text import Span, Style

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
        "Number": text("TASK-12"),
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
        "Where": text("Harbour"),
        "fuTu": text("glow"),
    }


def test_a_relation_names_the_pages_and_the_table_they_are_rows_of(notion):
    item = to_page_item(notion.load("row_every_type"), None)
    schema = json.loads(json.dumps(to_schema(notion.load("data_source_tasks"))))

    values = {f.label: f.value for f in describe(item.properties, schema)}

    assert values["Blocks"].linked_ids == (UID, UID[:-1] + "2")
    assert values["Blocks"].linked_collection
    assert isinstance(values["Names"], Many)


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
    ("kept", "kind", "value"),
    [
        (0, "number", Number(amount=Decimal(0), is_grouped=False)),
        (0.1 + 0.2, "number", Number(amount=Decimal("0.3"), is_grouped=False)),
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
        (["…"], "relation", None),
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
    ("icon", "words"),
    [
        ({"type": "emoji", "emoji": "🚀"}, "🚀"),
        (
            {"type": "emoji", "emoji": "\N{INFORMATION SOURCE}\ufe0f"},
            "\N{INFORMATION SOURCE}\ufe0f",
        ),
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
    "emoji",
    [
        "\N{INFORMATION SOURCE}\ufe0f",
        "\N{COPYRIGHT SIGN}\ufe0f",
        "\N{DOUBLE EXCLAMATION MARK}\ufe0f",
        "\N{WAVY DASH}\ufe0f",
        "\N{LEFT RIGHT ARROW}\ufe0f",
        "1\ufe0f\u20e3",
        "#\u20e3",
        "\U0001f1e9\U0001f1ea",
        "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466",
        "\U0001f3f3\ufe0f\u200d\U0001f308",
        "\U0001f44d\U0001f3fd",
        "\U0001fae9",
        "㊗\ufe0f",
    ],
)
def test_every_emoji_is_an_icon(emoji):
    assert to_icon({"type": "emoji", "emoji": emoji}) == emoji


@pytest.mark.parametrize("word", ["", "a", "12", "#", "ab\U0001f44d", "é", "+"])
def test_no_word_is_an_emoji(word):
    assert to_icon({"type": "emoji", "emoji": word}) == ""


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
