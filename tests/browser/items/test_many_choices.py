"""Filter the list of all items by one of dozens of tables, brought when asked for."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.items.test_changes_and_links import historian, theirs

pytestmark = pytest.mark.browser

__all__ = ["historian", "theirs"]


def test_one_of_dozens_of_tables_is_chosen_by_keys(theirs: Page) -> None:
    page, keys = theirs, theirs.keyboard
    page.goto("/items/?q=a")
    is_scripted = page.evaluate("'htmx' in window")
    link = page.get_by_role("link", name="Collection Any", exact=True)
    link.focus()
    keys.press("Enter")

    choices = page.locator("select#filter-collection")
    expect(choices).to_be_focused()
    if is_scripted:
        page.wait_for_function("document.querySelector('select:open')")
    assert choices.locator("option").count() > 20
    keys.type("Operations / Sh")
    keys.press("Enter" if is_scripted else "Tab")
    if not is_scripted:
        keys.press("Enter")

    page.wait_for_url("**/items/?q=a&collection=*")
    expect(page.locator("#results .chip")).to_have_count(2)
    if is_scripted:
        # They stay for as long as they have the focus.
        expect(choices).to_be_focused()
        types = page.get_by_label("Type", exact=True)
        types.focus()
        types.select_option("record")
    expect(
        page.get_by_role("link", name="Collection Operations / Shipments")
    ).to_be_visible()


@pytest.mark.parametrize("theirs", [True], indirect=True, ids=["js"])
def test_arrow_keys_choose_one_after_the_other(theirs: Page) -> None:
    page = theirs
    page.goto("/items/")
    page.locator("a#filter-collection").click()
    choices = page.locator("select#filter-collection")
    expect(choices).to_be_focused()
    values = [each.get_attribute("value") for each in choices.locator("option").all()]

    for place in (1, 2):
        choices.select_option(values[place])
        page.wait_for_url(f"**/items/?collection={values[place]}")
        expect(page.locator("#results .chip")).to_have_count(1)
        expect(choices).to_be_focused()

    state = page.get_by_label("State", exact=True)
    state.focus()
    state.select_option("deleted")
    page.wait_for_url("**/items/?*state=deleted")
    expect(page.locator("a#filter-collection")).to_be_visible()


@pytest.mark.parametrize("theirs", [True], indirect=True, ids=["js"])
def test_what_is_searched_for_meanwhile_is_found(theirs: Page) -> None:
    page = theirs
    page.goto("/items/")
    title = page.title()
    page.locator("a#filter-collection").click()
    expect(page.locator("select#filter-collection")).to_be_visible()
    page.get_by_label("Search this list").fill("an")
    page.wait_for_url("**/items/?q=an")

    expect(page.locator("a#filter-collection")).to_be_visible()
    assert page.title() == title
