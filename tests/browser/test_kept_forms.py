"""A form whose session ended gives back what was typed, also without JavaScript."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.fixtures import sign_in
from tests.browser.test_accessibility import violations
from tests.browser.test_editing import (
    EMAIL,
    SAVED,
    Contact,
    Editor,
    consent,
    editor,
    press_save,
    value_of,
)
from tests.real.support.processes import wait_until
from tests.real.support.stack import Stack

pytestmark = pytest.mark.browser
__all__ = ["editor"]


@pytest.fixture(params=[True, False], ids=["js", "no-js"])
def page(
    request: pytest.FixtureRequest, chromium: Browser, site: Stack, editor: Editor
) -> Iterator[Page]:
    """Return a page of who may edit; the refusals on its console are expected."""
    context = chromium.new_context(base_url=site.url, java_script_enabled=request.param)
    sign_in(context, site, EMAIL)
    opened = context.new_page()
    opened.goto(editor.connection)
    switch = opened.get_by_role("region", name="Editing").get_by_role("button")
    if switch.first.inner_text().startswith("Switch on"):
        switch.first.click()
        consent(opened)
    yield opened
    context.close()


def a_contact(editor: Editor, number: int) -> Contact:
    """Return a contact that the other tests of edits leave alone."""
    return editor.contacts[-1 - number]


def test_what_was_typed_is_sent_after_signing_in_again(
    page: Page, editor: Editor, site: Stack
) -> None:
    contact = a_contact(editor, 0)
    # axe waits for what a page without scripts never comes to.
    has_script = page.evaluate("() => !!window.htmx")
    for cookies in ("session", "all"):
        city = f"Typed {cookies} {has_script}"
        page.goto(f"{contact.path}edit/?field=city")
        page.locator("#field-city").fill(city)
        if cookies == "all":
            page.context.clear_cookies()
        else:
            page.context.clear_cookies(name="session")
        press_save(page)
        expect(page.locator("[data-kept=signed_out]")).to_be_visible()
        assert not has_script or violations(page) == []

        with page.context.expect_page() as opened:
            page.get_by_role("link", name="Sign in").click()
        assert opened.value.url.endswith("/accounts/login/")
        opened.value.close()
        sign_in(page.context, site, EMAIL)
        page.get_by_role("button", name="go on").click()
        expect(page.locator("[data-kept=same]")).to_be_visible()
        expect(page.locator("dl")).to_contain_text(city)
        assert value_of(site, contact, "city") != city
        assert not has_script or violations(page) == []

        page.get_by_role("button", name="Send it").click()
        expect(page.locator("[data-edit]").first).to_be_visible()
        wait_until(
            lambda city=city: value_of(site, contact, "city") == city,
            "what was typed is stored",
            seconds=SAVED // 1000,
        )


def test_the_name_of_a_view_is_kept(page: Page, site: Stack) -> None:
    name = f"Kept by a page {page.evaluate('() => !!window.htmx')}"
    page.goto("/views/new/?back=/items/")
    page.get_by_label("Name").fill(name)
    page.context.clear_cookies()
    page.locator("main form").get_by_role("button", name="Save").click()
    sign_in(page.context, site, EMAIL)
    page.get_by_role("button", name="go on").click()
    page.get_by_role("button", name="Send it").click()

    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_text(name).first).to_be_visible()
