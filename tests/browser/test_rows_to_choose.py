"""Rows that can be ticked and edited: nothing of them is cut away, or named in vain."""

from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from tests.browser.fixtures import DESK, PHONE
from tests.browser.test_editing import CONTACTS, EMAIL, editor, page
from tests.real.support.stack import Stack

pytestmark = pytest.mark.browser

__all__ = ["editor", "page"]
with_script = pytest.mark.parametrize("page", [True], indirect=True, ids=["js"])
# As a table draws a name that has an icon.
LENGTHEN = """() => document.querySelectorAll('tbody th > a[id]').forEach(name => {
    name.innerHTML = '<span aria-hidden="true">🏢</span> '
    name.append(document.createElement('bdi'))
    name.lastChild.textContent = 'W'.repeat(200)
})"""
MAKE_PENCILS_AGAIN = """() => {
    document.querySelectorAll('td > .cell-edit').forEach(pencil => pencil.remove())
    document.dispatchEvent(new CustomEvent('htmx:afterSettle'))
}"""
# As a table of many columns does.
OFFER_CHOICES = """address => {
    document.querySelector('#choices').outerHTML = `<a id="choices" href="${address}"
        hx-get="${address}" hx-target="this" hx-swap="outerHTML">Choices</a>`
    htmx.process(document.querySelector('#choices'))
}"""


@pytest.fixture
def table(page: Page, site: Stack) -> str:
    """Open a table whose rows can be edited, and return its address."""
    [(key,)] = site.rows(CONTACTS, EMAIL)
    address = f"/collections/{UUID(key)}/"
    page.goto(address)
    return address


@pytest.mark.usefixtures("table")
def test_the_pencil_of_a_row_stands_beside_a_long_name(page: Page) -> None:
    page.evaluate(LENGTHEN)
    head = page.locator("tbody th").first
    pencil = head.locator(".cell-edit")

    for screen in (DESK, PHONE):
        page.set_viewport_size(screen)  # type: ignore[arg-type]
        head.hover()
        cell: Any = head.bounding_box()
        box: Any = pencil.bounding_box()

        assert box["width"] >= 14
        assert box["x"] + box["width"] <= cell["x"] + cell["width"]
        expect(pencil).to_have_css("opacity", "1")


@with_script
@pytest.mark.usefixtures("table")
def test_pencils_of_cells_are_named_without_the_icon(page: Page) -> None:
    page.evaluate(LENGTHEN)
    page.evaluate(MAKE_PENCILS_AGAIN)

    told = page.locator("td > .cell-edit").first.get_attribute("aria-label") or ""

    assert told.endswith(f" of {'W' * 200}")
    assert "🏢" not in told


@with_script
@pytest.mark.usefixtures("table")
def test_ticks_come_back_to_the_same_rows_and_to_no_others(page: Page) -> None:
    box = page.locator("tbody [name=item]").first
    box.check()
    page.goto("/")
    page.go_back()

    expect(box).to_be_checked()
    told = page.locator("#chosen-rows option").first
    assert told.inner_text().startswith("1 row ")
    # As if other rows were at these places by now.
    page.evaluate("history.replaceState({...history.state, rows: 'others'}, '')")
    page.reload()
    expect(page.locator("tbody [name=item]:checked")).to_have_count(0)
    assert told.inner_text().startswith("Ticked")


@with_script
@pytest.mark.usefixtures("table")
def test_ticks_come_back_after_a_search_by_back_and_by_forward(page: Page) -> None:
    def tick(number: int) -> str:
        box = page.locator("tbody [name=item]").nth(number)
        box.check()
        return str(box.get_attribute("value"))

    def expect_ticked(value: str) -> None:
        expect(page.locator(f"tbody [value='{value}']")).to_be_checked()
        expect(page.locator("tbody [name=item]:checked")).to_have_count(1)

    page.goto("/items/")
    before, address = tick(1), page.url
    page.get_by_label("Search this list").fill("an")
    page.wait_for_url("**/items/?q=an")
    found, searched = tick(0), page.url

    for _ in range(2):
        page.go_back()
        page.wait_for_url(address)
        expect_ticked(before)
        page.go_forward()
        page.wait_for_url(searched)
        expect_ticked(found)


@pytest.mark.usefixtures("table")
def test_what_was_chosen_is_there_after_back(
    page: Page, request: pytest.FixtureRequest
) -> None:
    box, form = page.locator("tbody [name=item]").first, page.locator("#chosen-form")
    box.check()
    form.select_option("json")
    page.goto("/")
    page.go_back()

    # Without a script nobody can say whether these are the same rows.
    is_scripted = "no-js" not in request.node.name
    expect(box).to_be_checked(checked=is_scripted)
    expect(form).to_have_value("json")


@with_script
@pytest.mark.usefixtures("table")
def test_what_does_nothing_yet_on_a_telephone_has_no_label_there(page: Page) -> None:
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    labels = page.locator(".chosen[role=group] label")

    assert labels.count() == 3
    shown = [each.get_attribute("for") for each in labels.all() if each.is_visible()]
    assert shown == ["chosen-rows"]


@with_script
def test_a_click_that_opens_choices_elsewhere_leaves_the_table(
    page: Page, table: str
) -> None:
    page.evaluate(OFFER_CHOICES, f"{table}choices/")
    link, title = page.locator("a#choices"), page.title()

    with page.context.expect_page() as other:
        link.click(modifiers=["Control"])
    other.value.wait_for_url("**/choices/")

    expect(link).to_be_visible()
    link.click()
    expect(page.locator("form#choices")).to_be_visible()
    assert page.title() == title
