"""Work in a table by keys alone: filter, group, keep a view, open an item, go back."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.items.providers import Account, account_of
from tests.browser.items.whole_pages import HALF, fits

pytestmark = pytest.mark.browser

__all__ = ["account_of"]
# Farther than that nobody goes by one key.
MOST_STOPS = 120
HAS_FOCUS = "element => element === document.activeElement"


def go_to(page: Page, wanted: Locator) -> None:
    """Press Tab until an element has the focus."""
    expect(wanted).to_be_visible()
    # To find it anew at each stop would cost more than the page.
    element = wanted.element_handle()
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        if element.evaluate(HAS_FOCUS):
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


@dataclass(frozen=True)
class Steps:
    """A table of a provider, what it is filtered by, and what it is grouped by."""

    table: str
    filter: str
    operator: str
    value: str
    group: str


STEPS = {
    "hubspot": Steps("Deals", "Amount", "is greater", "1", "Deal Stage"),
    "airtable": Steps("Orders", "Amount", "is greater", "1", "Status"),
}


@pytest.mark.parametrize(
    ("provider", "has_script"),
    [
        ("hubspot", True),
        ("hubspot", False),
        ("airtable", True),
    ],
)
def test_keys_alone_lead_from_a_table_to_a_view_an_item_and_back(
    open_page: Callable[..., Page],
    account_of: Callable[[str], Account],
    provider: str,
    *,
    has_script: bool,
) -> None:
    account, steps = account_of(provider), STEPS[provider]
    page = open_page(
        account.email,
        java_script_enabled=has_script,
        viewport=HALF,
        device_scale_factor=2,
    )
    name = f"By keys {has_script}"
    page.goto(account.table(steps.table))
    heading = page.get_by_role("heading", level=1).inner_text().strip()

    go_to(page, page.get_by_role("link", name="Filter", exact=True))
    page.keyboard.press("Enter")
    expect(page.get_by_label("Find a column")).to_be_focused()
    go_to(page, page.get_by_role("button", name=steps.filter, exact=True))
    page.keyboard.press("Enter")
    expect(page.get_by_label(steps.filter, exact=True)).to_be_focused()
    page.keyboard.type(steps.operator)
    if has_script:
        expect(page.locator("[name=drawn]")).to_have_value("gt")
    expect(page.get_by_label(steps.filter, exact=True)).to_have_value("gt")
    fill(page, "Value", steps.value)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**__gt={steps.value}*")
    fill(page, "Group by", steps.group)
    button = page.get_by_role("button", name="Group by this column")
    follow(page, button, "**group=*")
    by_group = page.locator("section", has_text=f"By {steps.group}").first
    expect(by_group).to_be_visible()

    follow(page, page.get_by_role("link", name="Save as a view"), "**/views/new/**")
    fill(page, "Name", name)
    page.keyboard.press("Enter")
    page.wait_for_url("**view=*")
    expect(page.locator("#view-bar strong")).to_have_text(name)

    row = page.locator("table.sheet tbody th").get_by_role("link").first
    title = row.inner_text().strip()
    follow(page, row, "**/items/*-*/**")
    expect(page.get_by_role("heading", level=1)).to_contain_text(title)
    back = page.locator("main a[href*='/collections/']").first
    follow(page, back, "**view=*")
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    expect(row).to_have_text(title)
