"""Pages of chosen rows are opened by one button, as far as a browser lets them."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

SCRIPT = Path("static/js/site.js").read_text(encoding="utf-8")
LINKS = "".join(
    f"<li><a href='https://app.example.com/{n}'>{n}</a></li>" for n in "abc"
)
PAGE = f"""<!doctype html><body><p id="announcer"></p>
<button data-open="links" hidden>Open all</button>
<p id="links-blocked" hidden>Blocked</p><ul id="links">{LINKS}</ul></body>"""
# A browser that lets one press open so many windows.
BLOCKER = """allowed => {
    window.opened = []
    document.querySelector("[data-open]").addEventListener(
        "click", () => { window.left = allowed }, { capture: true })
    window.open = () => {
        if (window.left-- <= 0) return null
        const page = { opener: window, location: { replace: address =>
            window.opened.push([address, page.opener === null]) } }
        return page
    }
}"""


def start(chromium: Browser, *, allowed: int) -> Page:
    page = chromium.new_page()
    page.set_content(PAGE)
    page.evaluate(BLOCKER, allowed)
    page.add_script_tag(content=SCRIPT)
    return page


def opened(page: Page) -> list[list[object]]:
    found: list[list[object]] = page.evaluate("() => window.opened")
    return found


ALL = [[f"https://app.example.com/{n}", True] for n in "abc"]


def test_what_the_browser_blocks_is_said_and_opened_by_further_presses(
    chromium: Browser,
) -> None:
    page = start(chromium, allowed=1)
    button, told = page.locator("[data-open]"), page.locator("#links-blocked")

    for number in (1, 2):
        button.click()
        assert opened(page) == ALL[:number]
        assert told.is_visible()
    button.click()

    assert opened(page) == ALL
    assert not told.is_visible()
    assert not button.is_visible()


def test_one_press_is_enough_where_windows_are_allowed(chromium: Browser) -> None:
    page = start(chromium, allowed=9)

    page.locator("[data-open]").click()

    assert opened(page) == ALL
    assert not page.locator("#links-blocked").is_visible()


def test_a_press_that_opens_nothing_tells_of_no_others(chromium: Browser) -> None:
    page = start(chromium, allowed=0)
    button = page.locator("[data-open]")

    button.click()

    assert opened(page) == []
    assert page.locator("#links-blocked").is_visible()
    assert button.inner_text() == "Open all"
