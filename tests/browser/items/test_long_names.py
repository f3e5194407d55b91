"""No name at a provider is too long for a page, however narrow that is."""

from collections.abc import Callable
from uuid import UUID

import pytest
from playwright.sync_api import Page

from tests.browser.fixtures import PHONE
from tests.browser.items.test_saved_views import CONNECTED, IDENTITIES, OTHER
from tests.browser.items.whole_pages import HALF, find_faults
from tests.real.support.processes import wait_until
from tests.real.support.stack import Stack

pytestmark = pytest.mark.browser

LONG_NAME, LONG_TITLE = "W" * 200, "y" * 500
# A telephone, a screen at twice the size, a tablet.
SCREENS = (PHONE, HALF, {"width": 768, "height": 1024})
ITEM = (
    "select i.uuid, i.collection_id from integrations_item i"
    f" where i.connection_id in ({CONNECTED}) and i.remote_id = ?"
)


@pytest.fixture(scope="module")
def addresses(site: Stack) -> list[str]:
    """Return pages that show a table and a record with names without any space."""
    user, at = site.user(OTHER), {"provider": "airtable", "account": "kestrel"}
    made = {**at, "base": "Untitled Base", "name": LONG_NAME}
    table = site.sandbox("tables/add", **made)["table"]
    record = {**at, "table": table, "fields": {"Name": LONG_TITLE}}
    remote_id = site.sandbox("records/create", **record)["id"]
    if not site.rows(CONNECTED, OTHER, "airtable"):
        user.connect("airtable", identity=IDENTITIES[OTHER, "airtable"])
    [(key,)] = site.rows(CONNECTED, OTHER, "airtable")
    connection = f"/connections/{UUID(key)}/"

    def is_read() -> bool:
        if "/sync/" in user.get(connection).text:
            user.submit(connection, "/sync/")
        return bool(site.rows(ITEM, OTHER, "airtable", remote_id))

    wait_until(is_read, "the new table is read", seconds=120, every=1)
    [(item, collection)] = site.rows(ITEM, OTHER, "airtable", remote_id)
    table, item = f"/collections/{UUID(collection)}/", f"/items/{UUID(item)}/"
    of_table = [f"{table}{each}" for each in ("", "columns/", "own-columns/", "as-of/")]
    of_site = ["/", "/items/", "/changes/", "/charts/", f"/search/?q={LONG_TITLE[:9]}"]
    return [
        *(*of_table, *of_site, item, f"{item}own/", connection),
        f"{connection}collections/",
        f"/items/?collection={UUID(collection)}",
        f"/views/new/?back={table}",
    ]


def test_no_page_is_wider_than_its_screen_and_no_word_of_ours_is_torn(
    open_page: Callable[..., Page], addresses: list[str]
) -> None:
    page = open_page(OTHER, viewport=PHONE)
    faults: list[object] = []

    for address in addresses:
        answer = page.goto(address)
        assert answer is not None
        assert answer.ok, address
        faults += find_faults(page, *SCREENS)

    assert not faults, faults
