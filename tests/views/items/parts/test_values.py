"""Typed values are drawn in one place, in the zone of whoever looks."""

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.template.loader import render_to_string
from django.utils import timezone

from integrations.models import Item
from integrations.providers.text.html_blocks import html_blocks
from integrations.providers.typed.fields import (
    Choice,
    Choices,
    Date,
    DateTime,
    Duration,
    Email,
    File,
    Link,
    Money,
    Number,
    Phone,
    Relation,
    RichText,
    Text,
    User,
)
from integrations.services.items.relations.links import Links
from integrations.views.items.parts.values import show

HOSTILE = "<script>alert(1)</script>"
FOUND = {("", each): Item(name=f"Item {each}") for each in "ab"}


def draw(value, links=None):
    shown = show(value, links or Links(found={}))
    html = render_to_string("items/partials/value.html", {"value": shown})
    return " ".join(html.split())


def test_a_time_is_in_the_zone_of_whoever_looks_and_the_sources_in_its_title():
    at = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
    value = DateTime(at=at, zone="Europe/Berlin")

    with timezone.override(ZoneInfo("Asia/Tokyo")):
        html = draw(value)

    assert ">21 Nov 2026, 08:30 JST</time>" in html
    assert 'title="21 Nov 2026, 00:30 CET"' in html
    assert 'datetime="2026-11-21T00:30:00+01:00"' in html


def test_a_time_without_a_zone_of_its_own_has_no_title():
    assert "title" not in draw(DateTime(at=datetime(2026, 1, 1, tzinfo=UTC)))


@pytest.mark.parametrize(
    ("value", "title"),
    [
        (Number(amount=Decimal("12.345"), precision=1), "12.345"),
        (Number(amount=Decimal(12), precision=0), ""),
        (Money(amount=Decimal("9.999"), symbol="$", precision=2), "$9.999"),
        (Money(amount=Decimal("9.996"), symbol="$", precision=2), "$9.996"),
        # Zeros alone are no digits that were left out, nor were they rounded away.
        (Money(amount=Decimal(1200), symbol="€", precision=2), ""),
        (Money(amount=Decimal("-12.50"), currency="EUR", precision=3), ""),
        (Number(amount=Decimal("99.9996"), precision=2), "99.9996"),
        (Number(amount=Decimal(1000), precision=1), ""),
        (Duration(seconds=Decimal(93784)), "93,784 s"),
        (User(name="Ana", email="a@b.example"), "a@b.example"),
        (User(email="a@b.example"), ""),
        (
            File(name="a.pdf", size=2048, type="application/pdf"),
            "2.0\xa0KB, application/pdf",
        ),
        (Date(day=date(2026, 1, 1)), ""),
    ],
)
def test_what_the_words_leave_out_is_in_the_title(value, title):
    assert show(value).title == title


@pytest.mark.parametrize(
    ("value", "href"),
    [
        (Link(url="https://a.example/x"), 'href="https://a.example/x"'),
        (Link(url="https://a.example", label="Open"), 'href="https://a.example"'),
        (Email(address="ana@b.example"), 'href="mailto:ana@b.example"'),
        (Phone(number="+49 (30) 123-4"), 'href="tel:+49301234"'),
    ],
)
def test_addresses_lead_somewhere(value, href):
    assert href in draw(value)


@pytest.mark.parametrize(
    "value",
    [
        *(Link(url=f"{each}a.example") for each in ("http://", "", "https://b@", "//")),
        Link(url="javascript:alert(1)"),
        Link(url="mailto:a@b.example?bcc=c@d.example"),
        Link(url="javascript:alert(1)", label="Open"),
        Email(address="a@b.example?bcc=c@d.example"),
        Email(address="a@b.example,c@d.example"),
        Email(address="nobody"),
        Phone(number="ask Ana"),
        Phone(number="*#06#"),
    ],
)
def test_what_is_no_plain_address_is_only_a_text(value):
    assert "href" not in draw(value)


def test_an_address_that_is_not_offered_is_told():
    html = draw(Link(url="http://a.example/x", label="Open"))

    assert "Open (http://a.example/x)" in html
    assert "href" not in html


@pytest.mark.parametrize(
    "value",
    [
        Text(text=HOSTILE),
        Text(text=HOSTILE * 100),
        Choice(label=HOSTILE),
        Choices(values=(Choice(label=HOSTILE), Choice(label="b"))),
        Email(address=HOSTILE),
        Link(url="https://a.example/", label=HOSTILE),
        RichText(blocks=html_blocks("&lt;script&gt;alert(1)&lt;/script&gt;")),
        User(name="x", email=HOSTILE),
    ],
)
def test_hostile_values_stay_texts(value):
    html = draw(value)

    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_several_values_are_a_list():
    value = Choices(values=(Choice(label="a"), Choice(label="b")), has_more=True)

    html = draw(value)

    assert html.count("<li") == 3
    assert "and more than shown" in html
    assert show(value).text == "a, b, and more than shown"


@pytest.mark.parametrize(
    ("ids", "has_more", "text"),
    [
        ("ab", False, "Item a, Item b"),
        ("abx", False, "Item a, Item b and 1 more"),
        ("ab", True, "Item a, Item b and more than shown"),
        ("abx", True, "Item a, Item b and more than 1 more"),
        ("x", False, "1 item not stored here"),
        ("xy", False, "2 items not stored here"),
        ("xy", True, "more than 2 items not stored here"),
        ("", True, "items that are not told"),
    ],
)
def test_a_relation_names_what_is_stored_and_counts_the_rest(ids, has_more, text):
    relation = Relation(linked_ids=tuple(ids), has_more=has_more)

    shown = show(relation, Links(found=FOUND))

    assert shown.text == text
    assert [item.name for item in shown.items] == [
        f"Item {i}" for i in ids if i in "ab"
    ]


def test_long_texts_are_folded_and_kept_whole():
    text = "word " * 300

    html = draw(Text(text=text))

    assert "<details>" in html
    assert text.strip() in html
    assert "<details>" not in draw(Text(text="short"))
    assert "<details>" in draw(Text(text="line\n" * 20))


def test_markup_is_shown_as_its_words():
    assert ">Line one Line two</bdi></span>" in draw(
        RichText(blocks=html_blocks("<p>Line one<br>Line two</p>"))
    )


def test_nothing_is_a_dash():
    html = render_to_string("items/partials/value.html", {"value": None})

    assert "–" in html  # noqa: RUF001 (the dash that the page shows)
