"""Drive the controls of the items' list in a browser, with two connections."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_structure import connect, wait_until_complete

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def fleet() -> str:
    """Return the address of somebody who has two connections."""
    return "two-of-them@example.com"


def test_every_filter_sends_its_choice_and_back_shows_a_page(
    open_page: Callable[..., Page], fleet: str
) -> None:
    page = open_page(fleet)
    connect(page, "HubSpot", person="Mo Kestrel", consent="Connect app")
    wait_until_complete(page, "Contacts")
    connect(page, "Airtable", person="Mo Kestrel", consent="Grant access")
    wait_until_complete(page, "Every kind of field")

    page.goto("/items/")
    for label in ("Provider", "Connection", "Type", "Collection", "State"):
        page.goto("/items/")
        select = page.get_by_label(label, exact=True)
        value = select.locator("option").nth(1).get_attribute("value")
        select.select_option(value)
        page.wait_for_url(f"**/items/?*{value}*")

    page.goto("/items/")
    collections = page.get_by_label("Collection", exact=True)
    everything = collections.locator("option").count()
    airtable = page.get_by_label("Provider", exact=True)
    airtable.focus()
    airtable.select_option("airtable")
    page.wait_for_url("**/items/?*provider=airtable*")
    expect(collections.locator("option")).not_to_have_count(everything)
    expect(airtable).to_be_focused()
    chosen = collections.locator("option").nth(1).get_attribute("value")
    collections.select_option(chosen)
    page.wait_for_url(f"**/items/?*{chosen}*")

    page.goto("/items/")
    page.get_by_label("Search", exact=True).first.fill("an")
    page.wait_for_url("**/items/?*q=an*")
    page.get_by_role("row").nth(1).get_by_role("link").first.click()
    page.wait_for_load_state()
    page.go_back()
    expect(page.get_by_role("heading", level=1, name="Items")).to_be_visible()
    expect(page.get_by_role("navigation").first).to_be_visible()


def test_a_button_pressed_after_the_session_ended_leads_back_to_its_page(
    open_page: Callable[..., Page], fleet: str
) -> None:
    page = open_page(fleet)
    page.goto("/connections/")
    page.context.clear_cookies(name="session")

    page.get_by_role("button", name="Sync now").first.click()

    expect(page.get_by_text("so nothing was done")).to_be_visible()
    page.locator("[name=login]").fill(fleet)
    page.locator("[name=password]").fill("sail-the-seven-7")
    page.locator("form[action*='/login/'] [type=submit]").first.click()
    page.wait_for_url("**/connections/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Connections")
