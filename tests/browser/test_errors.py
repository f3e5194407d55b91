"""An open page that gets no answer, or an error, never goes on as if all were well."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.fixtures import sign_in
from tests.browser.test_structure import connect, wait_until_complete
from tests.real.support.stack import Stack

pytestmark = pytest.mark.browser


@pytest.fixture
def page(chromium: Browser, site: Stack) -> Iterator[Page]:
    """Return a page of somebody with items; errors on its console are expected."""
    context = chromium.new_context(base_url=site.url)
    sign_in(context, site, "two-of-them@example.com")
    yield context.new_page()
    context.close()


def test_an_open_page_says_that_it_got_no_answer_and_opens_what_has_an_error(
    page: Page,
) -> None:
    connect(page, "HubSpot", user="Mo Kestrel", consent="Connect app")
    wait_until_complete(page, "Contacts")
    look = "document.dispatchEvent(new Event('visibilitychange'))"
    outdated = page.locator("#outdated")

    page.goto("/items/")
    expect(outdated).to_be_hidden()
    page.route("**/items/live/**", lambda route: route.abort())
    page.evaluate(look)
    expect(outdated).to_be_visible()
    page.unroute("**/items/live/**")
    page.evaluate(look)
    expect(outdated).to_be_hidden()

    broken = {"status": 500, "body": "<h1>Broken</h1>", "content_type": "text/html"}
    page.route("**/items/?**", lambda route: route.fulfill(**broken))
    page.get_by_label("State", exact=True).select_option("deleted")
    expect(page.get_by_role("heading", level=1, name="Broken")).to_be_visible()
    page.unroute("**/items/?**")

    page.goto("/items/")
    page.evaluate("window.isSamePage = true")
    gone: dict[str, Any] = {"status": 404, "body": ""}
    page.route("**/items/live/**", lambda route: route.fulfill(**gone))
    page.evaluate(look)
    expect(outdated).to_be_visible()
    assert page.evaluate("window.isSamePage")
    gone |= {"body": "<h1>Gone</h1>", "content_type": "text/html"}
    page.route("**/items/", lambda route: route.fulfill(**gone))
    page.evaluate(look)
    expect(page.get_by_role("heading", level=1, name="Gone")).to_be_visible()
