"""Find what can be pressed on the pages that links lead to."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain
from urllib.parse import urlsplit

from playwright.sync_api import Page, Response, expect

# A file, which no browser shows as a page.
CODES = "/accounts/2fa/recovery-codes/download/"
# They work for strangers as well.
PUBLIC = ("/theme/", "/time-zone/", "/accounts/password/reset/")
# These end what the other controls need, or refuse what is filled in blindly; they are
# pressed by tests of their own.
ENDING = (
    *("/accounts/logout/", "/accounts/delete/", "/accounts/2fa/totp/deactivate/"),
    *("/own-columns/", "/views/new/"),
)
SELECTORS = {
    "button": "main button[type=submit], footer button, header button",
    "select": "main select, footer select",
    "details": "main details > summary, header details > summary",
}
# Without a script, the words of what only one could make do something.
DEAD = """() => window.htmx ? []
    : [...document.querySelectorAll('button[type=button]')]
        .filter(e => e.getClientRects().length
            && e.checkVisibility({visibilityProperty: true}))
        .map(e => e.innerText)"""
# Left out is what a script makes needless, and what only the Enter key presses. What
# a menu holds can be reached if the menu can.
FIND = """selectors => Object.entries(selectors).flatMap(([kind, selector]) => {
    const isReached = e => e && (e.getClientRects().length > 0 || isReached(
        e.closest('details > :not(summary)')?.parentElement.querySelector('summary')))
    return [...document.querySelectorAll(selector)]
        .map((e, index) => ({e, index}))
        .filter(({e}) => !e.disabled && e.getAttribute('tabindex') !== '-1'
            && isReached(e))
        .map(({e, index}) => ({kind, selector, index,
            action: e.getAttribute('formaction')
                || (e.form && e.form.getAttribute('action')) || '',
            field: e.name || '',
            value: kind == 'button' ? e.value : '',
            words: kind == 'details' ? e.innerText : '',
            is_folded: !e.checkVisibility()})) })"""
BOTH = f"selectors => [({DEAD})(), ({FIND})(selectors)]"
# What ends the part that a control shares with those of other rows and columns:
# `up:email`, `width-email`, `The numbers of Contacts`, `Without a value (22)`.
OF_ONE = re.compile(r"[-:(\n]")
LENGTH_OF_ID = 31
# Buttons of a form that share a name: more of them are no actions of ours, but each
# stands for something that the account has, as a column.
MOST_ACTIONS = 5
OF_MANY = "*"


@dataclass(frozen=True)
class Control:
    """Where something to press stands, and what tells it from others of its kind."""

    page: str
    kind: str
    action: str
    field: str
    value: str
    words: str
    selector: str
    index: int
    # It is in a menu that is closed.
    is_folded: bool

    @property
    def key(self) -> str:
        """Return what it has in common with the same control of another page.

        Of a column's, a row's or a view's controls one stands for all.
        """
        told = (self.field, self.value, self.words)
        return "|".join([self.form, *map(shared, told)])

    @property
    def form(self) -> str:
        """Return what it shares with what sends the same form with other values."""
        sent_to = "" if self.kind == "details" else self.action or self.page
        return f"{self.kind}|{path_of(sent_to)}"

    @property
    def is_ending(self) -> bool:
        return any(end in f"{self.page} {self.key}" for end in ENDING)

    @property
    def is_public(self) -> bool:
        return any(path in self.key for path in PUBLIC)


# What can be pressed on pages, by their addresses.
Found = dict[str, list[Control]]


def walk(page: Page, *starts: str, within: str = "/") -> Found:
    """Return what one page of each kind that links lead to offers, by its address.

    Left out is a page of a path that is there already, if it offers nothing else.
    Account pages are walked through where they are asked for as ``within``.
    """
    others = ("/static/", "/admin/", *(("/accounts/",) if within == "/" else ()))
    seen: set[str] = set()
    offered: set[str] = set()
    found: Found = {}
    waiting = list(starts)
    while waiting:
        address = waiting.pop(0)
        kinds = kinds_of(address)
        if kinds <= seen:
            continue
        answer = page.goto(address)
        assert_shows_something(page, answer, address)
        controls = controls_of(page, address)
        keys = {control.key for control in controls}
        if path_of(address) not in seen or keys - offered:
            found[address] = controls
        seen |= kinds
        offered |= keys
        for href in page.eval_on_selector_all(
            "a[href]", "links => links.map(link => link.href)"
        ):
            parts = urlsplit(href)
            is_own = href.startswith(origin_of(page)) and parts.path.startswith(within)
            if is_own and not parts.path.startswith(others) and parts.path != CODES:
                waiting.append(f"{parts.path}?{parts.query}".rstrip("?"))
    return found


def kinds_of(address: str) -> set[str]:
    """Return the kinds of pages that one is of: of its path, and of each query name.

    Together the names of a list's query make a hundred pages, whose controls are those
    that each name brings by itself.
    """
    path, _, names = kind_of(address).partition("?")
    return {path, *(f"{path}?{name}" for name in names.split("&") if name)}


def path_of(address: str) -> str:
    """Return the path of an address without ids."""
    return kind_of(address).partition("?")[0]


def origin_of(page: Page) -> str:
    parts = urlsplit(page.url)
    return f"{parts.scheme}://{parts.netloc}"


def kind_of(address: str) -> str:
    """Return the address without ids and without the values of its query."""
    parts = urlsplit(address)
    names = sorted(pair.partition("=")[0] for pair in parts.query.split("&") if pair)
    path = "/".join(map(nameless, parts.path.split("/")))
    return f"{path}?{'&'.join(names)}"


def shared(told: str) -> str:
    """Return what controls of several rows or columns have in common."""
    return nameless(OF_ONE.split(told)[0] if len(told) < LENGTH_OF_ID else told)


def nameless(part: str) -> str:
    """Return a star for what is as long as an id."""
    return "*" if len(part) >= LENGTH_OF_ID else part


def assert_shows_something(page: Page, answer: Response | None, what: object) -> None:
    assert answer is None or answer.status < 400, (what, answer.status)
    expect(page.locator("h1"), str(what)).to_have_count(1)


def assert_works_without_script(page: Page) -> None:
    """Look for buttons that only a script could make do something."""
    assert page.evaluate(DEAD) == [], page.url


def controls_of(page: Page, address: str) -> list[Control]:
    """Return what can be pressed on the page that is open, links left out."""
    dead, offered = page.evaluate(BOTH, SELECTORS)
    assert dead == [], page.url
    found = [Control(page=address, **each) for each in offered]
    actions: dict[tuple[str, str], set[str]] = {}
    for each in found:
        actions.setdefault((each.form, each.field), set()).add(shared(each.value))
    return [
        each
        if len(actions[each.form, each.field]) <= MOST_ACTIONS
        else replace(each, value=OF_MANY)
        for each in found
    ]


def one_of_each_form(found: Found) -> list[Control]:
    """Return the first control of each form, without those that only unfold."""
    forms: dict[str, Control] = {}
    for control in chain.from_iterable(found.values()):
        if control.kind != "details" and not control.is_ending:
            forms.setdefault(control.form, control)
    return list(forms.values())


def find_again(page: Page, control: Control) -> Control | None:
    """Return a control where it stands now, None if what goes on took it away."""
    there = controls_of(page, control.page)
    return next((each for each in there if each.key == control.key), None)


def unpressed(page: Page, address: str, pressed: set[str]) -> Iterator[Control]:
    return (
        control
        for control in controls_of(page, address)
        if control.key not in pressed and not control.is_ending
    )
