"""Offer a real Chromium to the tests of the pages."""

import os
import shutil
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

    from tests.real.support.stack import Stack

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 900}


@pytest.fixture(scope="module")
def chromium() -> "Iterator[Browser]":
    """Return one Chromium for a file's tests; ``CHROMIUM`` names another binary.

    Not for longer: while Playwright runs, its event loop does, and Django refuses
    the database to whatever test follows.
    """
    from playwright.sync_api import sync_playwright

    binary = os.environ.get("CHROMIUM") or shutil.which("chromium")
    assert binary, "no chromium; `make chromium` installs it or says how"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=binary, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: "Browser", site: "Stack") -> "Iterator[Callable[..., Page]]":
    """Open a page as a stranger, or as ``email``; more words go to the context.

    ``open_page("alice@example.com", java_script_enabled=False, viewport=PHONE)``;
    a page of ours that logs an error to its console fails the test.
    """
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def note(said: "ConsoleMessage") -> None:
        where = said.location["url"]
        if said.type == "error" and where.startswith(site.url):
            complaints.append(f"{where}: {said.text}")

    def make(email: str = "", **options: object) -> "Page":
        context = chromium.new_context(
            **{"base_url": site.url, "viewport": DESK, **options}
        )
        contexts.append(context)
        if email:
            cookies = site.person(email).session.cookies
            context.add_cookies(
                [
                    {"name": c.name, "value": c.value or "", "url": site.url}
                    for c in cookies
                ]
            )
        page = context.new_page()
        page.on("console", note)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield make
    for context in contexts:
        context.close()
    assert complaints == [], complaints
