"""Typed values are written as plain text in one place."""

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from integrations.providers.text.html_blocks import html_blocks
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
    to_several,
)
from integrations.providers.typed.plain import plain

NIGHT = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)


def number(text, **more):
    return Number(amount=Decimal(text), **more)


def money(text, **more):
    return Money(amount=Decimal(text), **more)


def percent(text, **more):
    return Percent(share=Decimal(text), **more)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Text(text="a\nb"), "a\nb"),
        (RichText(blocks=html_blocks("<p>a</p>")), "a"),
        (RichText(blocks=markdown_blocks("**a**")), "a"),
        (Boolean(is_true=True), "Yes"),
        (Boolean(is_true=False), "No"),
        (Boolean(is_true=True, label="Sure"), "Sure"),
        (Choice(label="A"), "A"),
        (User(id="1", name="Ana", email="a@b.example"), "Ana"),
        (User(id="1", email="a@b.example"), "a@b.example"),
        (User(id="99"), "Somebody (99)"),
        (User(id="33333333-3333-4333-8333-333333333334"), "Somebody"),
        (User(), "Somebody"),
        (Email(address="a@b.example"), "a@b.example"),
        (Phone(number="+49 30 1"), "+49 30 1"),
        (Link(url="https://a.example"), "https://a.example"),
        (Link(url="https://a.example", label="Open"), "Open"),
        (File(name="a.pdf", size=7), "a.pdf"),
        (Relation(linked_ids=("1", "2"), has_more=True), "1, 2, …"),
        (Unavailable(reason="Not generated yet"), "Not generated yet"),
        (Choices(values=(Choice(label="A"), Choice(label="B"))), "A, B"),
        (Users(values=(User(name="Ana"), User()), has_more=True), "Ana, Somebody, …"),
        (Files(values=(File(name="a.pdf"),)), "a.pdf"),
        (Many(values=(Text(text="x"), number("3"))), "x, 3"),
    ],
)
def test_every_type_has_words(value, text):
    assert plain(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (number("1500.50"), "1,500.50"),
        (number("1E+3"), "1,000"),
        (number("0.0045"), "0.0045"),
        (number("1042", is_grouped=False), "1042"),
        (number("3", out_of=5), "3 of 5"),
        (number("2.5", precision=0), "3"),
        (number("-0.4", precision=0), "-0.4"),
        (number("-0.0", precision=2), "0.00"),
        (number("-0"), "0"),
        (number("-0.0", is_grouped=False), "0.0"),
        (number("0.0045", precision=2), "0.0045"),
        (number("1234567.891", precision=2), "1,234,567.89"),
        (number("9" * 30, precision=8), f"{int('9' * 30):,}.00000000"),
        (percent("0.2"), "20 %"),
        (percent("1"), "100 %"),
        (percent("0.00045"), "0.045 %"),
        (percent("0.125", precision=1), "12.5 %"),
        (percent("0.00001", precision=1), "0.001 %"),
        (percent("-0", precision=1), "0.0 %"),
        (percent("9" * 38), f"{int('9' * 38) * 100:,} %"),
        (money("1500", currency="EUR"), "1,500 EUR"),
        (money("1500.5", currency="EUR"), "1,500.50 EUR"),
        (money("0.0045", currency="EUR"), "0.0045 EUR"),
        (money("12.345"), "12.345"),
        (money("-1234.5", symbol="€", precision=2), "-€1,234.50"),
        (money("5", symbol="CHF", precision=2), "CHF 5.00"),
    ],
)
def test_no_digit_that_matters_is_rounded_away(value, text):
    assert plain(value) == text


@pytest.mark.parametrize(
    ("seconds", "style", "text"),
    [
        ("3725", "h:mm", "1:02"),
        ("3725", "h:mm:ss", "1:02:05"),
        ("59.96", "h:mm:ss.S", "0:01:00.0"),
        ("1.25", "h:mm:ss.SS", "0:00:01.25"),
        ("-90", "h:mm", "-0:02"),
        ("360000", "h:mm", "100:00"),
        ("29", "h:mm", "29 s"),
        ("-29", "h:mm", "-29 s"),
        ("0.04", "h:mm:ss.S", "0.04 s"),
        ("0", "h:mm", "0:00"),
        ("1", "h:mm:ss." + "S" * 99, "0:00:01.000"),
        ("93784", "", "1 day 2 h 3 min"),
        ("172800", "", "2 days"),
        ("3605", "", "1 h 5 s"),
        ("-61.9", "", "-1 min 1 s"),
        ("0.25", "", "0.25 s"),
        ("0", "", "0 s"),
    ],
)
def test_durations_are_written_in_units_or_by_a_pattern(seconds, style, text):
    assert plain(Duration(seconds=Decimal(seconds), style=style)) == text


@pytest.mark.parametrize(
    ("day", "text"),
    [
        (date(2026, 3, 4), "4 Mar 2026"),
        (date(1, 1, 1), "1 Jan 0001"),
        (date(9999, 12, 31), "31 Dec 9999"),
    ],
)
@pytest.mark.parametrize("zone", [None, ZoneInfo("Pacific/Kiritimati")])
def test_a_day_is_that_day_in_every_zone(day, text, zone):
    assert plain(Date(day=day), zone=zone) == text


def test_a_period_has_two_ends():
    days = Date(day=date(2026, 3, 4), end=date(2026, 3, 6))

    assert plain(days) == "4 Mar 2026 to 6 Mar 2026"


@pytest.mark.parametrize(
    ("hints", "zone", "text"),
    [
        ({}, None, "20 Nov 2026, 23:30 UTC"),
        ({"zone": "Europe/Berlin"}, None, "21 Nov 2026, 00:30 CET"),
        ({"zone": "UTC+01:00"}, None, "21 Nov 2026, 00:30 UTC+01:00"),
        ({"zone": "UTC-03:30"}, None, "20 Nov 2026, 20:00 UTC-03:30"),
        ({"zone": "Not/AZone"}, None, "20 Nov 2026, 23:30 UTC"),
        ({"zone": "Europe/Berlin"}, ZoneInfo("Asia/Tokyo"), "21 Nov 2026, 08:30 JST"),
        ({}, ZoneInfo("Asia/Kathmandu"), "21 Nov 2026, 05:15 +0545"),
        ({}, ZoneInfo("America/St_Johns"), "20 Nov 2026, 20:00 NST"),
    ],
)
def test_times_are_in_the_zone_of_whoever_looks_or_their_own(hints, zone, text):
    assert plain(DateTime(at=NIGHT, **hints), zone=zone) == text


@pytest.mark.parametrize(
    ("hour", "text"),
    [(5, "1 Nov 2026, 01:30 EDT"), (6, "1 Nov 2026, 01:30 EST")],
)
def test_an_hour_that_comes_twice_is_told_apart_by_its_zone(hour, text):
    at = datetime(2026, 11, 1, hour, 30, tzinfo=UTC)

    assert plain(DateTime(at=at), zone=ZoneInfo("America/New_York")) == text


def test_lists_are_known_by_what_they_hold():
    a, b = Choice(label="a"), Choice(label="b")

    assert to_several([a, None, Choices(values=(b,))]) == Choices(values=(a, b))
    assert to_several([a, User(id="1")]) == Many(values=(a, User(id="1")))
    assert to_several([None, None]) is None
