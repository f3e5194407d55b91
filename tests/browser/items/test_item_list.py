"""Drive the controls of the items' list in a browser, with two connections."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.fixtures import PHONE, expecting, wait_until_loaded
from tests.browser.test_structure import connect, wait_until_complete
from tests.real.support.processes import wait_until
from tests.real.support.stack import Stack

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def fleet() -> str:
    """Return the address of somebody who has two connections."""
    return "two-of-them@example.com"


def test_every_filter_sends_its_choice_and_back_shows_a_page(
    open_page: Callable[..., Page], fleet: str
) -> None:
    page = open_page(fleet)
    connect(page, "HubSpot", user="Mo Kestrel", consent="Connect app")
    wait_until_complete(page, "Contacts")
    connect(page, "Airtable", user="Mo Kestrel", consent="Grant access")
    wait_until_complete(page, "Every kind of field")

    page.goto("/items/")
    for label in ("Provider", "Connection", "Type", "Collection", "State"):
        page.goto("/items/")
        select = page.get_by_label(label, exact=True)
        value = select.locator("option").nth(1).get_attribute("value")
        select.select_option(value)
        page.wait_for_url(f"**/items/?*{value}*")

    page.goto("/items/")
    collections = page.get_by_label("Collection", exact=True)
    everything = collections.locator("option").count()
    airtable = page.get_by_label("Provider", exact=True)
    airtable.focus()
    airtable.select_option("airtable")
    page.wait_for_url("**/items/?*provider=airtable*")
    expect(collections.locator("option")).not_to_have_count(everything)
    expect(airtable).to_be_focused()
    chosen = collections.locator("option").nth(1).get_attribute("value")
    collections.select_option(chosen)
    page.wait_for_url(f"**/items/?*{chosen}*")

    page.goto("/items/")
    page.get_by_label("Search this list").fill("an")
    page.wait_for_url("**/items/?*q=an*")
    page.get_by_role("row").nth(1).get_by_role("link").first.click()
    page.wait_for_load_state()
    page.go_back()
    expect(page.get_by_role("heading", level=1, name="Items")).to_be_visible()
    expect(page.get_by_role("navigation").first).to_be_visible()


def refuse_parts(route: Route) -> None:
    """Answer what a script asks for with 503, and leave pages to the site."""
    if "hx-request" in route.request.headers:
        route.fulfill(status=503)
    else:
        route.continue_()


def test_shortcuts_that_do_not_come_are_read_on_their_own_page(
    open_page: Callable[..., Page], fleet: str
) -> None:
    page = open_page(fleet)
    # A page that looks for news may be loaded again at that very moment.
    page.goto("/search/")
    page.route("**/accounts/keyboard/", refuse_parts)

    with expecting(503):
        page.keyboard.press("?")
        page.wait_for_url("**/accounts/keyboard/")

    expect(page.get_by_role("heading", level=1)).to_have_text("Keyboard")


def test_everything_is_reached_by_keys_until_they_are_switched_off(
    open_page: Callable[..., Page], fleet: str
) -> None:
    page = open_page(fleet)
    page.goto("/connections/")
    keys = page.keyboard

    keys.press("/")
    keys.press("Escape")
    keys.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    keys.press("Escape")
    keys.press("/")
    keys.type("an?")
    keys.press("Enter")
    page.wait_for_url("**/search/?q=an*")
    keys.press("j")
    keys.press("j")
    keys.press("k")
    first = page.locator("main tbody tr a").first
    expect(first).to_be_focused()
    keys.press("Enter")
    page.wait_for_url("**/items/*-*/")
    page.go_back()
    expect(first).to_be_focused()
    keys.press("Enter")
    page.wait_for_url("**/items/*-*/")
    keys.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    keys.press("Escape")
    keys.press("g")
    keys.press("c")
    page.wait_for_url("**/connections/")
    keys.press("g")
    keys.press("i")
    page.wait_for_url("**/items/")

    page.goto("/accounts/keyboard/")
    page.get_by_role("checkbox", name="Keyboard shortcuts").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Keyboard shortcuts are off.")).to_be_visible()
    keys.press("/")
    expect(page.get_by_label("Search everything").first).not_to_be_focused()


@pytest.mark.parametrize("script", [True, False], ids=["script", "plain"])
def test_a_column_of_ones_own_and_a_view_are_made_by_hand(
    open_page: Callable[..., Page], fleet: str, *, script: bool
) -> None:
    page = open_page(fleet, java_script_enabled=script, viewport=PHONE)
    name = f"Rank {'with' if script else 'without'} script"
    page.goto("/connections/")
    card = page.locator("li.card").filter(has_text="HubSpot").first
    card.get_by_role("heading").get_by_role("link").click()
    page.locator("a[href^='/collections/']", has_text="Contacts").first.click()
    page.get_by_role("link", name="Your own columns").click()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Type").select_option("number")
    page.get_by_role("button", name="Add").click()

    page.get_by_role("link", name=f"Change {name}").first.click()
    page.get_by_label(name).fill("7")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("link", name="Filter", exact=True).click()
    page.get_by_role("button", name=name, exact=True).click()
    page.locator("[name=operator]").select_option("filled")
    page.get_by_role("button", name="Add filter").click()
    page.wait_for_url("**filled*")
    building = page.locator("[data-code=building]")
    if script:  # the page loads itself again when the index is there
        expect(building).to_have_count(0, timeout=60_000)
    else:
        wait_until_loaded(page, lambda: not building.count(), "index")
    expect(page.locator("tbody tr")).to_have_count(1)

    page.get_by_role("link", name="Save as a view").click()
    page.get_by_label("Name", exact=True).fill(f"By {name}")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("columnheader", name=name).get_by_role("link").click()
    expect(page.locator("[data-code=view_changed]")).to_be_visible()
    page.locator("#view-bar").get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("[data-code=view_changed]")).to_have_count(0)
    page.locator("summary", has_text=f"Views: By {name}").click()
    page.locator(".narrow-only").get_by_role("link", name="All items").click()
    expect(page.get_by_role("link", name="Save as a view")).to_be_visible()


def test_an_open_list_learns_of_news_and_takes_nothing_away(
    open_page: Callable[..., Page], fleet: str, site: Stack
) -> None:
    page = open_page(fleet)
    page.goto("/items/?provider=airtable&type=record")
    first = page.locator("#results tbody a").first
    first.focus()
    page.evaluate("scrollTo(0, 200); window.isSamePage = true")
    looks: list[str] = []
    page.on(
        "request", lambda r: looks.append(r.url) if "/items/live/" in r.url else None
    )
    (base,) = site.ask_sandbox("inventory", provider="airtable", account="kestrel")[
        "bases"
    ]
    table = next(t for t in base["tables"] if t["name"] == "Every kind of field")
    site.sandbox(
        "records/create",
        provider="airtable",
        account="kestrel",
        table=table["id"],
        fields={"Name": "A new one"},
    )
    other = page.context.new_page()
    other.goto("/connections/?")
    card = other.locator("li.card").filter(has_text="Airtable").first
    stored = "select count(*) from integrations_item where provider = 'airtable'"
    before = site.rows(stored)
    card.get_by_role("button", name="Sync now").click()
    wait_until(lambda: site.rows(stored) != before, "the new record", seconds=120)

    # Nobody looks at a hidden tab, and what happened is told when it is seen again.
    come_back = "document.dispatchEvent(new Event('visibilitychange'))"
    hide = "Object.defineProperty(document, 'hidden', {value: %s, configurable: true})"
    page.evaluate(hide % "true")
    looks.clear()
    page.evaluate(come_back)
    assert looks == []
    page.evaluate(f"{hide % 'false'}; {come_back}")

    expect(page.locator("#live-news")).to_contain_text("1 new")
    expect(first).to_be_focused()
    assert page.evaluate("[scrollY, window.isSamePage]") == [200, True]
    page.get_by_role("link", name="Show", exact=True).click()
    expect(page.locator("#live-news")).not_to_contain_text("new")


def test_a_button_pressed_after_the_session_ended_leads_back_to_its_page(
    open_page: Callable[..., Page], fleet: str
) -> None:
    page = open_page(fleet)
    page.goto("/connections/")
    page.context.clear_cookies(name="session")

    page.get_by_role("button", name="Sync now").first.click()

    expect(page.get_by_text("so nothing was done")).to_be_visible()
    page.locator("[name=login]").fill(fleet)
    page.locator("[name=password]").fill("sail-the-seven-7")
    page.locator("form[action*='/login/'] [type=submit]").first.click()
    page.wait_for_url("**/connections/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Connections")
