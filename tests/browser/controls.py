"""Find what can be pressed on pages, press it, and look at what comes of it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Error, Locator, Page, Response, expect

from tests.browser.fixtures import EXPECTED, expecting

SESSION, LOGIN = "session", "/accounts/login/"
# The page that keeps what was typed into a form whose session has ended.
KEPT = "[data-kept=signed_out]"
# A file, which no browser shows as a page.
CODES = "/accounts/2fa/recovery-codes/download/"
# They work for strangers as well.
PUBLIC = ("/theme/", "/time-zone/", "/accounts/password/reset/")
ON_CHANGE = "data-submit-on-change"
SENDS = "[type=submit]:not([tabindex='-1'], :disabled)"
# These end what the other controls need, or refuse what is filled in blindly; they are
# pressed by tests of their own.
ENDING = (
    *("/accounts/logout/", "/accounts/delete/", "/accounts/2fa/totp/deactivate/"),
    "/own-columns/",
)
SELECTORS = {
    "button": "main button[type=submit], footer button, header button",
    "select": "main select, footer select",
    "details": "main details > summary, header details > summary",
}
# Left out is what a script makes needless, and what only the Enter key presses. What
# a menu holds can be reached. A control is named by the form it sends, or its words.
FIND = """selectors => Object.entries(selectors).flatMap(([kind, selector]) =>
    [...document.querySelectorAll(selector)]
        .map((e, index) => ({e, index}))
        .filter(({e}) => !e.disabled && e.getAttribute('tabindex') !== '-1'
            && (e.closest('details') || e.getClientRects().length))
        .map(({e, index}) => ({kind, selector, index, name:
            (e.getAttribute('formaction')
             || (e.form && e.form.getAttribute('action')) || '') + '|'
            + (e.name || '') + '|' + (e.value || '') + '|'
            + (e.tagName == 'SUMMARY' ? e.innerText : '')})))"""


@dataclass(frozen=True)
class Control:
    """Where something to press stands, and what tells it from others of its kind."""

    page: str
    kind: str
    name: str
    selector: str
    index: int

    @property
    def key(self) -> str:
        """Return what it has in common with the same control of another page."""
        return f"{self.kind}|{kind_of(self.name)}"


def walk(page: Page, *starts: str, within: str = "/") -> list[str]:
    """Return one address of each kind of page that links lead to.

    Account pages are walked through where they are asked for as ``within``.
    """
    others = ("/static/", "/admin/", *(("/accounts/",) if within == "/" else ()))
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
            is_own = href.startswith(origin_of(page)) and parts.path.startswith(within)
            if is_own and not parts.path.startswith(others) and parts.path != CODES:
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


def assert_shows_something(page: Page, answer: Response | None, what: object) -> None:
    assert answer is None or answer.status < 400, (what, answer.status)
    expect(page.locator("h1"), str(what)).to_have_count(1)


def assert_works_without_script(page: Page) -> None:
    """Look for buttons that only a script could make do something."""
    if not page.evaluate("() => !!window.htmx"):
        dead = page.locator("button[type=button]:visible")
        assert dead.all_inner_texts() == [], page.url


def controls_of(page: Page, address: str) -> list[Control]:
    """Return what can be pressed on the page that is open, links left out."""
    assert_works_without_script(page)
    return [Control(page=address, **each) for each in page.evaluate(FIND, SELECTORS)]


def press(page: Page, control: Control) -> bool:
    """Press a control where it stands, and look at what comes of it.

    Return whether the page is whole afterwards: as it was, or loaded anew.
    """
    element = page.locator(control.selector).nth(control.index)
    is_hidden = not element.is_visible()
    if is_hidden:
        reveal(element)
    if control.kind == "details":
        for was_open in (is_open(element), not is_open(element)):
            element.click()
            assert is_open(element) is not was_open, control
        return not is_hidden
    if control.kind == "select":
        return choose(page, element, control)
    fill_in(element)
    try:
        with page.expect_response(is_answer, timeout=30_000) as told:
            element.click()
    except Error:
        pytest.fail(f"nothing was sent by {control}")
    page.wait_for_load_state()
    status = told.value.status
    assert status < 400 or status in EXPECTED, (control, status)
    assert_shows_something(page, None, control)
    assert LOGIN not in page.url or control.page == LOGIN, control
    return is_loaded_by(told.value)


def is_answer(response: Response) -> bool:
    """Tell what a press brings from what a page loads besides, pictures and polls."""
    request = response.request
    is_poll = "/progress/" in response.url
    return request.resource_type in ("document", "xhr", "fetch") and not is_poll


def is_loaded_by(response: Response) -> bool:
    """Tell whether a page was asked for by its address, not what a form was answered.

    Only then is it what whoever opens that address sees.
    """
    is_asked = response.request.method == "GET" or 300 <= response.status < 400
    return is_asked and response.request.resource_type == "document"


def reveal(element: Locator) -> None:
    """Open the menus that a control is in, as its user would."""
    element.evaluate(
        """e => { for (let d = e.closest('details'); d;
                       d = d.parentElement.closest('details')) d.open = true }"""
    )


def is_open(summary: Locator) -> bool:
    return bool(summary.evaluate("s => s.parentElement.open"))


def fill_in(button: Locator) -> None:
    """Fill in what its form requires: the first choice, and words of the right kind."""
    form = button.locator("xpath=ancestor::form[1]")
    for radio in form.locator("input[type=radio][required]").all()[:1]:
        radio.check()
    words = {"email": "second@example.com", "password": "no-password-9"}
    fields = ":is(input:not([type=radio], [type=checkbox], [type=hidden]), textarea)"
    for field in form.locator(fields).all():
        kind = field.get_attribute("type") or "text"
        if field.is_visible() and not field.input_value():
            field.fill(words.get(kind, "7"))


def choose(page: Page, element: Locator, control: Control) -> bool:
    """Choose something else, and send it where the page does not by itself.

    Return whether a page was loaded.
    """
    values = element.evaluate(
        "s => [...s.options].filter(o => !o.disabled && !o.selected).map(o => o.value)"
    )
    if not values:
        return False
    form = element.locator("xpath=ancestor::form[1]")
    sends = (form.get_attribute("hx-get"), element.get_attribute(ON_CHANGE))
    is_scripted = page.evaluate("() => !!window.htmx")
    try:
        with page.expect_response(is_answer, timeout=30_000) as told:
            element.select_option(values[0])
            if not is_scripted or sends == (None, None):
                send = form.locator(SENDS).first
                fill_in(send)
                send.click()
    except Error:
        pytest.fail(f"nothing was sent by {control}")
    page.wait_for_load_state()
    status = told.value.status
    assert status < 400 or status in EXPECTED, (control, status)
    assert_shows_something(page, None, control)
    return is_loaded_by(told.value)


def go_back(page: Page, control: Control) -> None:
    """Take the way back, which leads to a whole page again, never to a part of one."""
    page.go_back()
    expect(page.locator("h1"), f"back from {control}").to_have_count(1)
    expect(page.locator("header").first, f"back from {control}").to_be_visible()


def press_all(page: Page, addresses: Iterable[str]) -> int:
    """Press each control of some pages once, and return how many there were.

    From what the first of each form brings, Back leads to a whole page.
    """
    pressed: set[str] = set()
    sent: set[str] = set()
    for address in addresses:
        page.goto(address)
        # What is pressed may take controls away and bring others: look each time.
        while control := next(unpressed(page, address, pressed), None):
            pressed.add(control.key)
            is_whole = press(page, control)
            if control.kind == "button" and form_of(control) not in sent:
                sent.add(form_of(control))
                go_back(page, control)
                is_whole = False
            if not (is_whole and page.url == f"{origin_of(page)}{address}"):
                page.goto(address)
    return len(pressed)


def press_and_go_back(page: Page, addresses: Iterable[str]) -> int:
    """Press one control of each form that only asks, and take the way back."""
    pressed: set[str] = set()
    for address in addresses:
        page.goto(address)
        for control in list(unpressed(page, address, pressed)):
            form = form_of(control)
            if control.kind == "details" or form in pressed:
                continue
            element = page.locator(control.selector).nth(control.index)
            method = element.evaluate("e => e.form ? e.form.method : ''")
            pressed.add(form)
            if method == "get":
                press(page, control)
                go_back(page, control)
                page.goto(address)
    return len(pressed)


def form_of(control: Control) -> str:
    """Return what it has in common with what sends the same form with other values."""
    return "|".join(control.key.split("|")[:2])


def press_signed_out(page: Page, addresses: Iterable[str]) -> int:
    """Press one control of each form once the session ended: it asks who is there."""
    pressed: set[str] = set()
    kept = [each for each in page.context.cookies() if each["name"] == SESSION]
    for address in addresses:
        page.goto(address)
        is_there = True
        for control in list(unpressed(page, address, pressed)):
            is_public = any(path in control.key for path in PUBLIC)
            form = form_of(control)
            if control.kind == "details" or is_public or form in pressed:
                continue
            pressed.add(form)
            if not is_there:
                page.goto(address)
            page.context.clear_cookies(name=SESSION)
            with expecting(403):
                press_for_sign_in(page, control)
            page.context.add_cookies(kept)
            is_there = False
    return len(pressed)


def press_for_sign_in(page: Page, control: Control) -> None:
    element = page.locator(control.selector).nth(control.index)
    if not element.is_visible():
        reveal(element)
    if control.kind != "select":
        fill_in(element)
        element.click()
    elif element.locator("option:not(:disabled)").count() > 1:
        choose(page, element, control)
    else:
        return
    sign_in = page.locator("input[name=login]").or_(page.locator(KEPT))
    expect(sign_in.first, str(control)).to_be_visible()
    assert_shows_something(page, None, control)


def unpressed(page: Page, address: str, pressed: set[str]) -> Iterator[Control]:
    return (
        control
        for control in controls_of(page, address)
        if control.key not in pressed
        and not any(end in f"{control.page} {control.key}" for end in ENDING)
    )
