"""Edit, create, archive and import contacts in a browser, also without JavaScript."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.fixtures import wait_until_loaded
from tests.real.support.processes import wait_until
from tests.real.support.stack import Stack

pytestmark = pytest.mark.browser

EMAIL = "editor@example.com"
SAVED = 60_000
OPEN_RUNS = (
    "select 1 from integrations_syncrun where state in ('queued', 'running')"
    " and connection_id = ?"
)
PUT_OFF = "update integrations_connection set next_sync_at = ?"
CONTACTS = (
    "select c.id from integrations_collection c join integrations_connection n"
    " on n.id = c.connection_id join auth_user u on u.id = n.owner_id"
    " where u.email = ? and c.remote_id = 'contacts'"
)
CONNECTION = (
    "select n.id from integrations_connection n join auth_user u on u.id = n.owner_id"
    " where u.email = ?"
)
ROWS = (
    "select e.state, count(*) from integrations_edit e join integrations_bulkedit b"
    " on b.id = e.bulk_edit_id where b.uuid = ? group by e.state"
)
EDIT = "select 1 from integrations_edit e where e.remote_id = ? and e.state = 'waiting'"
ITEMS = (
    "select uuid, remote_id, properties from integrations_item"
    " where collection_id = ? and deleted_at is null order by id"
)


@dataclass(frozen=True)
class Contact:
    """A contact that a test may change: its page, its id there, its values."""

    path: str
    remote_id: str
    values: dict[str, Any]


@dataclass(frozen=True)
class Editor:
    """Somebody with a HubSpot account that has contacts."""

    connection: str
    contacts: list[Contact]


@pytest.fixture(scope="module")
def editor(site: Stack) -> Editor:
    # Connecting once more would give up what others have switched on.
    known = site.rows(CONNECTION, EMAIL)
    if known:
        connection = f"/connections/{UUID(known[0][0])}/"
    else:
        connection = site.user(EMAIL).connect("hubspot")
    rows = wait_until(lambda: stored(site), "contacts are read", seconds=120)
    return Editor(connection, rows)


def stored(site: Stack) -> list[Contact]:
    """Return contacts with an address, once there are some."""
    found = [
        Contact(f"/items/{UUID(key)}/", remote_id, json.loads(values))
        for (collection,) in site.rows(CONTACTS, EMAIL)
        for key, remote_id, values in site.rows(ITEMS, collection)
    ]
    return [each for each in found if each.values.get("email")]


@pytest.fixture(params=[True, False], ids=["js", "no-js"])
def page(
    request: pytest.FixtureRequest, open_page: Callable[..., Page], editor: Editor
) -> Page:
    """Return the connection's page, with editing switched on."""
    opened = open_page(EMAIL, java_script_enabled=request.param)
    opened.goto(editor.connection)
    switch = opened.get_by_role("region", name="Editing").get_by_role("button")
    if switch.first.inner_text().startswith("Switch on"):
        switch.first.click()
        consent(opened)
    return opened


@pytest.fixture
def contacts(page: Page, editor: Editor, request: pytest.FixtureRequest) -> Any:
    """Return contacts that no other test changes."""
    number = 8 * ("no-js" in request.node.name)
    return editor.contacts[number : number + 8]


def consent(page: Page) -> None:
    page.get_by_role("button", name="Continue to HubSpot").click()
    page.get_by_role("button", name="Connect app").click()
    page.wait_for_url("**/connections/*-*/**")


def wait_for(page: Page, found: Locator) -> None:
    """Wait until a page shows something: by itself, or when it is loaded again."""
    if page.evaluate("() => !!window.htmx"):
        expect(found.first).to_be_visible(timeout=SAVED)
        return
    wait_until_loaded(page, found.first.is_visible, str(found))


def state(page: Page, name: str) -> Locator:
    return page.locator(f'[data-edit][data-state="{name}"]')


def change(page: Page, contact: Contact, name: str, value: str) -> None:
    page.goto(f"{contact.path}edit/?field={name}")
    page.locator(f"#field-{name}").fill(value)
    press_save(page)


def value_of(site: Stack, contact: Contact, name: str) -> Any:
    """Return a contact's value as it is stored."""
    key = UUID(contact.path.split("/")[2]).hex
    [(found,)] = site.rows(
        "select properties from integrations_item where uuid = ?", key
    )
    return json.loads(found).get(name) or ""


def contact_of(site: Stack, row: Locator) -> Contact:
    """Return the contact of a row of a table."""
    path = row.locator("a[href^='/items/']").first.get_attribute("href") or ""
    [(remote_id, values)] = site.rows(
        "select remote_id, properties from integrations_item where uuid = ?",
        UUID(path.split("/")[2]).hex,
    )
    return Contact(path, remote_id, json.loads(values))


def change_there(site: Stack, contact: Contact, city: str) -> None:
    """Change a contact's city at the provider."""
    edit = {"id": contact.remote_id, "property": "city", "value": city}
    edit |= {"provider": "hubspot", "portal": "555111", "type": "contacts"}
    site.sandbox("records/edit", **edit)


def press_save(page: Page) -> None:
    page.locator("main form").get_by_role("button", name="Save").last.click()


def test_editing_is_switched_on_by_a_consent_and_given_up_by_another(
    page: Page, editor: Editor, site: Stack
) -> None:
    granted = "select granted_scopes, is_editing from integrations_connection"
    scope = "crm.objects.contacts.write"
    mine = f"{granted} where id = ?"
    key = UUID(editor.connection.split("/")[2]).hex
    assert scope in site.rows(mine, key)[0][0]

    page.goto(editor.connection)
    page.get_by_role("button", name="Switch off editing").click()
    consent(page)

    scopes, is_editing = site.rows(mine, key)[0]
    assert (scope in scopes, bool(is_editing)) == (False, False)
    expect(page.get_by_role("button", name="Switch on editing")).to_be_visible()


def test_a_contact_is_changed_refused_decided_on_and_taken_back(
    page: Page, contacts: list[Contact], site: Stack
) -> None:
    contact, other = contacts[:2]

    # Saved, and taken back while nothing newer is there.
    change(page, contact, "city", "Ravenna")
    wait_for(page, state(page, "saved"))
    expect(page.locator("main")).to_contain_text("Ravenna")
    page.get_by_role("button", name="Undo").first.click()
    old = contact.values.get("city") or ""
    wait_until(lambda: value_of(site, contact, "city") == old, "it is taken back")

    # Refused, with the reason beside the field.
    change(page, contact, "email", other.values["email"])
    wait_for(page, state(page, "refused"))
    page.get_by_role("link", name="Correct it").first.click()
    expect(page.locator('[data-field="email"]')).to_be_visible()
    expect(page.locator("#field-email")).to_have_value(other.values["email"])
    page.locator("#field-email").fill(contact.values["email"])
    press_save(page)

    # Changed there meanwhile: both values, and a choice.
    page.goto(f"{contact.path}edit/?field=city")
    page.locator("#field-city").fill("Mine")
    change_there(site, contact, "Theirs")
    press_save(page)
    wait_for(page, state(page, "conflict"))
    page.get_by_role("link", name="Decide").first.click()
    expect(page.locator("main")).to_contain_text("Theirs")
    page.get_by_label("Mine").check()
    page.get_by_role("button", name="Save my choice").click()
    wait_for(page, state(page, "saved").filter(has_text="Mine"))


def test_what_the_customer_requires_is_told_at_its_field_and_what_was_typed_is_kept(
    page: Page, contacts: list[Contact], site: Stack
) -> None:
    contact = contacts[5]
    rules = {"provider": "hubspot", "name": "conditional_properties"}
    site.sandbox("switches/set", **rules, value=["city=Ruled:phone"])
    page.goto(f"{contact.path}edit/?field=city")
    page.locator("#field-city").fill("Ruled")
    page.locator("#field-phone").fill("")
    press_save(page)
    wait_for(page, state(page, "refused"))
    assert value_of(site, contact, "city") != "Ruled"

    page.get_by_role("link", name="Correct it").first.click()

    reason = page.locator('[data-field="phone"]')
    expect(reason).to_be_visible()
    told_by = page.locator("#field-phone").get_attribute("aria-describedby") or ""
    assert reason.evaluate("e => e.closest('[id]').id") in told_by.split()
    expect(page.locator('[data-field="city"]')).to_have_count(0)
    expect(page.locator("#field-city")).to_have_value("Ruled")
    page.locator("#field-phone").fill("+39 0544 1")
    press_save(page)
    wait_for(page, state(page, "saved").filter(has_text="Ruled"))
    assert value_of(site, contact, "phone") == "+39 0544 1"
    site.sandbox("switches/set", **rules, value=[])


def test_what_holds_a_change_back_is_told_until_it_is_saved(
    page: Page, contacts: list[Contact], editor: Editor, site: Stack
) -> None:
    contact, write = contacts[6], {"provider": "hubspot", "family": "write"}

    # It is done there, and answered as an error.
    site.sandbox("faults/add", **write, kind="late_status", count=1, status=502)
    change(page, contact, "city", "Late")
    wait_for(page, state(page, "saved").filter(has_text="Late"))

    # Too many calls: it is sent when the provider wants it.
    limit = {"kind": "status", "count": 1, "status": 429, "retry_after": 8}
    site.sandbox("faults/add", **write, **limit)
    change(page, contact, "city", "Limited")
    wait_for(page, state(page, "waiting").filter(has_text="Limited"))
    wait_for(page, state(page, "saved").filter(has_text="Limited"))

    # The permission is taken away, and given by another consent.
    withdrawn = {"provider": "hubspot", "name": "withdrawn_scopes"}
    site.sandbox("switches/set", **withdrawn, value=["crm.objects.contacts.write"])
    change(page, contact, "city", "Held")
    held = f"{EDIT} and e.reason = 'no_permission'"
    wait_until(lambda: site.rows(held, contact.remote_id), "it is held", seconds=120)
    site.sandbox("switches/set", **withdrawn, value=[])
    page.goto(editor.connection)
    page.get_by_role("button", name="Ask for it", exact=True).click()
    page.get_by_role("button", name="Connect app").click()
    page.wait_for_url("**/connections/*-*/**")
    page.goto(contact.path)
    wait_for(page, state(page, "saved").filter(has_text="Held"))
    assert value_of(site, contact, "city") == "Held"


def test_a_contact_is_created_found_there_already_and_archived(
    page: Page, contacts: list[Contact], editor: Editor
) -> None:
    taken, gone = contacts[2:4]
    new = f"new-{taken.remote_id}@example.com"

    page.goto(editor.connection)
    page.get_by_role("link", name="New in Contacts").click()
    create = page.url
    page.locator("#field-email").fill(new)
    press_save(page)
    wait_for(page, page.get_by_text("Created", exact=True))

    page.goto(create)
    page.locator("#field-email").fill(taken.values["email"].upper())
    press_save(page)
    wait_for(page, state(page, "conflict"))
    expect(page.get_by_role("link", name="Open").first).to_be_visible()
    page.get_by_role("button", name="Update it with my choice").click()
    page.wait_for_url("**/items/**")

    page.goto(f"{gone.path}archive/")
    page.locator("main form").get_by_role("button", name="Archive").click()
    wait_for(page, page.get_by_text("Archived", exact=True))


def outcomes(site: Stack, page: Page) -> dict[str, int]:
    """Return how many rows of the bulk edit on a page are in which state."""
    key = UUID(urlsplit(page.url).path.strip("/").split("/")[-1]).hex
    return dict(site.rows(ROWS, key))


def keep_syncs_away(site: Stack) -> None:
    """Let no sync begin: it would find what a test changes before an edit does."""
    [(connection,)] = site.rows(CONNECTION, EMAIL)
    later = str(datetime.now(UTC) + timedelta(hours=1))
    site.rows(f"{PUT_OFF} where id = ? returning id", later, connection)
    wait_until(
        lambda: not site.rows(OPEN_RUNS, connection), "no sync is left", seconds=90
    )


def test_many_contacts_are_changed_decided_on_and_taken_back(
    page: Page, site: Stack
) -> None:
    [(collection,)] = site.rows(CONTACTS, EMAIL)
    page.goto(f"/collections/{UUID(collection)}/")
    rows = page.locator("tbody tr")
    some = [contact_of(site, rows.nth(number)) for number in range(3)]
    old = [each.values.get("city") or "" for each in some]
    # Both forms of the test see the same contacts: the earlier one has left its own.
    theirs = f"{old[2]} there"
    for number in range(3):
        rows.nth(number).locator("input[name=item]").check()

    page.get_by_role("button", name="Edit these").click()
    page.get_by_label("Property").select_option(label="City")
    page.get_by_role("button", name="Choose", exact=True).click()
    page.locator("#field-city").fill("Many")
    keep_syncs_away(site)
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("main ins", has_text="Many")).to_have_count(3)
    bulk = page.url
    change_there(site, some[2], theirs)
    page.get_by_role("button", name="Change 3 rows").click()
    wait_for(page, page.get_by_text("3 of 3 rows done"))
    assert outcomes(site, page) == {"saved": 2, "conflict": 1}

    # One was changed there meanwhile: it is decided on, in its row.
    page.get_by_role("link", name="Decide").click()
    page.get_by_label("Many").check()
    page.get_by_role("button", name="Save my choice").click()
    page.goto(bulk)
    wait_for(page, page.get_by_text("Saved: 3"))
    assert [value_of(site, each, "city") for each in some] == ["Many"] * 3

    page.get_by_role("button", name="Undo 3 rows").click()
    page.wait_for_url(lambda url: url != bulk)
    wait_until(lambda: outcomes(site, page) == {"saved": 3}, "it is taken back")
    wait_for(page, page.get_by_text("3 of 3 rows done"))
    found = [value_of(site, each, "city") for each in some]
    assert found == [*old[:2], theirs]


def test_a_file_is_imported_with_a_column_matched_by_hand(
    page: Page, contacts: list[Contact], editor: Editor
) -> None:
    there = contacts[4]
    text = f"Mail;Town\nrow-{there.remote_id}@example.com;Oslo\n"
    text += f"{there.values['email']};Oslo\nnobody;Oslo\n"
    file = {"name": "people.csv", "mimeType": "text/csv", "buffer": text.encode()}

    page.goto(editor.connection)
    page.get_by_role("link", name="Import Contacts").click()
    page.get_by_label("CSV file").set_input_files(files=[file])
    page.get_by_role("button", name="Upload").click()
    page.get_by_label("Town").select_option(label="City")
    page.get_by_role("button", name="Show the preview anew").click()
    preview = page.get_by_role("region", name="What the first rows become").first
    expect(preview).to_contain_text("Oslo")
    page.get_by_role("button", name="Check all rows").click()
    wait_for(page, page.locator('[data-import="checked"]'))
    expect(page.locator('[data-row="4"]')).to_have_attribute("data-state", "invalid")
    with page.expect_download() as downloaded:
        page.get_by_role("button", name="Download the refused rows").click()
    assert "nobody" in downloaded.value.path().read_text("utf-8")

    page.get_by_role("button", name="Import 2 rows").click()

    wait_for(page, page.locator('[data-import="done"]'))
    for name in ("created", "updated", "invalid"):
        expect(page.locator(f'[data-count="{name}"]')).to_contain_text("1")


def test_a_file_that_is_too_large_is_not_sent(
    open_page: Callable[..., Page], editor: Editor
) -> None:
    page = open_page(EMAIL)
    page.goto(editor.connection)
    switch = page.get_by_role("button", name="Switch on editing")
    if switch.count():
        switch.click()
        consent(page)
    page.get_by_role("link", name="Import Contacts").click()
    large = b"email\n" + b"a@b.example\n" * 500_000
    file = {"name": "large.csv", "mimeType": "text/csv", "buffer": large}

    page.get_by_label("CSV file").set_input_files(files=[file])

    problem = page.get_by_label("CSV file").evaluate("e => e.validationMessage")
    assert "5 MB" in problem
