"""Keep lists as views in a browser, and share them, with and without JavaScript."""

from collections.abc import Callable
from uuid import UUID

import pytest
import requests
from playwright.sync_api import Locator, Page, expect

from tests.browser.fixtures import DESK, PHONE
from tests.browser.items.syncing import sync_until
from tests.real.support.stack import Stack

pytestmark = pytest.mark.browser

# An account is connected by one user: these two are of other files' tests, too.
WHO, OTHER = "editor@example.com", "two-of-them@example.com"
IDENTITIES = {
    (WHO, "hubspot"): "555111:4242",
    (OTHER, "hubspot"): "2081774:61",
    (OTHER, "airtable"): "kestrel:usrMoKestrelStudi",
}
CONNECTED = (
    "select n.id from integrations_connection n join auth_user u on u.id = n.owner_id"
    " where u.email = ? and n.provider = ?"
)
TABLE = (
    "select c.id, c.remote_id from integrations_collection c"
    f" where c.connection_id in ({CONNECTED}) and c.name like ?"
    " and c.first_full_refresh_at is not null"
)
EVERY_KIND = "Every kind of field"
SCHEMA = "select 1 from integrations_collection where remote_id = ? and schema {} ?"
NAMED = '%"name": "{}"%'
Visit = Callable[[str], Page]


def table_of(site: Stack, email: str, provider: str, name: str) -> tuple[str, str]:
    """Return the address of a user's table, once it was read, and its remote id."""
    user = site.user(email)
    if not site.rows(CONNECTED, email, provider):
        user.connect(provider, identity=IDENTITIES[email, provider])
    key, remote_id = site.wait_for_row(TABLE, email, provider, name, seconds=120)
    return f"/collections/{UUID(key)}/", remote_id


@pytest.fixture(params=[True, False], ids=["js", "no-js"])
def visit(
    request: pytest.FixtureRequest, open_page: Callable[..., Page]
) -> tuple[Visit, str]:
    """Return what opens pages, and a word for names.

    It is a desk with JavaScript, or a phone without.
    """
    has_script, viewport = request.param, DESK if request.param else PHONE
    options = {"java_script_enabled": has_script, "viewport": viewport}
    return lambda email: open_page(email, **options), "js" if has_script else "plain"


def views(page: Page) -> Locator:
    """Return the list of views, unfolded where there is little room."""
    folded = page.locator("details.narrow-only:not([open]) > summary")
    if folded.is_visible():
        folded.click()
    return page.locator("nav[aria-label=Views]:visible")


def bar(page: Page) -> Locator:
    return page.locator("#view-bar")


def note(page: Page, code: str) -> Locator:
    return page.locator(f"[data-code={code}]")


def addresses(page: Page) -> list[str]:
    """Return the addresses of the items that a table shows, in its order."""
    links = page.locator("#results tbody th a")
    expect(links.first).to_be_visible()
    found: list[str] = links.evaluate_all("links => links.map(link => link.pathname)")
    return found


def save_view(page: Page, address: str, name: str) -> None:
    """Keep what a list shows by a name."""
    page.goto(address)
    page.get_by_role("link", name="Save as a view").click()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(bar(page).locator("strong")).to_have_text(name)


def change_view(page: Page, *ticked: str, name: str = "") -> None:
    """Give the open view another name, and tick what else is chosen for it."""
    bar(page).get_by_role("link", name="Edit view").click()
    if name:
        page.get_by_label("Name", exact=True).fill(name)
    for each in ticked:
        page.get_by_label(each).check()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(
        page.get_by_role("status").or_(page.locator(".messages")).first
    ).to_be_visible()


def test_a_view_is_kept_marked_and_tidied_up(
    visit: tuple[Visit, str], site: Stack
) -> None:
    open_as, word = visit
    table, _ = table_of(site, WHO, "hubspot", "Contacts")
    page = open_as(WHO)
    first, second = f"Kept {word}", f"Kept otherwise {word}"

    # What is changed is marked, until it is thrown away or kept by another name.
    save_view(page, f"{table}?q=an&columns=email,phone", first)
    by_mail = page.get_by_role("columnheader", name="Email").get_by_role("link")
    by_mail.click()
    expect(note(page, "view_changed")).to_be_visible()
    bar(page).get_by_role("link", name="Discard").click()
    expect(note(page, "view_changed")).to_have_count(0)
    by_mail.click()
    expect(note(page, "view_changed")).to_be_visible()
    bar(page).get_by_role("link", name="Save as new").click()
    page.get_by_label("Name", exact=True).fill(second)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(bar(page).locator("strong")).to_have_text(second)
    expect(note(page, "view_changed")).to_have_count(0)
    assert "sort=" in page.url

    # The list opens with it; everything is a press away, and so is the other view.
    change_view(page, "Open the list with this view")
    page.goto(table)
    expect(bar(page).locator("strong")).to_have_text(second)
    assert "sort=" in page.url
    views(page).get_by_role("link", name="All items").click()
    expect(page.get_by_role("link", name="Save as a view")).to_be_visible()
    views(page).get_by_role("link", name=first, exact=True).click()
    expect(bar(page).locator("strong")).to_have_text(first)

    # A copy, by another name; a question before one goes, and it takes no item along.
    bar(page).get_by_role("link", name="Edit view").click()
    page.get_by_role("button", name="Duplicate").click()
    expect(page.get_by_label("Name", exact=True)).to_have_value(f"Copy of {first}")
    page.get_by_label("Name", exact=True).fill(f"Renamed {word}")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("link", name="Open the view").click()
    expect(bar(page).locator("strong")).to_have_text(f"Renamed {word}")
    for name in (f"Renamed {word}", first, second):
        views(page).get_by_role("link", name=name).first.click()
        expect(bar(page).locator("strong")).to_have_text(name)
        bar(page).get_by_role("link", name="Edit view").click()
        page.get_by_role("link", name="Delete").click()
        page.get_by_role("link", name="Cancel").click()
        page.get_by_role("link", name="Delete").click()
        page.get_by_role("button", name="Delete").click()
        page.wait_for_url(f"**{table}**")
        expect(page.locator("#results tbody tr").first).to_be_visible()
        names = views(page).get_by_role("link").all_inner_texts()
        assert not [each for each in names if each.startswith(name)]


def test_a_shared_view_shows_its_guests_their_own_until_it_is_not_shared(
    visit: tuple[Visit, str], site: Stack
) -> None:
    open_as, word = visit
    table, _ = table_of(site, WHO, "hubspot", "Contacts")
    own_table, _ = table_of(site, OTHER, "hubspot", "Contacts")
    page, guest = open_as(WHO), open_as(OTHER)

    save_view(page, f"{table}?sort=email&columns=email", f"Shared {word}")
    hosts = addresses(page)
    change_view(page, "Share it by a link")
    address = page.get_by_label("Send this address").input_value()

    guest.goto(address)

    guest.wait_for_url(f"**{own_table}**")
    expect(bar(guest)).to_contain_text("shared with you")
    expect(guest.get_by_role("link", name="Edit view")).to_have_count(0)
    theirs = addresses(guest)
    assert theirs
    assert not set(theirs) & set(hosts)
    bar(guest).get_by_role("link", name="Save as new").click()
    guest.get_by_label("Name", exact=True).fill(f"Mine {word}")
    guest.get_by_role("button", name="Save", exact=True).click()
    expect(guest.get_by_role("link", name="Edit view")).to_be_visible()
    assert addresses(guest) == theirs

    page.get_by_label("Share it by a link").uncheck()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_label("Send this address")).to_have_count(0)

    assert requests.get(address, timeout=10, allow_redirects=False).status_code == 302
    assert guest.request.get(address).status == 404


def test_the_address_of_a_feed_works_until_it_is_replaced_or_ended(
    visit: tuple[Visit, str], site: Stack
) -> None:
    open_as, word = visit
    table, _ = table_of(site, WHO, "hubspot", "Contacts")
    page = open_as(WHO)
    save_view(page, f"{table}?q=an", f"Told {word}")
    bar(page).get_by_role("link", name="Edit view").click()
    made = []
    for label in ("Make a feed", "Make a new address"):
        page.get_by_role("button", name=label).click()
        shown = page.get_by_role("textbox", name="Address of the feed")
        made.append(shown.input_value())
        page.get_by_role("link", name="Edit the view").click()

    def status(address: str) -> int:
        return requests.get(address, timeout=10).status_code

    assert [status(each) for each in made] == [404, 200]
    page.get_by_role("button", name="End the feed").click()
    expect(page.get_by_role("button", name="Make a feed")).to_be_visible()
    assert [status(each) for each in made] == [404, 404]


def test_a_view_of_a_field_that_was_deleted_opens_and_is_mended(
    visit: tuple[Visit, str], site: Stack
) -> None:
    open_as, word = visit
    table, remote_id = table_of(site, OTHER, "airtable", f"%{EVERY_KIND}")
    page, field = open_as(OTHER), f"Doomed {word}"
    at = {"provider": "airtable", "account": "kestrel", "table": EVERY_KIND}
    made = site.sandbox("fields/add", **at, name=field)["field"]
    sync(site, page, SCHEMA.format("like"), remote_id, NAMED.format(made))
    own = f"{made}__empty="
    save_view(page, f"{table}?{own}&sort={made}&columns={made}", f"By {field}")
    expect(page.get_by_role("columnheader", name=field)).to_be_visible()
    site.sandbox("fields/remove", **at, field=made)
    sync(site, page, SCHEMA.format("not like"), remote_id, NAMED.format(made))

    page.goto(table)
    views(page).get_by_role("link", name=f"By {field}").click()

    told = note(page, "view_left_out")
    expect(told.get_by_role("listitem")).to_have_count(3)
    expect(told).to_contain_text(field)
    expect(page.locator("#results tbody tr").first).to_be_visible()
    told.get_by_role("button", name="Save without it").click()
    expect(note(page, "view_left_out")).to_have_count(0)
    expect(bar(page).locator("strong")).to_have_text(f"By {field}")
    expect(note(page, "view_changed")).to_have_count(0)


def sync(site: Stack, page: Page, sql: str, *values: str) -> None:
    """Press the button until what the provider changed is known."""
    [(key,)] = site.rows(CONNECTED, OTHER, "airtable")

    def is_known() -> bool:
        return bool(site.rows(sql, *values))

    address = f"/connections/{UUID(key)}/"
    sync_until(page, address, is_known, "the schema is read again")
