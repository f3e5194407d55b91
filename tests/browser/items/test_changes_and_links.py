"""Follow what changes and what belongs together, with and without JavaScript."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID
from xml.etree import ElementTree as ET

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.browser.fixtures import DESK, PHONE, wait_until_loaded
from tests.browser.items.syncing import sync_until
from tests.browser.items.whole_pages import fits
from tests.real.support.processes import wait_until
from tests.real.support.stack import Stack

pytestmark = pytest.mark.browser

# An account is connected by one user: this one is of the tests of editing, too.
WHO, PORTAL = "editor@example.com", "555111"
TWICE = "historian@example.com"
IDENTITIES = ("harbour:usrAnaMarinHarbor", "harbour:usrBoLindqvistHrb")
ATOM = "{http://www.w3.org/2005/Atom}"
UNREAD = (
    "select 1 from integrations_collection c join integrations_connection n"
    " on n.id = c.connection_id join auth_user u on u.id = n.owner_id"
    " where u.email = ? and c.is_selected and c.first_full_refresh_at is null"
)
ITEMS = (
    "select i.uuid, i.remote_id, i.name, i.properties, i.connection_id"
    " from integrations_item i join auth_user u on u.id = i.owner_id"
    " where u.email = ? and i.type = ? and i.deleted_at is null order by i.id"
)
VALUES = "select properties from integrations_item where uuid = ?"
KEYS = (
    "select n.id from integrations_connection n join auth_user u on u.id = n.owner_id"
    " where u.email = ? and n.provider = 'hubspot'"
)
TABLES = "select id, remote_id from integrations_collection where connection_id = ?"


@dataclass(frozen=True)
class Stored:
    """An item as it is stored."""

    path: str
    remote_id: str
    name: str
    values: dict[str, Any]
    connection: str


@pytest.fixture(scope="module")
def editor(site: Stack) -> str:
    """Return somebody whose HubSpot account is read, and searched without a lag."""
    site.sandbox("switches/set", provider="hubspot", name="index_lag", value=0)
    # Connecting once more would give up what others have switched on.
    if not site.rows(KEYS, WHO):
        site.user(WHO).connect("hubspot")
    wait_until(lambda: not site.rows(UNREAD, WHO), "all is read", seconds=120)
    return WHO


@pytest.fixture(scope="module")
def historian(site: Stack) -> str:
    """Return somebody with two accounts of one provider, both read."""
    user = site.user(TWICE)
    for identity in IDENTITIES:
        user.connect("airtable", identity=identity)
    wait_until(lambda: not site.rows(UNREAD, TWICE), "all is read", seconds=120)
    return TWICE


def open_both_ways(
    request: pytest.FixtureRequest, open_page: Callable[..., Page], email: str
) -> Page:
    """Return a page: with JavaScript at a desk, without on a phone."""
    return open_page(
        email,
        java_script_enabled=request.param,
        viewport=DESK if request.param else PHONE,
    )


@pytest.fixture(params=[True, False], ids=["js", "no-js"])
def page(
    request: pytest.FixtureRequest, open_page: Callable[..., Page], editor: str
) -> Page:
    return open_both_ways(request, open_page, editor)


@pytest.fixture(params=[True, False], ids=["js", "no-js"])
def theirs(
    request: pytest.FixtureRequest, open_page: Callable[..., Page], historian: str
) -> Page:
    return open_both_ways(request, open_page, historian)


def stored(site: Stack, kind: str, email: str = WHO) -> list[Stored]:
    return [
        Stored(f"/items/{UUID(key)}/", remote_id, name, json.loads(values), connection)
        for key, remote_id, name, values, connection in site.rows(ITEMS, email, kind)
    ]


def sync(site: Stack, page: Page, contact: Stored, city: str) -> None:
    """Press the button until a change is read."""
    (connection,) = site.rows(KEYS, WHO)[0]
    key = UUID(contact.path.split("/")[2]).hex

    def is_read() -> bool:
        [(values,)] = site.rows(VALUES, key)
        return bool(json.loads(values).get("city") == city)

    address = f"/connections/{UUID(connection)}/"
    sync_until(page, address, is_read, f"{city} is read")


def table_of(site: Stack, name: str) -> str:
    (connection,) = site.rows(KEYS, WHO)[0]
    keys = {remote_id: key for key, remote_id in site.rows(TABLES, connection)}
    return f"/collections/{UUID(keys[name])}/"


def save_view(page: Page, address: str, name: str) -> str:
    """Keep what a list shows by a name; return the address of the view."""
    page.goto(address)
    page.get_by_role("link", name="Save as a view").click()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url("**view=*")
    return page.url


def read_feed(address: str) -> list[str]:
    """Return the titles in a feed, read by a parser that no entity can trouble."""
    answer = requests.get(address, timeout=10)
    assert answer.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    assert b"<!" not in answer.content.split(b"<feed", 1)[0]
    feed = ET.fromstring(answer.content)  # noqa: S314 (it declares no entity)
    assert feed.tag == f"{ATOM}feed"
    for each in ("id", "title", "updated"):
        assert feed.findtext(f"{ATOM}{each}")
    entries = feed.findall(f"{ATOM}entry")
    assert all(entry.findtext(f"{ATOM}updated") for entry in entries)
    return [entry.findtext(f"{ATOM}title") or "" for entry in entries]


def test_what_leaves_a_followed_view_is_told_kept_and_compared(
    page: Page, site: Stack, request: pytest.FixtureRequest
) -> None:
    number = 60 + ("no-js" in request.node.name)
    city = f"Oldtown {number}"
    contact = [c for c in stored(site, "contact") if c.values.get("email")][number]
    edit = {"provider": "hubspot", "portal": PORTAL, "id": contact.remote_id}
    site.sandbox("records/edit", **edit, properties={"city": city})
    sync(site, page, contact, city)
    table = table_of(site, "contacts")

    # A view, followed, with a feed; and the item itself.
    save_view(page, f"{table}?city__is={city}", city)
    page.get_by_role("button", name="Follow", exact=True).click()
    expect(page.get_by_text("You follow").first).to_be_visible()
    page.goto(contact.path)
    page.get_by_role("button", name="Follow", exact=True).click()
    page.goto("/following/")
    followed = page.get_by_role("region", name="What you follow")
    expect(followed.get_by_role("link", name=city)).to_be_visible()
    expect(followed.get_by_role("link", name=contact.name)).to_be_visible()
    fits(page)

    then = datetime.now(UTC)
    page.goto("/changes/")
    if page.get_by_role("button", name="Mark as seen").count():
        page.get_by_role("button", name="Mark as seen").click()
    site.sandbox("records/edit", **edit, properties={"city": f"Newtown {number}"})
    sync(site, page, contact, f"Newtown {number}")

    # Since the last visit: that change, once it is settled, and that it left the view.
    page.goto("/changes/?since=unseen")
    entry = page.get_by_role("listitem").filter(has_text=f"Newtown {number}").first
    wait_until_loaded(page, entry.is_visible, "told")
    expect(entry).to_contain_text(city)
    expect(entry.locator('[data-code="left_view"]')).to_contain_text(city)
    fits(page)
    page.get_by_role("button", name="Mark as seen").click()
    expect(page.get_by_role("link", name="0 changes")).to_be_visible()

    # The table as it was, and what differs since.
    times = page.get_by_role("form", name="Times")
    for where in (f"{table}as-of/", "/items/as-of/?provider=hubspot"):
        page.goto(where)
        times.get_by_label("As it was at").fill(then.strftime("%Y-%m-%dT%H:%M:%S"))
        times.get_by_role("button", name="Show").click()
        page.wait_for_url("**at=*")
        later = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S")
        times.get_by_label("Compared with").fill(later)
        times.get_by_role("button", name="Show").click()
        changed = page.get_by_role("region", name="Changed:")
        expect(changed).to_contain_text(f"Newtown {number}")
        expect(changed).to_contain_text(city)
        fits(page)


def test_a_feed_of_a_view_is_read_by_a_reader(
    page: Page, site: Stack, request: pytest.FixtureRequest
) -> None:
    name = f"Newest {'no-js' in request.node.name}"
    save_view(page, f"{table_of(site, 'deals')}?sort=-amount", name)
    page.get_by_role("link", name="Edit", exact=False).first.click()
    page.get_by_role("button", name="Make a feed", exact=False).first.click()
    address = page.get_by_role("textbox", name="Address of the feed").input_value()

    titles = read_feed(address)

    assert titles
    assert set(titles) <= {each.name for each in stored(site, "deal")}


def test_two_accounts_of_one_provider_stand_side_by_side(
    theirs: Page, site: Stack
) -> None:
    page = theirs
    holders: dict[str, list[Stored]] = {}
    for record in stored(site, "record", TWICE):
        for value in record.values.values():
            if isinstance(value, str) and value.endswith(".example") and "@" in value:
                holders.setdefault(value, []).append(record)
    address, both = next(
        (address, found)
        for address, found in holders.items()
        if len({each.connection for each in found}) == 2 and len(found) == 2
    )

    page.goto("/everything/")
    page.get_by_label("An e-mail address").fill(f"Somebody <{address.upper()}>")
    page.get_by_role("button", name="Show everything").click()

    shown = page.get_by_role("region", name="Items")
    for each in both:
        expect(shown.locator(f'a[href="{each.path}"]')).to_be_visible()
    fits(page)
    shown.locator(f'a[href="{both[0].path}"]').click()
    page.get_by_role("link", name="Next").or_(
        page.get_by_role("link", name="Previous")
    ).first.click()
    page.get_by_role("link", name=f"Everything: {address}").click()
    expect(shown.locator(f'a[href="{both[1].path}"]')).to_be_visible()


def test_from_a_search_and_a_company_one_goes_on_and_back(
    page: Page, site: Stack
) -> None:
    companies = {each.remote_id: each for each in stored(site, "company")}
    linked: dict[str, list[Stored]] = {}
    for contact in stored(site, "contact"):
        for company in contact.values.get("associations.companies", ()):
            linked.setdefault(company, []).append(contact)
    key = max(linked, key=lambda each: len(linked[each]))
    company = companies[key]

    # An address as it is copied leads there, and back to what else it finds.
    pasted = f"app.hubspot.com/contacts/{PORTAL}/record/0-2/{key}?x=1#top"
    page.goto(f"/search/?{urlencode({'q': pasted})}")
    page.wait_for_url(f"**{company.path}**")
    page.get_by_role("link", name="Search", exact=True).first.click()
    expect(page.locator(f'a[href="{company.path}"]').first).to_be_visible()
    page.locator(f'a[href="{company.path}"]').first.click()

    # Its contacts: the primary company and labels are marked; next, and back.
    table = page.get_by_role("region", name="Contacts", exact=True).last
    expect(table.get_by_text("Primary company").first).to_be_visible()
    fits(page)
    rows = table.get_by_role("rowheader").get_by_role("link")
    names = [text.strip() for text in rows.all_inner_texts()]
    rows.first.click()
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(names[1])
    assert urlsplit(page.url).path != company.path
    page.get_by_role("link", name=company.name, exact=True).first.click()
    page.wait_for_url(f"**{company.path}**")
    see_all_of_them(page, company.name, len(linked[key]))


def see_all_of_them(page: Page, name: str, count: int) -> None:
    """Open the table of all contacts of a company, walk it, and look at its past."""
    page.get_by_role("link", name="Show all of Contacts").click()
    page.wait_for_url("**linked_to=*")
    expect(page.get_by_label("Filters")).to_contain_text(name)
    expect(page.get_by_text(f"{count} of ").first).to_be_visible()
    fits(page)
    rows = page.locator("table.sheet tbody th").get_by_role("link")
    second = rows.nth(1).inner_text().strip()
    rows.first.click()
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(second)
    page.get_by_role("link", name="Contacts", exact=True).first.click()
    page.get_by_role("link", name="As it was").click()
    then = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    page.get_by_label("As it was at").fill(then)
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.get_by_label("Filters")).to_contain_text(name)
    expect(page.locator("table.sheet tbody tr")).to_have_count(min(count, 50))
    fits(page)
