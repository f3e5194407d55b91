"""What a record is linked with changes by name: in history, then and now, in mails."""

from datetime import timedelta

import pytest
from django.urls import reverse

from integrations.models import Item
from integrations.providers.records import IntegrationItem
from integrations.services.items.storage import store
from integrations.services.notices.following import digests
from integrations.services.notices.following import follows as following
from integrations.services.notices.following.news import Span
from tests.support.pages.kept_rows import kept
from tests.support.rows import NOON, make_collection, make_connection
from tests.views.items.tables.test_relation_columns import COMPANIES, CONTACTS, make

HOUR = timedelta(hours=1)
BEFORE, AFTER = NOON + HOUR, NOON + 3 * HOUR


@pytest.fixture
@kept
def deal(connection):
    """Return a deal that went from its only company to another one."""
    make(connection, "companies", "company", [("1", "Zeta", {}), ("2", "Yota", {})])
    make(connection, "contacts", "contact", [("1", "Ana", {}), ("2", "Bo", {})])
    deals = make(connection, "deals", "deal", [])
    for at, company, contacts in ((NOON, "1", []), (NOON + 2 * HOUR, "2", ["1", "2"])):
        told = IntegrationItem(
            id="11",
            type="deal",
            name="Deal",
            parent_id=company,
            properties={COMPANIES: [company], CONTACTS: contacts},
        )
        store.store_page(deals, [told], run_id=None, now=at)
    return Item.objects.get(name="Deal")


def told(fields):
    return {(f["label"], str(f["old"]), str(f["new"])) for f in fields}


EXPECTED = {("Companies", "Zeta", "Yota"), ("Contacts", "", "Ana, Bo")}


def test_history_and_changes_name_the_company_before_and_after(as_alice, deal):
    page = as_alice.get(deal.get_absolute_url())
    changes = as_alice.get("/changes/")

    assert told(page.context["changes"][0]["fields"]) == EXPECTED
    entries = [e for day in changes.context["days"] for e in day["entries"]]
    assert any(told(each["fields"]) == EXPECTED for each in entries)
    assert b"Parent id" not in page.content + changes.content


def test_an_item_as_it_was_has_its_company(as_alice, deal):
    path = reverse("integrations:item-as-of", args=(deal.uuid,))

    page = as_alice.get(path, {"at": BEFORE.isoformat()})

    rows = {row["label"]: (row["then"], row["now"]) for row in page.context["rows"]}
    assert rows["Companies"] == ("Zeta", "Yota")


def test_the_difference_of_two_times_has_it(as_alice, deal):
    path = reverse("integrations:table-as-of", args=(deal.collection_id,))

    times = {"at": BEFORE.isoformat(), "until": AFTER.isoformat()}
    page = as_alice.get(path, times).content.decode()

    assert "Zeta" in page
    assert "Yota" in page


def test_a_digest_names_what_was_linked(alice, deal):
    following.follow(alice, deal)

    span = Span(since=BEFORE, until=AFTER)
    (section,) = digests.sections_of(alice, span)

    (entry,) = section.entries
    assert set(entry.lines) == {"Companies: Zeta → Yota", "Contacts: nothing → Ana, Bo"}


def test_a_page_that_moves_names_where_it_was(as_alice, alice):
    connection = make_connection(alice, provider="notion")
    pages = make_collection(connection, remote_id="pages", item_type="page")
    for remote_id, name in (("a", "Old place"), ("b", "New place")):
        at_top = IntegrationItem(id=remote_id, type="page", name=name)
        store.store_page(pages, [at_top], run_id=None, now=NOON)
    for at, parent in ((NOON, "a"), (NOON + HOUR, "b")):
        moved = IntegrationItem(id="c", type="page", name="Moved", parent_id=parent)
        store.store_page(pages, [moved], run_id=None, now=at)

    page = as_alice.get(Item.objects.get(name="Moved").get_absolute_url())

    fields = told(page.context["changes"][0]["fields"])
    assert fields == {("Parent", "Old place", "New place")}
