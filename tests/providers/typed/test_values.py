"""Ids, times, numbers, names and links are read the same way for every provider."""

import random
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from integrations.http.errors import InvalidResponse
from integrations.providers.typed.values import (
    https_url,
    is_host_of,
    one_line,
    to_id,
    to_number,
    to_scopes,
    to_time,
    to_zone,
)


@pytest.mark.parametrize(("value", "text"), [("a-1", "a-1"), (2**40, str(2**40))])
def test_an_id_is_a_text(value, text):
    assert to_id(value) == text


@pytest.mark.parametrize("odd", [None, "", True, 1.5, {}, "x" * 65, "a\n"])
def test_what_is_no_id_is_refused(odd):
    with pytest.raises(InvalidResponse):
        to_id(odd)


@pytest.mark.parametrize(
    "text",
    ["2026-11-20T10:00:00Z", "2026-11-20T11:00:00+01:00", "2026-11-20T10:00:00"],
)
def test_a_time_is_aware_and_in_utc(text):
    assert to_time(text) == datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert to_time(text).tzinfo is UTC


def test_a_time_without_a_zone_is_in_the_one_given():
    assert to_time("2026-11-20T11:00:00", zone=ZoneInfo("Europe/Berlin")) == datetime(
        2026, 11, 20, 10, tzinfo=UTC
    )


@pytest.mark.parametrize(
    "odd",
    [
        *(None, 7, [], "", "soon", "2026-13-01", "9" * 5000),
        *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59Z"),
    ],
)
def test_what_is_no_time_is_nothing_and_no_error(odd):
    assert to_time(odd) is None


@pytest.mark.parametrize("name", [None, "", "Nowhere/Land", "../etc/passwd", "US/\x00"])
def test_what_names_no_zone_is_none(name):
    assert to_zone(name) is None


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (0.1, "0.1"),
        (0.1 + 0.2, "0.3"),
        (-1.1 * 3, "-3.3"),
        (0.1234567890123456, "0.1234567890123456"),
        (1234567890.1234567, "1234567890.1234567"),
        (1 / 3, "0.3333333333333333"),
        (15162237635.29 + 925.84, "15162238561.13"),
        (999999999999.1 + 0.03, "999999999999.13"),
        (sum([0.1] * 10), "1"),
        (100000000000000.5, "100000000000000.5"),
        (12345678901234.01, "12345678901234.01"),
        (91234567890120.05, "91234567890120.05"),
        (5418259700916.505, "5418259700916.505"),
        ("1e3", "1000"),
        ("0.0045", "0.0045"),
        (0, "0"),
        (12345678901234567890, "12345678901234567890"),
    ],
)
def test_a_number_is_exact(value, number):
    assert to_number(value) == Decimal(number)


@pytest.mark.parametrize("whole", [0, 7, 1000000000000001, 2**53, -(2**53)])
def test_a_whole_number_keeps_its_digits(whole):
    assert str(to_number(float(whole))) == str(whole)


def test_sums_with_cents_lose_what_adding_leaves_and_given_digits_are_kept():
    numbers = random.Random(7)
    for _ in range(2000):
        cents = [numbers.randrange(10**14) for _ in range(numbers.choice((2, 3, 9)))]
        cents[0] //= 10 ** numbers.randrange(12)
        total = sum(each / 100 for each in cents) if sum(cents) < 10**14 else 0.0
        assert to_number(total) in {Decimal(0), Decimal(sum(cents)) / 100}
    for _ in range(2000):
        given = f"0.{numbers.randrange(10**14, 10**15)}"
        assert to_number(float(given)) == Decimal(given)


@pytest.mark.parametrize(
    "odd", ["x", "", "NaN", "Infinity", True, None, [], 1e300, "1e999999", 1e-30]
)
def test_a_number_beyond_all_reason_is_none(odd):
    assert to_number(odd) is None


def test_a_name_is_one_line_of_bounded_length():
    assert one_line(" a\n b\t") == "a b"
    assert one_line("x" * 300) == "x" * 254 + "…"
    assert one_line("abc", limit=2) == "a…"
    assert one_line("ab", limit=2) == "ab"
    assert one_line(7) == ""


def test_scopes_are_texts_or_not_told():
    assert to_scopes(["a", 1, "b"]) == ("a", "b")
    assert to_scopes([]) == ()
    assert to_scopes("a b") is None


@pytest.mark.parametrize(
    ("url", "is_kept"),
    [
        ("https://app.example.com/p?q=1", True),
        ("https://example.com", True),
        ("https://deep.example.net/", True),
        ("https://example.net/", False),
        ("http://app.example.com/p", False),
        ("https://evil.test/app.example.com", False),
        ("https://app.example.com.evil.test/", False),
        ("https://evilexample.com/", False),
        ("https://x@app.example.com/", False),
        ("https://app.example.com:444/", False),
        ("https://app.example.com\\@evil.test/", False),
        ("https://app..example.com/", False),
        ("https://-app.example.com/", False),
        ("https://app.example.com/a b", False),
        ("https://äpp.example.com/", False),
        ("https://[", False),
        ("javascript:alert(1)", False),
        ("https://app.example.com/" + "x" * 1000, False),
        (None, False),
    ],
)
def test_a_link_leads_to_the_provider_or_nowhere(url, is_kept):
    domains = ("example.com", ".example.com", ".example.net")

    assert (https_url(url, domains=domains) == url and url is not None) is is_kept


def test_a_host_is_a_plain_name():
    assert is_host_of("A.example.com", (".example.com",))
    assert not is_host_of("a.example.com ", (".example.com",))
    assert not is_host_of("a" * 250 + ".example.com", (".example.com",))
