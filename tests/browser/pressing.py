"""Press what pages offer, and look at what comes of it."""

from collections.abc import Iterable

import pytest
from playwright.sync_api import Error, Locator, Page, Response, expect

from tests.browser.controls import (
    Control,
    Found,
    assert_shows_something,
    find_again,
    one_of_each_form,
    origin_of,
    unpressed,
)
from tests.browser.fixtures import EXPECTED, expecting

SESSION, LOGIN = "session", "/accounts/login/"
# The page that keeps what was typed into a form whose session has ended.
KEPT = "[data-kept=signed_out]"
ON_CHANGE = "data-submit-on-change"
SENDS = "[type=submit]:not([tabindex='-1'], :disabled)"
# What answers while one types would take away the button to press.
FIELDS = (
    ":is(input:not([type=radio], [type=checkbox], [type=hidden], [hx-get]), textarea)"
)
CHOICES = "input[type=radio][required]"
# Of the form of a button, if it has one, whether something has to be chosen, and the
# places of those that are seen and empty, with their types: asked of each, a long form
# takes hundreds of calls.
WANTED = f"""button => {{
    const all = selector => [
        ...(button.closest('form')?.querySelectorAll(selector) ?? [])]
    return [all('{CHOICES}').length > 0, all('{FIELDS}')
        .map((e, index) => ({{e, index}}))
        .filter(({{e}}) =>
            !e.value && e.getClientRects().length && e.checkVisibility())
        .map(({{e, index}}) => [index, e.type])] }}"""


def press(page: Page, control: Control) -> Response | None:
    """Press a control where it stands, and look at what comes of it.

    Return what was answered; None where nothing is asked and the page is as it was.
    """
    element = page.locator(control.selector).nth(control.index)
    if control.is_folded:
        reveal(element)
    if control.kind == "details":
        for was_open in (is_open(element), not is_open(element)):
            element.click()
            assert is_open(element) is not was_open, control
        conceal(page)
        return None
    if control.kind == "select":
        return choose(page, element, control)
    fill_in(element)
    try:
        with page.expect_response(is_answer, timeout=30_000) as told:
            element.click()
    except Error:
        pytest.fail(f"nothing was sent by {control}")
    assert LOGIN not in page.url or control.page == LOGIN, control
    return looked_at(page, told.value, control)


def looked_at(page: Page, answer: Response, control: Control) -> Response:
    """Return an answer, once the page that it brings is seen to be one."""
    page.wait_for_load_state()
    assert answer.status < 400 or answer.status in EXPECTED, (control, answer.status)
    assert_shows_something(page, None, control)
    return answer


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
        """e => { for (let d = e.closest('details:not([open])'); d;
                       d = d.parentElement.closest('details:not([open])'))
            d.open = d.dataset.revealed = true }"""
    )


def conceal(page: Page) -> None:
    """Close what was opened to reach a control that leads to no other page."""
    page.evaluate(
        """() => document.querySelectorAll('[data-revealed]').forEach(
            d => d.open = false)"""
    )


def is_open(summary: Locator) -> bool:
    return bool(summary.evaluate("s => s.parentElement.open"))


def fill_in(button: Locator) -> None:
    """Fill in what its form requires: the first choice, and words of the right kind."""
    chooses, empty = button.evaluate(WANTED)
    form = button.locator("xpath=ancestor::form[1]")
    if chooses:
        form.locator(CHOICES).first.check()
        _, empty = button.evaluate(WANTED)
    words = {"email": "second@example.com", "password": "no-password-9"}
    for index, kind in empty:
        form.locator(FIELDS).nth(index).fill(words.get(kind, "7"))


def choose(page: Page, element: Locator, control: Control) -> Response | None:
    """Choose something else, and send it where the page does not by itself.

    Return what was answered; None where there is nothing else.
    """
    values = element.evaluate(
        "s => [...s.options].filter(o => !o.disabled && !o.selected).map(o => o.value)"
    )
    if not values:
        conceal(page)
        return None
    form = element.locator("xpath=ancestor::form[1]")
    asks = (form.get_attribute("hx-get"), element.get_attribute("hx-post"))
    # An attribute without a value is there as well.
    sends = any(each is not None for each in (*asks, element.get_attribute(ON_CHANGE)))
    is_scripted = page.evaluate("() => !!window.htmx")
    try:
        with page.expect_response(is_answer, timeout=30_000) as told:
            element.select_option(values[0])
            if not is_scripted or not sends:
                send = form.locator(SENDS).first
                fill_in(send)
                send.click()
    except Error:
        pytest.fail(f"nothing was sent by {control}")
    return looked_at(page, told.value, control)


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
            answer = press(page, control)
            is_whole = answer is None or is_loaded_by(answer)
            if answer and control.form not in sent:
                sent.add(control.form)
                # It is asked for anew, for pages are stored nowhere.
                go_back(page, control)
                is_whole = True
            if not (is_whole and page.url == f"{origin_of(page)}{address}"):
                page.goto(address)
    return len(pressed)


def press_signed_out(page: Page, found: Found) -> int:
    """Press one control of each form once the session ended: it asks who is there."""
    forms = [each for each in one_of_each_form(found) if not each.is_public]
    kept = [each for each in page.context.cookies() if each["name"] == SESSION]
    for control in forms:
        page.goto(control.page)
        if there := find_again(page, control):
            page.context.clear_cookies(name=SESSION)
            with expecting(403):
                press_for_sign_in(page, there)
            page.context.add_cookies(kept)
    return len(forms)


def press_for_sign_in(page: Page, control: Control) -> None:
    element = page.locator(control.selector).nth(control.index)
    if control.is_folded:
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
