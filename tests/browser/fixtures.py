"""Offer a real Chromium to the tests of the pages."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from tests.real.support.fixtures import MakeStack, running
from tests.real.support.processes import wait_until
from tests.real.support.stack import Stack
from tests.support.guards.groups import group_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # What draws and what fetches are threads, which saves a tenth of a page.
    "--in-process-gpu",
    "--enable-features=NetworkServiceInProcess2",
    # The pages of a context share what interprets them.
    "--renderer-process-limit=1",
]
# Without what makes windows a page costs half; both draw and run it the same.
PROGRAMS = ("chromium-headless-shell", "chromium")
PHONE = {"width": 360, "height": 740}
# Low, since what is farther down is there as well, but not drawn.
DESK = {"width": 1280, "height": 500}


class Browsers:
    """Playwright at work, and the Chromium that tests share."""

    def __init__(self) -> None:
        from playwright.sync_api import expect, sync_playwright

        # What is true at once costs nothing; a busy machine takes seconds for a page.
        expect.set_options(timeout=PATIENCE)
        self._playwright = sync_playwright().start()
        self._shared: Browser | None = None
        # Contexts that no test uses, by the site and their options.
        self._idle: dict[str, list[BrowserContext]] = {}

    @contextmanager
    def context(self, site: str, **options: Any) -> "Iterator[BrowserContext]":
        """Lend a context of the shared browser that knows nothing of who had it before.

        Its first page stays, and so do what interprets the pages of the site and the
        files that they have in common.
        """
        browser = self.shared
        idle = self._idle.setdefault(repr((site, sorted(options.items()))), [])
        while idle and idle[-1].browser is not browser:
            idle.pop()
        context = idle.pop() if idle else browser.new_context(base_url=site, **options)
        if not context.pages:
            context.new_page().goto("/health/live")
        try:
            yield context
        except BaseException:
            # A page that failed may be in any state.
            context.close()
            raise
        stays, *others = context.pages
        for page in others:
            page.close()
        context.clear_cookies()
        stays.evaluate("localStorage.clear()")
        idle.append(context)

    @property
    def shared(self) -> "Browser":
        """Launch it when it is first asked for, and again should it have died."""
        if not (self._shared and self._shared.is_connected()):
            self._shared = self.launch()
        return self._shared

    def launch(self, *, whole: bool = False, **options: Any) -> "Browser":
        """Launch one; ``CHROMIUM`` names another binary.

        Only a ``whole`` one keeps pages alive for Back.
        """
        named = os.environ.get("CHROMIUM")
        programs = PROGRAMS[-1:] if whole else PROGRAMS
        binary = named or next(filter(None, map(shutil.which, programs)), None)
        assert binary, "no chromium; `make test` installs it or says how"
        return self._playwright.chromium.launch(
            executable_path=binary, args=ARGUMENTS, **options
        )

    def close(self) -> None:
        """End all that were launched."""
        self._playwright.stop()


BROWSERS: "pytest.StashKey[Browsers]" = pytest.StashKey()
# What the browser looks at, and what ends it.
SITE: "pytest.StashKey[tuple[Stack, ExitStack]]" = pytest.StashKey()
ASKED_EVERY = 0.5
# Milliseconds in which what a test expects of a page has to become true.
PATIENCE = 20_000
# What differs each time that a page is asked for: the tokens of its forms.
TOKEN = re.compile(r"\w{64}")


# Statuses of answers that a test asks for, which browsers note on the console.
EXPECTED: set[int] = set()


@contextmanager
def expecting(status: int) -> Iterator[None]:
    """Let answers of this status be no complaint meanwhile."""
    EXPECTED.add(status)
    try:
        yield
    finally:
        EXPECTED.discard(status)


def wait_until_loaded(page: "Page", claim: Callable[[], bool], what: str) -> None:
    """Load a page again until something is true of it.

    To load what is shown already would cost several times what it costs to ask.
    """
    shown = ""

    def is_true() -> bool:
        nonlocal shown
        there = TOKEN.sub("", page.request.get(page.url).text())
        if there != shown:
            shown = there
            page.reload()
        return claim()

    wait_until(lambda: claim() or is_true(), what, seconds=120, every=ASKED_EVERY)


@pytest.fixture
def browsers(request: pytest.FixtureRequest) -> Browsers:
    """Return what the tests of the browser that follow each other share."""
    stash = request.session.stash
    if BROWSERS not in stash:
        stash[BROWSERS] = Browsers()
    return stash[BROWSERS]


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """End Playwright and the site with the last test of a group.

    While Playwright runs, its event loop does, and Django refuses the database to
    whatever test follows. A site that idles until the last test of all costs minutes,
    and accounts that users of one group have are those of another group's as well.
    """
    if nextitem is None or group_of(nextitem.nodeid) != group_of(item.nodeid):
        _close(item.session.stash)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """End them where a run was interrupted: no test's teardown came for them."""
    _close(session.stash)


def _close(stash: pytest.Stash) -> None:
    with ExitStack() as left:
        if SITE in stash:
            left.callback(stash[SITE][1].close)
            del stash[SITE]
        if BROWSERS in stash:
            left.callback(stash[BROWSERS].close)
            del stash[BROWSERS]


@pytest.fixture(scope="module")
def site(request: pytest.FixtureRequest, make_any_stack: MakeStack) -> Stack:
    """Return everything running once more, shared by the files of the browser's tests.

    A file of all contacts is large enough that a worker makes it.
    """
    stash = request.session.stash
    if SITE not in stash:
        begun = ExitStack()
        made = running(make_any_stack(DOWNLOAD_ROWS_AT_ONCE="300"))
        stash[SITE] = begun.enter_context(made), begun
    return stash[SITE][0]


@pytest.fixture
def chromium(browsers: Browsers) -> "Browser":
    """Return the Chromium that tests share."""
    return browsers.shared


@pytest.fixture
def open_page(browsers: Browsers, site: Stack) -> "Iterator[Callable[..., Page]]":
    """Open a page as a stranger, or as ``email``; more words go to the context.

    ``open_page("alice@example.com", java_script_enabled=False, viewport=PHONE)``;
    a page of ours that logs an error to its console fails the test.
    """
    complaints: list[str] = []

    def note(said: "ConsoleMessage") -> None:
        where = said.location["url"]
        # The browser notes it in its words, and htmx in others.
        noted = re.search(r"(?:status of|Status Error Code) (\d+) ", said.text)
        is_expected = noted is not None and int(noted[1]) in EXPECTED
        if said.type == "error" and where.startswith(site.url) and not is_expected:
            complaints.append(f"{where}: {said.text}")

    with ExitStack() as lent:

        def make(email: str = "", **options: object) -> "Page":
            # What moves for the eye alone is drawn sixty times a second.
            wanted = {"viewport": DESK, "reduced_motion": "reduce", **options}
            context = lent.enter_context(browsers.context(site.url, **wanted))
            if email:
                sign_in(context, site, email)
            page = context.new_page()
            page.on("console", note)
            page.on("pageerror", lambda error: complaints.append(str(error)))
            return page

        yield make
    assert complaints == [], complaints


def sign_in(context: "BrowserContext", site: Stack, email: str) -> None:
    """Give a context a new session of somebody."""
    context.add_cookies(
        [
            {"name": c.name, "value": c.value or "", "url": site.url}
            for c in site.user(email).session.cookies
        ]
    )
