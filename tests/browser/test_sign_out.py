"""After a sign-out, Back shows nothing of what was on the pages."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.fixtures import Browsers, sign_in
from tests.real.support.stack import Stack

pytestmark = pytest.mark.browser


@pytest.fixture
def chromium(browsers: Browsers) -> Iterator[Browser]:
    """Return a Chromium that keeps pages alive for Back, as people's browsers do."""
    switched_off = ["--disable-back-forward-cache"]
    browser = browsers.launch(whole=True, ignore_default_args=switched_off)
    yield browser
    browser.close()


def is_kept(page: Page, path: str, away: str) -> bool:
    """Tell whether Back brings the very page back that was left."""
    page.goto(path)
    page.evaluate("window.mark = 1")
    page.goto(away)
    page.go_back(wait_until="commit")
    return bool(page.evaluate("window.mark === 1"))


def test_back_after_a_sign_out_shows_nothing(chromium: Browser, site: Stack) -> None:
    context = chromium.new_context(base_url=site.url)
    sign_in(context, site, "leaves@example.com")
    page = context.new_page()
    # The browser does keep what it may: a file that is everybody's.
    assert is_kept(page, "/static/img/favicon.svg", "/accounts/login/")

    page.goto("/accounts/email/")
    assert "leaves@example.com" in page.content()
    assert not is_kept(page, "/accounts/email/", "/connections/")
    page.goto("/accounts/email/")
    page.locator("details.account > summary").click()
    page.get_by_role("button", name="Sign out").first.click()
    page.wait_for_url(lambda url: not url.endswith("/accounts/email/"))
    page.go_back(wait_until="commit")

    assert "/accounts/login/" in page.url
    assert "leaves@example.com" not in page.content()
    context.close()


def test_a_test_finds_nothing_of_those_that_had_its_context(
    browsers: Browsers, site: Stack
) -> None:
    with browsers.context(site.url) as context:
        sign_in(context, site, "leaves@example.com")
        page = context.new_page()
        page.goto("/accounts/email/")
        assert "leaves@example.com" in page.content()
        page.evaluate("localStorage.setItem('open', '1')")

    with browsers.context(site.url) as again:
        page = again.new_page()
        page.goto("/accounts/email/")
        assert again is context
        assert "leaves@example.com" not in page.content()
        assert page.evaluate("localStorage.length") == 0
        assert len(again.pages) == 2
