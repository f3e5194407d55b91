"""Judge every kind of page by axe, in both themes, as the product serves it.

axe is evaluated over the debugging protocol, which no Content-Security-Policy stops.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.urls import NoReverseMatch, Resolver404, resolve, reverse
from playwright.sync_api import Browser, Page, expect

from tests.browser.controls import origin_of, path_of
from tests.browser.fixtures import DESK, PHONE, expecting
from tests.browser.items.whole_pages import HALF
from tests.real.support.processes import wait_until
from tests.real.support.stack import Stack
from tests.support.guards import axe_pages

pytestmark = pytest.mark.browser

# What depends on colours; everything else is the same in both themes.
COLOURS = {"runOnly": ["color-contrast", "link-in-text-block"]}
SIGNED_OUT = (
    "/",
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/password/reset/",
    "/accounts/password/reset/done/",
    "/accounts/confirm-email/",
    "/not-there/",
)
SIGNED_IN = (
    "/",
    "/items/?q=an&state=deleted",
    "/items/as-of/?at=2026-01-01T00:00&until=2026-01-02T00:00",
    "/search/?q=an",
    "/charts/",
)
# A file that has expired is one that is not there.
GONE = (f"/downloads/{UUID(int=0)}/",)
# No pages of ours, and those before which the same one asks who somebody is.
ELSEWHERE = (
    "/static/",
    "/admin/",
    "/feeds/",
    "/accounts/logout/",
    "/accounts/2fa/totp/",
    "/accounts/2fa/webauthn/",
)
# An account is connected by one user: the one of the tests of editing and of tables.
EMAIL = "editor@example.com"
COLLECTIONS = (
    "select c.remote_id, c.id from integrations_collection c"
    " join integrations_connection n on n.id = c.connection_id"
    " join auth_user u on u.id = n.owner_id"
    " where u.email = ? and c.remote_id in ('contacts', 'deals')"
    " and c.first_full_refresh_at is not null"
)
LINKS = "associations.companies"
# Rows of a table are alike, and each costs time in the browser.
MOST_ROWS = 3
SHORTEN = """most => document.querySelectorAll(`tbody > tr:nth-child(n+${most + 1})`)
    .forEach(row => row.remove())"""
# What the Tab key leads to, in the order of the page; of radio buttons, the chosen one.
NUMBER = """() => [...document.querySelectorAll(
        'a[href], button, input, select, textarea, summary, [tabindex]')]
    .filter(e => e.tabIndex >= 0 && !e.disabled && e.checkVisibility()
        && (e.type !== 'radio' || e.checked))
    .map((e, n) => (e.dataset.stop = n, e.outerHTML.slice(0, 120)))"""
# Which of them has the focus, and whether that can be seen.
FOCUSED = """() => {
    const e = document.activeElement, style = getComputedStyle(e)
    const box = e.getClientRects()[0]
    const x = box.left + Math.min(box.width, 40) / 2
    const y = box.top + Math.min(box.height, 24) / 2
    const top = document.elementFromPoint(x, y)
    const isMarked = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 1
    const isSeen = top && (e.contains(top) || top.contains(e) && !top.matches('th, td'))
    return {stop: Number(e.dataset.stop ?? -1), isMarked, isSeen: Boolean(isSeen)} }"""
# Whether what has the focus is whole in the room that the head and the first column
# of its table leave.
WHOLE = """() => {
    const e = document.activeElement, grid = e.closest('.grid-box')
    if (!grid || e === grid) return true
    const box = e.getBoundingClientRect(), room = grid.getBoundingClientRect()
    const corner = grid.querySelector('thead th').getBoundingClientRect()
    const isFirst = e.closest('tbody th, thead th:first-child')
    return box.left >= (isFirst ? room.left : corner.right) - 1
        && box.right <= (isFirst ? corner.right : room.right) + 1
        && box.top >= (e.closest('thead') ? room.top : corner.bottom) - 1
        && box.bottom <= room.bottom + 1 }"""
# No rule that runs reads style sheets, which axe would fetch and read for each page.
AUDIT = """options => axe.run(document,
        {resultTypes: ['violations'], preload: {assets: ['media']}, ...options})
    .then(result => result.violations.flatMap(rule => rule.nodes.map(node =>
        `${rule.impact} ${rule.id}: ${node.html.slice(0, 200)}`)))"""


def violations(page: Page) -> list[str]:
    """Return what axe finds wrong on the page that is open, in both themes."""
    if page.evaluate("() => !window.axe"):
        page.evaluate(AXE_SCRIPT)
    page.evaluate(SHORTEN, MOST_ROWS)
    found: list[str] = []
    for theme, options in (("light", {}), ("dark", COLOURS)):
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        told: Any = page.evaluate(AUDIT, options)
        found += [f"{page.url} {theme} {each}" for each in told]
    return found


def judge(
    page: Page, starts: Iterable[str], *, shown: set[str], seen: set[str]
) -> list[str]:
    """Return what is wrong with some pages, and one of each other kind they lead to.

    The names of the views that were ``shown`` are added to those, and the kinds of
    pages that were ``seen`` to these.
    """
    found: list[str] = []
    waiting = list(dict.fromkeys(starts))
    seen |= {path_of(address) for address in waiting}
    while waiting:
        page.goto(waiting.pop(0))
        shown |= view_names(page)
        hrefs = page.eval_on_selector_all("a[href]", "links => links.map(a => a.href)")
        found += violations(page)
        for href in hrefs:
            kind, path = path_of(href), urlsplit(href).path
            is_page = href.startswith(origin_of(page)) and "/file/" not in path
            if is_page and kind not in seen and not path.startswith(ELSEWHERE):
                seen.add(kind)
                waiting.append(href)
    return found


def addresses_of(views: Iterable[str]) -> Iterator[str]:
    """Yield the addresses of those views that need nothing to have one."""
    for view in sorted(views):
        with suppress(NoReverseMatch):
            yield reverse(view)


def view_names(page: Page) -> set[str]:
    """Return the name of the view that shows a page, none for a page of no view."""
    try:
        return {resolve(urlsplit(page.url).path).view_name}
    except Resolver404:
        return set()


def press(page: Page, name: str) -> None:
    page.locator("main").get_by_role("button", name=name, exact=True).last.click()
    page.wait_for_load_state()


def make_what_is_not_linked(page: Page, deals: str, contacts: str) -> list[str]:
    """Use what has pages of its own, and return their addresses."""
    made = [
        f"{deals}?group=dealstage&amount__gt=1&size=25&density=tall",
        f"{deals}filter/?amount__gt=1",
        f"{deals}filter/?column=dealstage&operator=in&drawn=in&add=1",
        f"{deals}filter/?closedate__between=2026-01-01,2026-02-01&edit=0",
        f"{deals}?amount__gt=99999999999&nothing__is=1",
        f"{deals}choices/",
        "/items/choices/?of=collection",
        f"{contacts}imports/",
        f"/views/new/?{urlencode({'back': f'{deals}?nothing__is=1'})}",
    ]
    page.goto(f"{deals}own-columns/")
    page.get_by_label("Name", exact=True).fill("Note")
    press(page, "Add")
    page.goto(f"{deals}?sort=-amount&size=25")
    page.get_by_role("link", name="Save as a view").click()
    page.get_by_label("Name", exact=True).fill("By amount")
    press(page, "Save")
    page.goto(f"{contacts}import/")
    text = b"email,Town\nnobody,Oslo\nsomebody@example.com,Oslo\n"
    file = {"name": "people.csv", "mimeType": "text/csv", "buffer": text}
    page.get_by_label("CSV file").set_input_files(files=[file])  # type: ignore[list-item]
    press(page, "Upload")
    made.append(urlsplit(page.url).path)
    page.goto(f"{contacts}?size=25")
    item = page.locator("tbody th > a").first.get_attribute("href")
    connection = page.locator("main a[href^='/connections/']").first
    of_it = ("runs", "refreshes", "edits", "bulk-edits")
    made += [f"{connection.get_attribute('href')}{name}/" for name in of_it]
    made += [
        f"{str(item).partition('?')[0]}{name}/" for name in ("edit", "edits", "archive")
    ]
    page.get_by_role("checkbox", name=re.compile("^Choose ")).first.check()
    press(page, "Edit these")
    made.append(urlsplit(page.url).path)
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    made.append(f"{deals}as-of/?at={now}&amount__gt=1")
    return made


@pytest.fixture(scope="module")
def tables(site: Stack) -> dict[str, str]:
    """Return the addresses of a reader's tables, once they are read."""

    def read() -> dict[str, str]:
        rows = site.rows(COLLECTIONS, EMAIL)
        return {name: f"/collections/{UUID(str(key))}/" for name, key in rows}

    if len(read()) < 2:
        site.user(EMAIL).connect("hubspot")
    return wait_until(lambda: len(read()) > 1 and read(), "its tables", seconds=120)


def switch_editing_on(page: Page, contacts: str) -> None:
    page.goto(f"{contacts}?size=25")
    page.locator("main a[href^='/connections/']").first.click()
    page.wait_for_url("**/connections/**")
    switch = page.get_by_role("button", name="Switch on editing")
    if not switch.count():
        return
    switch.first.click()
    page.get_by_role("button", name="Continue to HubSpot").click()
    page.get_by_role("button", name="Connect app").click()
    page.wait_for_url("**/connections/*-*/**")


def test_no_kind_of_page_has_a_violation_in_either_theme(
    open_page: Callable[..., Page],
    chromium: Browser,
    site: Stack,
    tables: dict[str, str],
) -> None:
    # A page of its own: one that is not there is an error in the console as well.
    shown: set[str] = set()
    with chromium.new_context(base_url=site.url, viewport=DESK) as context:
        found = judge(context.new_page(), SIGNED_OUT, shown=shown, seen=set())
    page = open_page(EMAIL)
    contacts, deals = tables["contacts"], tables["deals"]
    switch_editing_on(page, contacts)
    made = make_what_is_not_linked(page, deals, contacts)

    # Each page begins with it, which costs less than to send half a megabyte to each.
    page.add_init_script(AXE_SCRIPT)
    seen: set[str] = set()
    found += judge(page, [*made, *SIGNED_IN], shown=shown, seen=seen)
    rest = addresses_of(axe_pages.JUDGED - shown)
    with expecting(404), expecting(401):
        found += judge(page, [*GONE, *rest], shown=shown, seen=seen)

    missing = axe_pages.JUDGED - shown
    assert not missing, " ".join(sorted(missing))
    assert not found, "\n".join(found)


def test_the_tab_key_leads_to_all_of_a_table_in_view_at_twice_the_size(
    open_page: Callable[..., Page], tables: dict[str, str]
) -> None:
    page = open_page(EMAIL, viewport=HALF, device_scale_factor=2)
    page.goto(f"{tables['deals']}?columns={LINKS},amount&{LINKS}__filled=1&size=25")
    # It loads itself again when the index that it filters by is there.
    expect(page.locator("[data-code=building]")).to_have_count(0, timeout=60_000)
    page.wait_for_load_state()
    assert page.evaluate("() => document.documentElement.scrollWidth") == HALF["width"]

    assert_tab_leads_to_all_in_view(page)


def test_the_tab_key_leads_to_all_of_a_folded_table_in_view(
    open_page: Callable[..., Page], tables: dict[str, str]
) -> None:
    page = open_page(EMAIL, viewport=PHONE)
    page.goto("/items/")
    assert tables
    # What a narrow screen sorts by is in view, and so among the stops.
    assert page.locator("thead a:visible").count() > 2

    assert_tab_leads_to_all_in_view(page)


def test_the_tab_key_leads_to_the_whole_of_each_link_beside_a_fixed_column(
    open_page: Callable[..., Page], tables: dict[str, str]
) -> None:
    page = open_page(EMAIL, viewport=PHONE)
    shown = f"phone,email,company,{LINKS},website,hubspot_owner_id"
    page.goto(f"{tables['contacts']}?columns={shown}&size=25")
    rows = page.locator("table.sheet tbody tr")
    assert rows.locator("a[href^='mailto:']").count() > MOST_ROWS

    assert_tab_leads_to_all_in_view(page)


def assert_tab_leads_to_all_in_view(page: Page) -> None:
    page.evaluate(SHORTEN, MOST_ROWS)
    stops = page.evaluate(NUMBER)
    reached, faults = [], []
    for _ in stops:
        page.keyboard.press("Tab")
        now = page.evaluate(FOCUSED)
        reached.append(now["stop"])
        if not (now["isMarked"] and now["isSeen"] and page.evaluate(WHOLE)):
            faults.append((now, stops[now["stop"]]))

    assert reached == list(range(len(stops))), stops
    assert faults == []


def test_rows_of_a_table_are_chosen_by_keys(
    open_page: Callable[..., Page], tables: dict[str, str]
) -> None:
    page = open_page(EMAIL)
    page.goto(f"{tables['deals']}?size=25")
    boxes = page.get_by_role("checkbox", name=re.compile("^Choose "))

    for key in ("j", "j", "x", "k", "x"):
        page.keyboard.press(key)

    assert [box.is_checked() for box in boxes.all()[:3]] == [True, True, False]
    page.keyboard.press("x")
    assert not boxes.first.is_checked()
    row = page.locator("table.sheet tbody tr").first
    name = row.get_by_role("rowheader").inner_text()
    page.keyboard.press("Enter")
    page.wait_for_url("**/items/*-*/**")
    assert page.get_by_role("heading", level=1).inner_text() in name
