"""Tick rows of the list over everything and of a search, and take what they hold."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.fixtures import PHONE
from tests.browser.test_accessibility import EMAIL, press, tables, violations

pytestmark = pytest.mark.browser

__all__ = ["tables"]
# Where rows are ticked, and what the page of their addresses says they are of.
PLACES = [("/items/?size=25", "Items"), ("/search/?q=an", "Found for “an”")]
places = pytest.mark.parametrize(("address", "name"), PLACES, ids=["list", "search"])


def boxes_on(page: Page) -> Locator:
    return page.get_by_role("checkbox", name=re.compile("^Choose "))


@places
def test_rows_are_ticked_by_keys_and_their_addresses_listed(
    open_page: Callable[..., Page], tables: dict[str, str], address: str, name: str
) -> None:
    page = open_page(EMAIL)
    page.goto(address)

    expect(page.get_by_role("checkbox", name="Several rows at once")).to_be_hidden()
    for key in ("j", "j", "x", "k", "x"):
        page.keyboard.press(key)

    assert [box.is_checked() for box in boxes_on(page).all()[:3]] == [
        *(True, True, False),
    ]
    expect(page.locator("#chosen-rows option:checked")).to_contain_text("2 rows")
    press(page, "E-mails and links")
    expect(page.get_by_role("heading", level=1)).to_have_text("2 rows chosen")
    page.get_by_role("link", name=name).last.click()
    page.wait_for_url(f"**{address.partition('?')[0]}*")


@places
def test_rows_are_ticked_and_downloaded_on_a_telephone_without_a_script(
    open_page: Callable[..., Page], tables: dict[str, str], address: str, name: str
) -> None:
    page = open_page(EMAIL, java_script_enabled=False, viewport=PHONE)
    page.goto(address)
    boxes_on(page).first.check()

    box: Any = boxes_on(page).first.bounding_box()
    assert min(box["width"], box["height"]) >= 18
    with page.expect_download() as file:
        page.get_by_role("button", name="Download these").click()
    assert file.value.suggested_filename.endswith(".csv")
    page.get_by_role("button", name="E-mails and links").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("1 row chosen")


def test_what_is_done_with_rows_keeps_to_its_column_on_a_telephone(
    open_page: Callable[..., Page], tables: dict[str, str]
) -> None:
    page = open_page(EMAIL, viewport=PHONE)

    for address in (*(each for each, _ in PLACES), tables["contacts"]):
        page.goto(address)
        chosen = page.locator(".chosen")
        # A line, as long as nothing is ticked.
        assert (chosen.bounding_box() or {})["height"] < 48
        boxes_on(page).first.check()
        form: Any = chosen.bounding_box()
        within = chosen.locator("select, button")
        boxes: list[Any] = [each.bounding_box() for each in within.all()]

        assert form["x"] + form["width"] < PHONE["width"]
        assert max(box["x"] + box["width"] for box in boxes) <= (
            form["x"] + form["width"] + 1
        )


def test_ticks_are_of_their_page_as_it_says(
    open_page: Callable[..., Page], tables: dict[str, str]
) -> None:
    page = open_page(EMAIL)
    page.goto("/items/?size=25")
    boxes_on(page).first.check()
    expect(page.locator("#chosen-rows option:checked")).to_contain_text("of this page")

    page.get_by_role("link", name="Next").click()
    page.wait_for_url("**after=*")

    expect(boxes_on(page)).not_to_have_count(0)
    assert not any(box.is_checked() for box in boxes_on(page).all())


def test_pages_with_ticked_rows_and_of_their_addresses_have_no_violation(
    open_page: Callable[..., Page], tables: dict[str, str]
) -> None:
    page = open_page(EMAIL)
    found: list[str] = []

    for address in (*(each for each, _ in PLACES), f"{tables['contacts']}?size=25"):
        page.goto(address)
        for box in boxes_on(page).all()[:2]:
            box.check()
        found += violations(page)
        press(page, "E-mails and links")
        expect(page.get_by_role("heading", level=1)).to_have_text("2 rows chosen")
        found += violations(page)

    assert not found, "\n".join(found)
