"""Sync as a user does: by the button, and once more where that was too early."""

import time
from collections.abc import Callable

from playwright.sync_api import Page

from tests.real.support.processes import wait_until

# What the provider changed after a sync had begun is read by the next one.
PRESSED_EVERY = 5.0


def sync_until(
    page: Page, connection: str, is_read: Callable[[], bool], what: str
) -> None:
    """Press the button on a connection's page until something is read."""

    def is_read_after_a_press() -> bool:
        page.goto(connection)
        button = page.get_by_role("button", name="Sync now").first
        if button.count() and button.is_enabled():
            button.click()
        ends = time.monotonic() + PRESSED_EVERY
        while not is_read() and time.monotonic() < ends:
            page.wait_for_timeout(200)
        return is_read()

    wait_until(lambda: is_read() or is_read_after_a_press(), what, seconds=120)
