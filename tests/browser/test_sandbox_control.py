"""The control page of the sandbox takes its own forms from a real browser."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.real.support.stack import Stack

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("provider", ["hubspot", "airtable", "notion"])
def test_a_button_of_the_control_page_does_what_it_says(
    open_page: Callable[..., Page], site: Stack, provider: str
) -> None:
    page = open_page()
    page.goto(f"{site.sandbox_url}/control/{provider}")

    page.get_by_role("button", name="Switch all off").first.click()

    page.wait_for_url(f"**/control/{provider}?done=*")
