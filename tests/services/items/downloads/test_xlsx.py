"""A workbook has real numbers, dates and links, and nothing that harms who opens it."""

import io
import warnings
from datetime import UTC, date, datetime
from decimal import Decimal
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from integrations.providers.typed.fields import (
    Boolean,
    Choice,
    Choices,
    Date,
    DateTime,
    Duration,
    Email,
    Link,
    Money,
    Number,
    Percent,
    Text,
)
from integrations.providers.typed.plain import plain
from integrations.services.items.downloads import xlsx
from integrations.services.items.downloads.sources import Head, Noted
from integrations.services.items.downloads.xlsx import write_xlsx
from tests.support.workbooks import open_workbook

AT = datetime(2026, 11, 1, 12, 30, 15, tzinfo=UTC)
WEB = "https://app.example.com/1"


@pytest.fixture
def book(tmp_path):
    """Return what writes cells, one row each, and reads them back."""

    def make(*rows, heads=None, name="Deals", **options):
        width = max((len(row) for row in rows), default=1)
        source = SimpleNamespace(
            name=name,
            noted=Noted(),
            heads=heads or [Head(f"Column {n}") for n in range(width)],
            values=lambda: iter(rows),
        )
        file = io.BytesIO()
        write_xlsx(source, file, tmp_path, **options)
        assert not list(tmp_path.iterdir())
        return open_workbook(file.getvalue())

    return make


def cell(book, value):
    return book([value]).active["A2"]


@pytest.mark.parametrize(
    ("value", "held", "shown_as"),
    [
        (Number(amount=Decimal("1234.5")), 1234.5, "#,##0.0"),
        (Number(amount=Decimal(7), precision=2), 7, "#,##0.00"),
        (Number(amount=Decimal(2026), is_grouped=False), 2026, "0"),
        (Number(amount=Decimal("-0.125")), -0.125, "#,##0.000"),
        (Number(amount=Decimal("1E+3")), 1000, "#,##0"),
        (
            Number(amount=Decimal(repr(100 / 3))),
            pytest.approx(100 / 3, rel=1e-15),
            f"#,##0.{'0' * 15}",
        ),
        (Percent(share=Decimal("0.255")), 0.255, "0.0%"),
        (
            Percent(share=Decimal(repr(2 / 3))),
            pytest.approx(2 / 3, rel=1e-15),
            f"0.{'0' * 14}%",
        ),
        (Percent(share=Decimal("0.5"), precision=2), 0.5, "0.00%"),
        (Money(amount=Decimal("12.5"), currency="EUR"), 12.5, '#,##0.00 "EUR"'),
        (Money(amount=Decimal(12), currency="USD"), 12, '#,##0 "USD"'),
        (Money(amount=Decimal(12), symbol="€", precision=2), 12, '"€"#,##0.00'),
        (Money(amount=Decimal(3), currency='a"b\\c'), 3, '#,##0 "abc"'),
        (Money(amount=Decimal(3)), 3, "#,##0"),
    ],
)
def test_numbers_are_numbers_in_their_own_format(book, value, held, shown_as):
    found = cell(book, value)

    assert (found.value, found.data_type, found.number_format) == (held, "n", shown_as)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Number(amount=Decimal(9007199254740993)), "9,007,199,254,740,993"),
        (Number(amount=Decimal(10**15 + 1)), "1,000,000,000,000,001"),
        (Number(amount=Decimal("0.1234567890123456789")), "0.1234567890123456789"),
        (Money(amount=Decimal(10) ** 20, currency="JPY"), f"{10**20:,} JPY"),
        (Number(amount=Decimal("1e400")), f"{10**400:,}"),
        (Date(day=date(1899, 5, 1)), "1 May 1899"),
        (Date(day=date(2026, 1, 1), end=date(2026, 1, 3)), "1 Jan 2026 to 3 Jan 2026"),
        (Duration(seconds=Decimal(-5)), "-5 s"),
        (Choices(values=(Choice(label="A"), Choice(label="B"))), "A, B"),
    ],
)
def test_what_excel_would_round_or_misread_is_a_text(book, value, text):
    found = cell(book, value)

    assert (found.value, found.data_type) == (text, "s")


def test_days_times_and_spans_are_real_in_the_zone_that_the_head_names(book):
    heads = [Head("Day", "date"), Head("At", "datetime"), Head("Took", "duration")]
    row = [
        Date(day=date(2026, 2, 28)),
        DateTime(at=AT, zone="Asia/Tokyo"),
        Duration(seconds=Decimal(93_784)),
    ]

    with timezone.override(ZoneInfo("America/New_York")):
        sheet = book(row, heads=heads).active

    assert sheet["A2"].value == datetime(2026, 2, 28)  # noqa: DTZ001 (Excel has no zone)
    assert sheet["B1"].value == "At (America/New_York)"
    assert sheet["B2"].value == datetime(2026, 11, 1, 7, 30, 15)  # noqa: DTZ001
    assert sheet["A2"].is_date
    assert sheet["C2"].number_format == "[h]:mm:ss"
    assert sheet["C2"].value.total_seconds() == pytest.approx(93_784)


def test_yes_and_no_are_truth_values(book):
    sheet = book([Boolean(is_true=True)], [Boolean(is_true=False, label="Nein")]).active

    assert [sheet["A2"].value, sheet["A3"].value] == [True, False]


@pytest.mark.parametrize(
    "text",
    [
        "=HYPERLINK(1)",
        "=1+1",
        "{=SUM(A1)}",
        "+1",
        "@x",
        "-1",
        "007",
        "1e5",
        "https://a.example",
        "internal:Sheet1!A1",
        "external:c:\\x",
        "mailto:a@b.c",
        "<r><t>raw</t></r>",
        "<r>&</r>",
        "_x0041_",
        " spaces ",
        "two\nlines",
        "]]>",
        "TRUE",
        "#REF!",
    ],
)
def test_a_text_is_that_text_and_nothing_else(book, text):
    found = cell(book, Text(text=text))

    assert (found.value.replace("_x005F_", "_"), found.data_type) == (text, "s")
    assert found.hyperlink is None


def test_what_steers_or_xml_cannot_hold_is_replaced(book):
    found = cell(book, Text(text="a\x00\x1b[1m\u202eb\ufffe\ud800c\r\nd")).value

    assert found == "a��[1m�b��c\nd"


@pytest.mark.parametrize("character", ["x", "\N{GRINNING FACE}"])
def test_a_cell_too_long_for_excel_is_cut_and_says_so(book, character):
    found = cell(book, Text(text=character * 40_000)).value

    assert found.endswith("…")
    assert 32_765 <= len(found.encode("utf-16-le")) // 2 <= 32_767


@pytest.mark.parametrize(
    ("link", "target"),
    [
        (Link(url=WEB, label="One"), WEB),
        (Link(url=f"{WEB}#part two".replace(" ", "-")), f"{WEB}#part-two"),
        (Link(url="http://plain.example", label="Plain"), "http://plain.example"),
        (Link(url="http://user@host.example"), None),
        (Link(url="ftp://files.example"), None),
        (Link(url="file:///etc/passwd"), None),
        (Link(url="internal:Sheet1!A1"), None),
        (Link(url="tel:+4930123456"), None),
        (Link(url="https://user@host.example"), None),
        (Link(url="javascript:alert(1)"), None),
        (Link(url="mailto:ada@example.com"), "mailto:ada@example.com"),
        (Link(url="mailto:ada@example.com?bcc=eve@example.com"), None),
        (Email(address="ada@example.com"), "mailto:ada@example.com"),
        (Email(address="ada@example.com?subject=x"), None),
        (Email(address='=cmd|"/c calc"!A1'), None),
        (Email(address="@SUM(A1)"), None),
        (Link(url=f"{WEB}/{'x' * 3000}"), None),
        (Link(url=WEB, label="<r>&</r>"), None),
    ],
)
def test_only_safe_addresses_are_links(book, link, target):
    found = cell(book, link)

    assert (found.value, found.data_type) == (plain(link), "s")
    told = found.hyperlink
    assert (
        told and f"{told.target}{f'#{told.location}' if told.location else ''}"
    ) == (target)


def test_links_beyond_what_a_sheet_holds_are_texts_and_begin_anew(book, monkeypatch):
    monkeypatch.setattr(xlsx, "MOST_LINKS", 2)
    rows = [[Link(url=f"{WEB}/{n}")] for n in range(6)]

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        first, second = book(*rows, most_rows=5).worksheets

    assert [bool(c.hyperlink) for (c,) in first["A2:A5"]] == [True, True, False, False]
    assert [bool(c.hyperlink) for (c,) in second["A2:A3"]] == [True, True]
    assert first["A5"].value == f"{WEB}/3"


def test_more_rows_than_a_sheet_holds_go_on_in_another_with_the_same_heads(book):
    made = book(*([Number(amount=Decimal(n))] for n in range(7)), most_rows=4)

    assert made.sheetnames == ["Deals", "Deals 2", "Deals 3"]
    told = [[row[0] for row in sheet.iter_rows(values_only=True)] for sheet in made]
    assert told == [["Column 0", 0, 1, 2], ["Column 0", 3, 4, 5], ["Column 0", 6]]


def test_the_head_is_bold_and_stays_and_columns_are_as_wide_as_their_kind(book):
    heads = [Head("Name"), Head("Amount", "money"), Head("Yes", "boolean")]
    sheet = book([Text(text="x")], heads=heads).active

    assert sheet.freeze_panes == "B2"
    assert all(sheet.cell(1, n).font.bold for n in (1, 2, 3))
    widths = [round(sheet.column_dimensions[letter].width) for letter in "ABC"]
    assert widths[0] > widths[1] > widths[2] > 5


@pytest.mark.parametrize(
    ("name", "sheet"),
    [
        ("a/b:c*[d]?", "a b c d"),
        ("Sales / Deals", "Sales Deals"),
        (f"{'x' * 30} / y", "x" * 30),
        ("'quoted'", "quoted"),
        ("History", "Items"),
        ("", "Items"),
        ("x" * 50, "x" * 31),
        ("\u202eevil\n", "\ufffdevil"),
    ],
)
def test_any_name_names_a_sheet(book, name, sheet):
    assert book([Text(text="x")], name=name).sheetnames == [sheet]


def test_currencies_without_end_make_no_formats_without_end(book, monkeypatch):
    monkeypatch.setattr(xlsx, "MOST_FORMATS", 3)
    rows = [[Money(amount=Decimal(1), currency=f"C{n}")] for n in range(5)]

    values = [c.value for (c,) in book(*rows).active["A2:A6"]]

    assert values == [1, 1, 1, "1 C3", "1 C4"]
