"""Walk the way every newcomer walks: sign up, connect, look."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.fixtures import PHONE

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("java_script_enabled", [True, False], ids=["js", "no-js"])
def test_a_newcomer_signs_up_connects_and_sees_contacts(
    open_page: Callable[..., Page], java_script_enabled: bool
) -> None:
    page = open_page(java_script_enabled=java_script_enabled, viewport=PHONE)

    page.goto("/accounts/signup/")
    page.locator("[name=email]").fill(f"new-{java_script_enabled}@example.com")
    page.locator("[name=password1]").fill("sail-the-seven-7")
    page.locator("[name=password2]").fill("sail-the-seven-7")
    page.locator("form[action$='/signup/'] [type=submit]").click()
    page.goto("/connections/connect/hubspot/")
    page.get_by_role("button", name="Continue to HubSpot").click()
    page.locator("[name=identity]").nth(2 if java_script_enabled else 5).check()
    page.get_by_role("button", name="Connect app").click()
    page.wait_for_url("**/connections/**")

    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_text("Contacts").first).to_be_visible()


def test_the_browser_tells_its_time_zone(open_page: Callable[..., Page]) -> None:
    page = open_page(timezone_id="Asia/Tokyo")

    page.goto("/accounts/login/")
    page.wait_for_load_state()

    told = {
        cookie.get("name"): cookie.get("value") for cookie in page.context.cookies()
    }
    assert told["tz"] == "Asia/Tokyo"
