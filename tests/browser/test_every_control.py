"""Press every control of every page once, with and without JavaScript."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Locator, Page, Response, expect

from tests.browser.test_structure import connect, wait_until_complete

pytestmark = pytest.mark.browser

PAGES = ("/", "/connections/", "/items/", "/items/?state=deleted", "/accounts/email/")
# These end what the other controls need, and are pressed last, each by its own test.
ENDING = ("/accounts/logout/", "/accounts/delete/")


@dataclass(frozen=True)
class Control:
    """Where something to press stands, and what tells it from others of its kind."""

    page: str
    kind: str
    name: str
    selector: str
    index: int


def walk(page: Page, *starts: str) -> list[str]:
    """Return one address of each kind of page that links lead to."""
    seen: dict[str, str] = {}
    waiting = list(starts)
    while waiting:
        address = waiting.pop(0)
        kind = kind_of(address)
        if kind in seen:
            continue
        seen[kind] = address
        answer = page.goto(address)
        assert_shows_something(page, answer, address)
        for href in page.eval_on_selector_all(
            "a[href]", "links => links.map(link => link.href)"
        ):
            parts = urlsplit(href)
            own = href.startswith(origin_of(page))
            if own and not parts.path.startswith(("/static/", "/admin/", *ENDING)):
                waiting.append(f"{parts.path}?{parts.query}".rstrip("?"))
    return list(seen.values())


def origin_of(page: Page) -> str:
    parts = urlsplit(page.url)
    return f"{parts.scheme}://{parts.netloc}"


def kind_of(address: str) -> str:
    """Return the address without ids and without the values of its query."""
    parts = urlsplit(address)
    names = sorted(pair.partition("=")[0] for pair in parts.query.split("&") if pair)
    path = "/".join("*" if len(p) > 30 else p for p in parts.path.split("/"))
    return f"{path}?{'&'.join(names)}"


def assert_shows_something(
    page: Page, answer: Response | None, what: object
) -> None:
    assert answer is None or answer.status < 400, (what, answer.status)
    assert page.locator("h1").count() == 1, what


def controls_of(page: Page, address: str) -> Iterator[Control]:
    """Yield what can be pressed on a page, links left out."""
    page.goto(address)
    for kind, selector in (
        ("button", "main button[type=submit], footer button, header button"),
        ("select", "main select"),
        ("details", "main details > summary, header details > summary"),
    ):
        found = page.locator(selector)
        for index in range(found.count()):
            yield Control(address, kind, name_of(found.nth(index)), selector, index)


def name_of(element: Locator) -> str:
    """Return what a control does: the form it sends, or its own words."""
    return str(
        element.evaluate(
            """e => (e.formAction || (e.form && e.form.action) || '') + '|'
                 + (e.name || '') + '|' + (e.value || '') + '|'
                 + (e.tagName == 'SUMMARY' ? e.innerText : '')"""
        )
    )


def press(page: Page, control: Control) -> None:
    """Press a control where it stands, and look at what comes of it."""
    page.goto(control.page)
    element = page.locator(control.selector).nth(control.index)
    if not element.is_visible():
        reveal(element)
    if control.kind == "details":
        was_open = is_open(element)
        element.click()
        assert is_open(element) is not was_open, control
        return
    if control.kind == "select":
        choose(page, element, control)
        return
    fill_in(element)
    with page.expect_response(lambda r: r.request.is_navigation_request()) as told:
        element.click()
    page.wait_for_load_state()
    assert told.value.status < 400, (control, told.value.status)
    assert_shows_something(page, None, control)


def reveal(element: Locator) -> None:
    """Open the menus that a control is in, as its user would."""
    element.evaluate(
        """e => { for (let d = e.closest('details'); d;
                       d = d.parentElement.closest('details')) d.open = true }"""
    )


def is_open(summary: Locator) -> bool:
    return bool(summary.evaluate("s => s.parentElement.open"))


def fill_in(button: Locator) -> None:
    """Fill in what its form requires: the first of each choice."""
    form = button.locator("xpath=ancestor::form[1]")
    for radio in form.locator("input[type=radio][required]").all()[:1]:
        radio.check()


def choose(page: Page, element: Locator, control: Control) -> None:
    """Choose something else, and send it where the page does not by itself."""
    values = element.evaluate(
        "s => [...s.options].filter(o => !o.disabled && !o.selected).map(o => o.value)"
    )
    if not values:
        return
    before = page.url
    element.select_option(values[0])
    is_live = element.evaluate("s => !!s.closest('form[hx-get]')")
    if is_live and page.evaluate("() => !!window.htmx"):
        page.wait_for_function("url => location.href != url", arg=before)
    else:
        element.locator("xpath=ancestor::form[1]").locator(
            "[type=submit]"
        ).first.click()
        page.wait_for_load_state()
    assert_shows_something(page, None, control)


@pytest.fixture(scope="module")
def walker() -> str:
    """Return the address of somebody with three connections."""
    return "walker@example.com"


def test_everything_that_can_be_pressed_does_something(
    open_page: Callable[..., Page], walker: str
) -> None:
    page = open_page(walker)
    connect(page, "HubSpot", person="Bo Lindqvist", consent="Connect app")
    wait_until_complete(page, "Contacts")
    connect(page, "Airtable", person="Ida Neu", consent="Grant access")
    connect(page, "HubSpot", person="Mo Kestrel", consent="Connect app")
    wait_until_complete(page, "Contacts")

    for is_scripted in (True, False):
        page = open_page(walker, java_script_enabled=is_scripted)
        pressed: set[str] = set()
        for address in walk(open_page(walker), *PAGES):
            scout = open_page(walker)
            for control in list(controls_of(scout, address)):
                what = f"{control.kind}|{kind_of(control.name)}"
                if what not in pressed:
                    pressed.add(what)
                    press(page, control)
            scout.close()
        assert len(pressed) > 20, pressed
