"""A filter is written above the rows of a table, whose page and address stay."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.items.providers import Account, account_of
from tests.browser.items.test_tables import choose_operator

pytestmark = pytest.mark.browser

__all__ = ["account_of"]


def open_form(page: Page, column: str) -> None:
    page.get_by_role("link", name="Filter", exact=True).click()
    page.get_by_role("button", name=column, exact=True).click()
    expect(page.get_by_role("heading", name=f"Filter by {column}")).to_be_visible()


def test_an_open_form_leaves_the_address_of_the_table(
    open_page: Callable[..., Page], account_of: Callable[[str], Account]
) -> None:
    account = account_of("hubspot")
    page = open_page(account.email)
    address = f"{account.table('Deals')}?size=100"
    page.goto(address)
    table = page.url

    open_form(page, "Amount")
    page.get_by_role("link", name="Another column").click()
    expect(page.get_by_label("Find a column")).to_be_visible()
    assert page.url == table

    page.locator("thead").get_by_role("link", name="Amount").click()
    page.wait_for_url("**sort=-amount*")
    assert "/filter/" not in page.url
    assert "size=100" in page.url
    page.go_back()
    expect(page).to_have_url(table)
    expect(page.locator("table.sheet")).to_be_visible()

    open_form(page, "Amount")
    page.get_by_label("Search in").fill("deal")
    page.get_by_label("Search in").press("Enter")
    page.wait_for_url("**q=deal*")
    assert "/filter/" not in page.url
    expect(page.get_by_label("Filters")).to_be_visible()
    page.go_back()
    expect(page).to_have_url(re.compile(re.escape(table)))


@pytest.mark.parametrize("has_script", [True, False])
def test_more_than_an_address_holds_is_said_and_kept(
    open_page: Callable[..., Page],
    account_of: Callable[[str], Account],
    *,
    has_script: bool,
) -> None:
    account = account_of("hubspot")
    page = open_page(account.email, java_script_enabled=has_script)
    page.goto(account.table("Deals"))

    open_form(page, "Deal Name")
    choose_operator(page, "Deal Name", "is one of", has_script=has_script)
    lines = page.get_by_label("one on each line")
    lines.fill("\n".join([f"{n:02}" + "я" * 253 for n in range(50)]))
    # Also what is sent to see other inputs.
    page.get_by_label("Deal Name", exact=True).focus()
    choose_operator(page, "Deal Name", "is none of", has_script=has_script)
    expect(page.locator("[name=drawn]")).to_have_value("not_in")
    assert len(lines.input_value().split()) == 50
    page.get_by_role("button", name="Add filter").click()
    expect(page.get_by_role("alert")).to_contain_text("Too many values")
    assert len(lines.input_value().split()) == 50


def test_a_refused_value_has_the_focus(
    open_page: Callable[..., Page], account_of: Callable[[str], Account]
) -> None:
    account = account_of("hubspot")
    page = open_page(account.email)
    page.goto(account.table("Deals"))

    open_form(page, "Amount")
    value = page.get_by_label("Value", exact=True)
    value.fill("much")
    page.get_by_role("button", name="Add filter").press("Enter")

    expect(page.get_by_role("alert")).to_contain_text("much")
    expect(value).to_be_focused()
    expect(value).to_have_value("much")
