"""No name at a provider is too long for a page, however narrow that is."""

from collections.abc import Callable
from uuid import UUID

import pytest
from playwright.sync_api import Page

from tests.browser.fixtures import PHONE
from tests.browser.items.test_saved_views import CONNECTED, IDENTITIES, OTHER
from tests.browser.test_accessibility import HALF
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
# Words of ours that are torn apart: of one word, two lines.
TORN = """() => [...document.querySelectorAll('nav a, .button, label, h2, dt')]
    .flatMap(element => [...element.childNodes])
    .filter(node => node.nodeType === Node.TEXT_NODE)
    .flatMap(node => [...node.data.matchAll(/[a-z]{2,12}/gi)].map(word => {
        const range = document.createRange()
        range.setStart(node, word.index)
        range.setEnd(node, word.index + word[0].length)
        return new Set([...range.getClientRects()].map(box => box.top)).size > 1
            ? word[0] : '' }))
    .filter(word => word && !/^[Wy]+$/.test(word))"""
FITS = "() => document.documentElement.scrollWidth <= innerWidth"


@pytest.fixture(scope="module")
def addresses(site: Stack) -> list[str]:
    """Return pages that show a table and a record with names without any space."""
    person, at = site.person(OTHER), {"provider": "airtable", "account": "kestrel"}
    made = {**at, "base": "Untitled Base", "name": LONG_NAME}
    table = site.sandbox("tables/add", **made)["table"]
    record = {**at, "table": table, "fields": {"Name": LONG_TITLE}}
    remote_id = site.sandbox("records/create", **record)["id"]
    if not site.rows(CONNECTED, OTHER, "airtable"):
        person.connect("airtable", identity=IDENTITIES[OTHER, "airtable"])
    [(key,)] = site.rows(CONNECTED, OTHER, "airtable")
    connection = f"/connections/{UUID(key)}/"

    def is_read() -> bool:
        if "/sync/" in person.get(connection).text:
            person.submit(connection, "/sync/")
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
    too_wide, torn = [], []

    for address in addresses:
        answer = page.goto(address)
        assert answer is not None
        assert answer.ok, address
        for screen in SCREENS:
            page.set_viewport_size(screen)  # type: ignore[arg-type]
            if not page.evaluate(FITS):
                too_wide.append((address, screen))
            torn += [(address, screen, word) for word in page.evaluate(TORN)]

    assert too_wide == []
    assert torn == []
