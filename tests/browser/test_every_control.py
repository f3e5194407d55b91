"""Press every control of every page once, and take the way back.

With and without JavaScript; of each form one control is pressed once more when the
session has ended.
"""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.browser.controls import walk
from tests.browser.pressing import press_all, press_signed_out
from tests.browser.test_structure import connect, wait_until_complete

pytestmark = pytest.mark.browser

PAGES = ("/", "/connections/", "/items/", "/items/?state=deleted")
# What looks otherwise to whoever has one connection only.
PAGES_OF_ONE = (*PAGES, "/changes/", "/search/?q=a")


def test_one_connection_and_the_way_back(open_page: Callable[..., Page]) -> None:
    single = "single@example.com"
    page = open_page(single)
    connect(page, "Airtable", user="Ida Neu", consent="Grant access")

    assert press_all(page, PAGES_OF_ONE) > 10
    page = open_page(single, java_script_enabled=False)
    assert press_all(page, PAGES_OF_ONE) > 10


def test_everything_that_can_be_pressed_does_something(
    open_page: Callable[..., Page],
) -> None:
    walker = "walker@example.com"
    page = open_page(walker)
    connect(page, "HubSpot", user="Bo Lindqvist", consent="Connect app")
    wait_until_complete(page, "Contacts")
    connect(page, "Airtable", user="Mo Kestrel", consent="Grant access")
    connect(page, "HubSpot", user="Jürgen Groß", consent="Connect app")
    wait_until_complete(page, "Contacts")
    connect(page, "Notion", user="نور الهاشمي", consent="Allow access")
    wait_until_complete(page, "Pages")

    found = walk(page, *PAGES)
    assert press_signed_out(page, found) > 10
    for is_scripted in (True, False):
        page = open_page(walker, java_script_enabled=is_scripted)
        assert press_all(page, found) > 20
