"""A file that a worker makes: asked for, seen to grow, fetched, and gone one day."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from tests.browser.fixtures import DESK, PHONE, expecting, wait_until_loaded
from tests.browser.items.providers import Account, account_of
from tests.browser.items.test_exports import read_csv
from tests.browser.items.whole_pages import fits
from tests.real.support.stack import Stack

pytestmark = pytest.mark.browser

__all__ = ["account_of"]
NAMES = (
    "select i.name from integrations_item i join auth_user u on u.id = i.owner_id"
    " where u.email = ? and i.provider = ? and i.deleted_at is null"
)
# Of a table, else of the list of all that is a provider's.
CONTACTS = f"{NAMES} and i.type = 'contact'"
LATEST = "select uuid from integrations_download order by id desc limit 1"
BEGUN = (
    "update integrations_download set state = ?, rows_done = 40, rows_total = 100,"
    " lease_until = ? where uuid = ?"
)
GONE = (
    (
        "delete from integrations_downloadpart where download_id in"
        " (select id from integrations_download where uuid = ?)"
    ),
    "delete from integrations_download where uuid = ?",
)


@pytest.mark.parametrize(
    ("provider", "has_script"),
    [
        ("hubspot", True),
        ("hubspot", False),
        ("airtable", True),
    ],
)
def test_a_large_file_is_seen_to_grow_is_the_table_and_expires(
    open_page: Callable[..., Page],
    account_of: Callable[[str], Account],
    site: Stack,
    provider: str,
    *,
    has_script: bool,
) -> None:
    account, is_table = account_of(provider), provider == "hubspot"
    page = open_page(
        account.email,
        java_script_enabled=has_script,
        viewport=DESK if has_script else PHONE,
    )
    of_all = f"/items/?provider={provider}"
    page.goto(account.table("Contacts") if is_table else of_all)
    page.locator("details.fold > summary", has_text="Download this").click()
    page.locator("details.fold[open]").get_by_role(
        "button", name="Download", exact=True
    ).click()
    page.wait_for_url("**/downloads/*-*/")
    [(key,)] = site.rows(LATEST)
    ready = page.locator("[data-code=ready]")
    wait_until_loaded(page, ready.is_visible, "made")

    # As it was shortly before: how far it is, which an open page follows by itself.
    later = datetime.now(UTC).replace(tzinfo=None) + timedelta(seconds=20)
    site.rows(BEGUN, "making", str(later), key)
    page.reload()
    bar = page.get_by_role("progressbar", name="Rows written")
    expect(bar).to_have_js_property("value", 40)
    expect(bar).to_have_js_property("max", 100)
    fits(page)
    site.rows(BEGUN, "done", None, key)
    if not has_script:
        page.get_by_role("link", name="Look again").click()
    expect(ready).to_be_visible(timeout=60_000)
    fits(page)

    link = ready.get_by_role("link", name="Download")
    file = f"/downloads/{UUID(key)}/file/"
    assert link.get_attribute("href") == file
    with page.expect_download() as found:
        link.click()
    rows = read_csv(Path(found.value.path()))
    asked = CONTACTS if is_table else NAMES
    names = [name for (name,) in site.rows(asked, account.email, provider)]
    assert sorted(str(row["Name"]) for row in rows) == sorted(names)

    # Swept after its time: its page and its link say so.
    for each in GONE:
        site.rows(each, key)
    with expecting(404):
        for gone in (f"/downloads/{UUID(key)}/", file):
            page.goto(gone)
            expect(page.locator("[data-code=file_missing]")).to_be_visible()
            fits(page)
