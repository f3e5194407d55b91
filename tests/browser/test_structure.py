"""Connect a provider that has a structure, choose from it, and walk down into it."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.fixtures import wait_until_loaded
from tests.real.support.stack import Stack

pytestmark = pytest.mark.browser

SYNCED = 60_000
CONNECTED = re.compile(r"/connections/[0-9a-f-]{36}/")


def connect(page: Page, provider: str, *, user: str, consent: str) -> None:
    """Go to the provider, be somebody there, say yes, and come back."""
    page.goto(f"/connections/connect/{provider.lower()}/")
    page.get_by_role("button", name=f"Continue to {provider}").click()
    page.get_by_role("radio", name=user).check()
    page.get_by_role("button", name=consent).click()
    # An account that somebody else has leads to the list of connections.
    page.wait_for_url(CONNECTED)


def wait_until_complete(page: Page, *collections: str) -> None:
    """Watch the connection's page, which renews itself, until all were read."""
    for name in collections:
        row = page.get_by_role("row").filter(has=page.get_by_role("link", name=name))
        expect(row.get_by_text("Complete", exact=True)).to_be_visible(timeout=SYNCED)


def walk_beside(page: Page, name: str) -> None:
    """Go on to the next row and back, and to what it was when it was first read."""
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_role("heading", level=1)).not_to_contain_text(name)
    page.get_by_role("link", name="Previous").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)
    page.get_by_role("form", name="How it was").get_by_role("button").click()
    expect(page.get_by_role("heading", name="Then and now")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)


def see_changes(page: Page, word: str) -> None:
    """Find a change among all of them, and mark them as seen."""
    page.goto("/changes/")
    entry = page.get_by_role("listitem").filter(has_text=word)
    expect(entry.first).to_be_visible()
    page.get_by_role("button", name="Mark as seen").click()
    expect(page.get_by_role("link", name="0 changes")).to_be_visible()


def visit_table_and_its_item(page: Page, name: str) -> None:
    """Go from a record by its breadcrumbs to the table, to what tells of it, and back.

    The table is one press away, and its own page, with its history, another one.
    """
    trail = page.get_by_role("navigation", name="Where it is")
    trail.get_by_role("link", name=name, exact=True).click()
    page.wait_for_url("**/collections/**")
    page.get_by_role("link", name="About this table").click()
    expect(page.get_by_role("heading", name="History")).to_be_visible()
    expect(page.get_by_role("link", name="Open the table")).to_be_visible()
    # Its address, opened anew, would come from no list.
    page.go_back()
    page.go_back()


def test_a_user_walks_from_an_airtable_base_to_a_record(
    open_page: Callable[..., Page], site: Stack
) -> None:
    page = open_page("jurgen@example.com")

    connect(page, "Airtable", user="Jürgen Groß", consent="Grant access")
    wait_until_complete(page, "Möbelstücke", "Käufer")
    connection = page.url

    # Until the plan is said it is read carefully; a large one gets the usual schedule.
    page.reload()
    expect(page.get_by_text("Once a day; everything every 30 days")).to_be_visible()
    page.get_by_role("link", name="Say which plan you have").click()
    page.get_by_label("Your plan in Airtable").select_option("team")
    page.get_by_role("button", name="Save", exact=True).last.click()
    expect(page.get_by_text("Your Team plan has calls enough")).to_be_visible()

    # The Free plan has fewer calls than the usual schedule needs.
    page.get_by_role("link", name="Choose what is read").click()
    page.get_by_label("Your plan in Airtable").select_option("free")
    page.get_by_role("button", name="Count again").click()
    expect(page.get_by_text("becomes one that fits")).to_be_visible()
    page.get_by_role("button", name="Save", exact=True).last.click()
    expect(page.get_by_text("So that it fits your Free plan")).to_be_visible()
    expect(page.get_by_text("Every 6 hours; everything once a day")).to_be_visible()
    expect(page.get_by_text("API calls a month are used")).to_have_count(0)

    # Less is read than there is, and the page says so.
    page.get_by_role("link", name="Choose what is read").click()
    expect(page.get_by_text("API calls a month")).to_be_visible()
    page.get_by_label("Käufer").uncheck()
    page.get_by_role("button", name="Save", exact=True).last.click()
    expect(page.get_by_text("1 more is not selected")).to_be_visible()

    # Base, table, record: each lists what is in it.
    page.goto("/items/?type=base")
    page.get_by_role("link", name="Werkstatt").click()
    page.get_by_role("link", name="Möbelstücke", exact=True).click()
    page.wait_for_url("**/collections/**")
    record = page.get_by_role("rowheader").get_by_role("link").first
    name = record.inner_text()
    record.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)
    expect(page.get_by_text("Bezeichnung")).to_be_visible()
    trail = page.get_by_role("navigation", name="Where it is")
    expect(trail.get_by_role("link")).to_have_text(["Werkstatt", "Möbelstücke"])
    visit_table_and_its_item(page, "Möbelstücke")

    walk_beside(page, name)

    # What is not selected any more is not among the items.
    page.goto("/items/?type=record&q=Käufer")
    expect(page.locator("#results").get_by_role("row")).to_have_count(0)
    page.goto("/items/?type=record")
    expect(page.locator("#results")).to_contain_text("240")

    # A change of the structure is told on the connection's page.
    site.sandbox(
        "fields/rename",
        provider="airtable",
        account="nordlicht",
        base="Werkstatt",
        table="Möbelstücke",
        field="Notiz",
        name="Bemerkung",
    )
    page.goto(connection)
    page.get_by_role("button", name="Sync now").first.click()
    told = page.get_by_role("region", name="Changes to its structure")
    expect(told).to_contain_text("Notiz", timeout=SYNCED)
    expect(told).to_contain_text("Bemerkung")

    see_changes(page, "Bemerkung")


def test_a_user_reads_a_notion_page_inside_another(
    open_page: Callable[..., Page],
) -> None:
    page = open_page("nour@example.com")

    connect(page, "Notion", user="نور الهاشمي", consent="Allow access")
    wait_until_complete(page, "Pages", "الكتب")

    # From a page above to a chapter in it, and to what is written there.
    page.goto("/items/?q=مسودات")
    page.locator("#results").get_by_role("link", name="مسودات").first.click()
    page.get_by_role("link", name="الفصل 3").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("الفصل 3")
    trail = page.get_by_role("navigation", name="Where it is")
    expect(trail.get_by_role("link")).to_have_text(["🖋️ مسودات"])
    text = page.get_by_role("region", name="Text").locator(".text p").first
    # Texts are read after everything else.
    wait_until_loaded(page, text.is_visible, "its text")
    words = text.inner_text().split()[:3]

    # What was read on the page finds the page.
    page.goto(f"/items/?q={' '.join(words)}")
    expect(page.locator("#results")).to_contain_text("الفصل")
