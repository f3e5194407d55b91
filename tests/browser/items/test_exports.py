"""Take lists, tables, views and ticked rows away, and open the files as others do."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Locator, Page

from tests.browser.test_accessibility import EMAIL, press, tables

pytestmark = pytest.mark.browser

__all__ = ["tables"]


def read_csv(file: Path) -> list[dict[str, Any]]:
    """Return the rows; what would be a formula has an apostrophe before it."""
    rows = csv.DictReader(io.StringIO(file.read_text(encoding="utf-8-sig")))
    return [
        {name: each.removeprefix("'") for name, each in row.items()} for row in rows
    ]


def read_xlsx(file: Path) -> list[dict[str, Any]]:
    # A browser keeps what it downloads under a name without an end.
    book = load_workbook(io.BytesIO(file.read_bytes()), read_only=True)
    heads, *rows = book.worksheets[0].iter_rows(values_only=True)
    return [dict(zip(map(str, heads), row, strict=True)) for row in rows]


def read_json(file: Path) -> list[dict[str, Any]]:
    return list(json.loads(file.read_text()))


def read_ndjson(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


READERS = {
    "csv": read_csv,
    "xlsx": read_xlsx,
    "json": read_json,
    "ndjson": read_ndjson,
}


def download(page: Page, form: Locator, kind: str, button: str) -> list[str]:
    """Press a button that downloads, and return the names that the file has."""
    form.locator("select[name=form]").select_option(kind)
    with page.expect_download() as found:
        form.get_by_role("button", name=button, exact=True).click()
    assert found.value.suggested_filename.endswith(f".{kind}")
    rows = READERS[kind](Path(found.value.path()))
    return [str(row.get("name", row.get("Name"))) for row in rows]


NAMES = "main tbody th a:not(.cell-edit)"


def names_on(page: Page) -> list[str]:
    """Return the names of the rows of all pages, from the one that is open on."""
    found = page.locator(NAMES).all_inner_texts()
    while (link := page.get_by_role("link", name="Next", exact=True)).count():
        link.click()
        page.wait_for_load_state()
        found += page.locator(NAMES).all_inner_texts()
    return found


def test_files_have_the_rows_of_their_list_in_its_order(
    open_page: Callable[..., Page], tables: dict[str, str]
) -> None:
    page = open_page(EMAIL)
    contacts = f"{tables['contacts']}?item.name__starts=a&sort=item.name&size=100"

    for address in ("/items/?type=deal&sort=name&size=100", contacts):
        page.goto(address)
        names = names_on(page)
        page.goto(address)
        page.locator("details.fold > summary", has_text="Download this").click()
        form = page.locator("details.fold[open] form")
        files = {kind: download(page, form, kind, "Download") for kind in READERS}

        assert len(names) > 2
        assert list(files.values()) == [names] * len(READERS)


def test_files_of_a_view_and_of_ticked_rows_have_these_alone(
    open_page: Callable[..., Page], tables: dict[str, str]
) -> None:
    page = open_page(EMAIL)
    page.goto(f"{tables['contacts']}?item.name__starts=a&sort=-item.name&size=100")
    page.get_by_role("link", name="Save as a view").click()
    page.get_by_label("Name", exact=True).fill("To take away")
    press(page, "Save")
    names = page.locator(NAMES).all_inner_texts()
    page.locator("details.fold > summary", has_text="Download this").click()

    of_view = download(page, page.locator("details.fold[open] form"), "csv", "Download")
    boxes = page.locator("main tbody th [name=item]")
    boxes.nth(0).check()
    boxes.nth(2).check()
    form = page.locator("#chosen")
    ticked = {kind: download(page, form, kind, "Download these") for kind in READERS}

    assert of_view == names
    assert list(ticked.values()) == [[names[0], names[2]]] * len(READERS)
