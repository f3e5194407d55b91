"""Write rows of typed values as an Excel workbook, in memory that does not grow."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final

from django.utils import timezone
from django.utils.text import capfirst
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from integrations.models.messages.wording import RAW_ROWS, connector_text
from integrations.providers.text.rich_text import is_plain_http, safe_href
from integrations.providers.typed.fields import (
    Boolean,
    Date,
    DateTime,
    Duration,
    Email,
    Link,
    Money,
    Number,
    Percent,
    Value,
)
from integrations.providers.typed.plain import plain
from integrations.services.items.downloads.sources import Head, Source
from integrations.services.items.downloads.xlsx_cells import (
    SECONDS,
    digits_format,
    exact,
    money_format,
    percent_format,
    serial,
    to_text,
)

# What Excel can hold.
# https://support.microsoft.com/office/1672b34d-7043-467e-8e27-269d656771c3
MOST_ROWS: Final = 1_048_576
MOST_LINKS: Final = 65_530
MOST_URL: Final = 2000
MOST_NAME: Final = 31
# Currencies are words of others, and each of them is a format of its own.
MOST_FORMATS: Final = 200
NOT_IN_NAMES: Final = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
DAY, TIME = "yyyy-mm-dd", "yyyy-mm-dd hh:mm"
WIDTHS: Final[Mapping[str, int]] = {
    "boolean": 9,
    "date": 12,
    "datetime": 18,
    "long": 60,
    "money": 16,
    "number": 14,
    "percent": 10,
    "url": 40,
}
LEAST_WIDTH, USUAL_WIDTH, MOST_WIDTH = 8, 24, 60
NAME_WIDTH = 36


def write_xlsx(
    source: Source, file: BinaryIO, folder: Path, *, most_rows: int = MOST_ROWS
) -> None:
    """Write a workbook; more rows than a sheet holds go on in another one.

    Its parts wait in ``folder`` until it is whole.
    """
    options = {
        "constant_memory": True,
        "tmpdir": str(folder),
        "strings_to_formulas": False,
        "strings_to_numbers": False,
        "strings_to_urls": False,
    }
    book = Workbook(file, options)
    book.use_zip64()
    _Writer(book, source, most_rows).write()
    if mistake := source.noted.mistake:
        # Among the properties of the workbook: no reader takes that for a row.
        told = capfirst(connector_text(mistake, RAW_ROWS))
        book.set_properties({"comments": told})
    # Not by ``with``, which would also write all of what was given up.
    book.close()


class _Writer:
    """Writer of one workbook, with its formats and where it is."""

    def __init__(self, book: Workbook, source: Source, most_rows: int) -> None:
        self._book, self._source, self._most_rows = book, source, most_rows
        self._formats: dict[str, Any] = {}
        self._bold = book.add_format({"bold": True, "bottom": 1, "valign": "top"})
        self._link = book.get_default_url_format()
        self._zone = timezone.get_current_timezone()
        self._sheets = 0
        self._sheet: Worksheet = self._begin_sheet()
        self._row = 1
        self._links = 0

    def write(self) -> None:
        """Write all rows of the source."""
        for cells in self._source.values():
            if self._row == self._most_rows:
                self._sheet, self._row, self._links = self._begin_sheet(), 1, 0
            for column, value in enumerate(cells):
                if value is not None:
                    self._write(column, value)
            self._row += 1

    def _begin_sheet(self) -> Worksheet:
        self._sheets += 1
        sheet = self._book.add_worksheet(_sheet_name(self._source.name, self._sheets))
        sheet.freeze_panes(1, 1)
        for column, head in enumerate(self._source.heads):
            label = self._label(head)
            sheet.set_column(column, column, _width(column, head, label))
            _write_text(sheet, 0, column, label, self._bold)
        return sheet

    def _label(self, head: Head) -> str:
        """Return a head's label; times are in a zone that Excel knows nothing of."""
        return f"{head.label} ({self._zone})" if head.kind == "datetime" else head.label

    def _write(self, column: int, value: Value) -> None:
        if isinstance(value, Boolean):
            self._sheet.write_boolean(self._row, column, value.is_true)
        elif isinstance(value, (Email, Link)):
            self._write_link(column, value)
        else:
            number, shown_as = self._to_number(value)
            if number is None:
                self._write_text(column, plain(value, zone=self._zone))
            else:
                cell_format = self._format(shown_as)
                self._sheet.write_number(self._row, column, number, cell_format)

    def _to_number(self, value: Value) -> tuple[float | None, str]:
        """Return what Excel calculates with and how it is shown, None for neither."""
        if isinstance(value, Number) and not value.prefix:
            return exact(value.amount), digits_format(value)
        if isinstance(value, Percent):
            return exact(value.share), percent_format(value)
        if isinstance(value, Money):
            shown_as = money_format(value)
            is_known = shown_as in self._formats or len(self._formats) < MOST_FORMATS
            return (exact(value.amount) if is_known else None), shown_as
        if isinstance(value, Duration) and value.seconds >= 0:
            seconds = exact(value.seconds)
            days = None if seconds is None else seconds / SECONDS
            return days, "[h]:mm:ss"
        if isinstance(value, Date) and value.end is None:
            return serial(value.day), DAY
        if isinstance(value, DateTime) and value.end is None:
            local = value.at.astimezone(self._zone)
            return serial(local.replace(tzinfo=None)), TIME
        return None, ""

    def _format(self, shown_as: str) -> Any:
        if shown_as not in self._formats:
            made = self._book.add_format({"num_format": shown_as})
            self._formats[shown_as] = made
        return self._formats[shown_as]

    def _write_link(self, column: int, value: Email | Link) -> None:
        url = f"mailto:{value.address}" if isinstance(value, Email) else value.url
        text = to_text(plain(value))
        can_link = _is_target(url) and not _is_markup(text)
        if not can_link or self._links == MOST_LINKS:
            self._write_text(column, text)
            return
        self._links += 1
        self._sheet.write_url(self._row, column, url, self._link, text)

    def _write_text(self, column: int, text: str) -> None:
        _write_text(self._sheet, self._row, column, to_text(text))


def _is_target(url: str) -> bool:
    """Tell whether a cell may lead there: to the web, or to an address for mail.

    A file leads where its values say, encrypted or not; who follows it is told by
    their own browser.
    """
    is_safe = url.startswith(("https:", "mailto:")) and bool(safe_href(url))
    return len(url) <= MOST_URL and (is_safe or is_plain_http(url))


def _write_text(
    sheet: Worksheet, row: int, column: int, text: str, shown_as: Any = None
) -> None:
    """Write a text, as a text even if it looks like XlsxWriter's own markup."""
    if _is_markup(text):
        sheet.write_rich_string(row, column, text[0], text[1], text[2:])
    elif text:
        sheet.write_string(row, column, text, shown_as)


def _is_markup(text: str) -> bool:
    """Tell whether XlsxWriter would take a text for XML of its own, and not escape it.

    https://github.com/jmcnamara/XlsxWriter/blob/main/xlsxwriter/worksheet.py
    """
    return text.startswith("<r>") and text.endswith("</r>")


def _sheet_name(name: str, number: int) -> str:
    """Return the name of a sheet, of which Excel allows no length and no brackets."""
    end = f" {number}" if number > 1 else ""
    words = NOT_IN_NAMES.sub(" ", to_text(name)).split()
    kept = " ".join(words)[: MOST_NAME - len(end)].strip().strip("'").strip()
    # The one name that Excel keeps for itself.
    return f"{kept if kept and kept.lower() != 'history' else 'Items'}{end}"


def _width(column: int, head: Head, label: str) -> int:
    usual = NAME_WIDTH if column == 0 else WIDTHS.get(head.kind, USUAL_WIDTH)
    return min(MOST_WIDTH, max(LEAST_WIDTH, usual, len(label) + 2))
