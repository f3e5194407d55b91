"""Work in a table by keys alone: filter, group, keep a view, open an item, go back."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.items.whole_pages import HALF, fits
from tests.browser.test_accessibility import EMAIL, tables

pytestmark = pytest.mark.browser

__all__ = ["tables"]
# Farther than that nobody goes by one key.
MOST_STOPS = 120
HAS_FOCUS = "element => element === document.activeElement"


def go_to(page: Page, wanted: Locator) -> None:
    """Press Tab until an element has the focus."""
    expect(wanted).to_be_visible()
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        if wanted.evaluate(HAS_FOCUS):
            return
    pytest.fail(f"no key leads to {wanted} on {page.url}")


def follow(page: Page, wanted: Locator, address: str) -> None:
    go_to(page, wanted)
    page.keyboard.press("Enter")
    page.wait_for_url(address)
    fits(page)


def fill(page: Page, label: str, text: str) -> None:
    """Type into a field, or choose by the first letters of a choice."""
    go_to(page, page.get_by_label(label, exact=True))
    page.keyboard.type(text)


@pytest.mark.parametrize("has_script", [True, False], ids=["js", "no-js"])
def test_keys_alone_lead_from_a_table_to_a_view_an_item_and_back(
    open_page: Callable[..., Page], tables: dict[str, str], *, has_script: bool
) -> None:
    page = open_page(
        EMAIL,
        java_script_enabled=has_script,
        viewport=HALF,
        device_scale_factor=2,
    )
    name = f"By keys {has_script}"
    page.goto(tables["deals"])

    go_to(page, page.get_by_role("link", name="Filter", exact=True))
    page.keyboard.press("Enter")
    expect(page.get_by_label("Find a column")).to_be_focused()
    go_to(page, page.get_by_role("button", name="Amount", exact=True))
    page.keyboard.press("Enter")
    expect(page.get_by_label("Amount", exact=True)).to_be_focused()
    page.keyboard.type("is greater")
    if has_script:
        expect(page.locator("[name=drawn]")).to_have_value("gt")
    expect(page.get_by_label("Amount", exact=True)).to_have_value("gt")
    fill(page, "Value", "1")
    page.keyboard.press("Enter")
    page.wait_for_url("**amount__gt=1*")
    fill(page, "Group by", "Deal Stage")
    button = page.get_by_role("button", name="Group by this column")
    follow(page, button, "**group=dealstage*")
    expect(page.locator("section", has_text="By Deal Stage").first).to_be_visible()

    follow(page, page.get_by_role("link", name="Save as a view"), "**/views/new/**")
    fill(page, "Name", name)
    page.keyboard.press("Enter")
    page.wait_for_url("**view=*")
    expect(page.locator("#view-bar strong")).to_have_text(name)

    row = page.locator("table.sheet tbody th").get_by_role("link").first
    title = row.inner_text().strip()
    follow(page, row, "**/items/*-*/**")
    expect(page.get_by_role("heading", level=1)).to_contain_text(title)
    back = page.get_by_role("link", name="Deals", exact=True).first
    follow(page, back, "**view=*")
    expect(row).to_have_text(title)
