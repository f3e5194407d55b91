"""Icons, parents, links, ids and the trash are read from any object."""

import pytest

from integrations.http.errors import InvalidResponse
from integrations.providers.notion.ids import find_id
from integrations.providers.notion.mapping.items import (
    is_trashed,
    to_url,
)
from integrations.providers.notion.mapping.parents import to_parent
from integrations.providers.notion.mapping.titles import to_icon
from integrations.providers.notion.reading.reader import Reader

UID = "a1000000-0000-4000-8000-000000000001"


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


def test_what_is_said_of_another_object_says_nothing_of_this_one(notion):
    other = {"object": "page", "id": UID[:-1] + "2", "in_trash": True}
    notion.transport.on(f"GET /v1/pages/{UID}", other)

    with pytest.raises(InvalidResponse):
        Reader(notion.api, None).fetch_page(UID)
