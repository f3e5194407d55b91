"""A table's page is the table: what stands for one leads there, and back to itself."""

import re
from urllib.parse import urlencode, urlsplit

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from integrations.models import Item, SavedView
from integrations.models.remote_key import remote_key
from integrations.providers.records import IntegrationItem
from integrations.services.items.storage import store
from tests.support.pages.kept_rows import kept
from tests.support.rows import NOON, make_collection, make_connection

BASE, TABLE, RECORD = "appAAAAAAAAAAAAAA", "tblBBBBBBBBBBBBBB", "recCCCCCCCCCCCCCC"
WEB = "https://airtable.com"


def put(collection, *items):
    store.store_page(collection, list(items), run_id=None, now=NOON)


@pytest.fixture
@kept
def airtable(alice):
    """Return the records of a table, beside the items of the table and its base."""
    connection = make_connection(alice, provider="airtable", remote_id="usrX")
    structure = make_collection(
        connection, remote_id="structure", name="Bases and tables", item_type="base"
    )
    url = f"{WEB}/{BASE}/{TABLE}"
    put(
        structure,
        IntegrationItem(id=BASE, type="base", name="Works", url=f"{WEB}/{BASE}"),
        IntegrationItem(id=TABLE, type="table", name="Chairs", parent_id=BASE, url=url),
    )
    records = make_collection(
        connection, remote_id=f"{BASE}/{TABLE}", name="Chairs", item_type="record"
    )
    put(
        records,
        IntegrationItem(
            id=RECORD,
            type="record",
            name="Stool",
            parent_id=TABLE,
            url=f"{url}/{RECORD}",
        ),
    )
    return records


@pytest.fixture
@kept
def notion(alice):
    """Return the rows of a data source, beside that itself."""
    connection = make_connection(alice, provider="notion", remote_id="w:1")
    databases = make_collection(
        connection, remote_id="databases", name="Databases", item_type="data_source"
    )
    put(databases, IntegrationItem(id="d" * 32, type="data_source", name="Tasks"))
    rows = make_collection(
        connection, remote_id="d" * 32, name="Tasks", item_type="page"
    )
    put(rows, IntegrationItem(id="e" * 32, type="page", name="Sweep"))
    return rows


def item_of(collection):
    return Item.objects.get(name=collection.name)


@pytest.mark.parametrize("provider", ["airtable", "notion"])
def test_what_stands_for_a_table_leads_to_it_and_the_table_back(
    as_alice, request, provider
):
    table = request.getfixturevalue(provider)
    item = item_of(table)

    there = as_alice.get(item.page_url)
    page = as_alice.get(there["Location"])
    back = as_alice.get(f"/collections/{table.pk}/about/")

    assert there["Location"] == f"/collections/{table.pk}/"
    assert page.context["has_item"]
    assert f"/collections/{table.pk}/about/" in page.content.decode()
    assert back["Location"] == item.get_absolute_url()
    assert as_alice.get(item.get_absolute_url()).context["table"] == table


def test_breadcrumbs_lists_a_base_and_a_search_lead_to_the_table(as_alice, airtable):
    item, record = item_of(airtable), airtable.items.get()
    base = Item.objects.get(type="base")
    link = re.compile(rf'href="?{item.page_url}["> ]')

    for address in (
        record.get_absolute_url(),
        base.get_absolute_url(),
        "/items/?type=table",
        "/search/?q=chairs&open=stay",
    ):
        assert link.search(as_alice.get(address).content.decode()), address


@pytest.mark.parametrize("has_default", [False, True])
def test_a_pasted_address_of_a_table_opens_it_and_leads_back_to_the_search(
    as_alice, alice, airtable, has_default
):
    if has_default:
        SavedView.objects.create(
            owner=alice,
            name="Mine",
            is_default=True,
            parameters=[["sort", "item.name"]],
            **remote_key(airtable),
        )
    pasted = urlencode({"q": f"{WEB}/{BASE}/{TABLE}/viwDDDDDDDDDDDDDD?blocks=hide"})

    page = as_alice.get(f"/search/?{pasted}", follow=True)

    address = urlsplit(page.redirect_chain[-1][0])
    assert address.path == f"/collections/{airtable.pk}/"
    assert ("view=" in address.query) is has_default
    assert as_alice.get(page.context["search_url"]).context["named"]


def test_a_table_that_is_not_read_leads_to_its_own_page_with_the_way_back(
    as_alice, airtable
):
    item = item_of(airtable)
    airtable.is_selected, airtable.stored_count = False, 0
    airtable.save()

    there = as_alice.get(f"{item.page_url}?in=%2Fitems%2F")

    assert there["Location"] == f"{item.get_absolute_url()}?in=%2Fitems%2F"


def test_a_table_whose_own_item_is_not_stored_says_so(as_alice, airtable):
    item_of(airtable).delete()

    page = as_alice.get(f"/collections/{airtable.pk}/about/", follow=True)

    assert page.redirect_chain[-1][0] == f"/collections/{airtable.pk}/"
    assert [each.extra_tags for each in page.context["messages"]] == ["not_stored"]


def test_a_table_of_contacts_has_no_item_of_its_own(as_alice, connection):
    contacts = make_collection(connection)

    page = as_alice.get(f"/collections/{contacts.pk}/")

    assert not page.context["has_item"]
    assert f"/collections/{contacts.pk}/about/" not in page.content.decode()


def test_a_list_of_tables_asks_for_none_of_them(as_alice, airtable):
    structure = item_of(airtable).collection
    with CaptureQueriesContext(database) as few:
        as_alice.get("/items/?type=table")
    put(
        structure,
        *(
            IntegrationItem(
                id=f"tbl{n:014}", type="table", name=f"T{n}", parent_id=BASE
            )
            for n in range(20)
        ),
    )

    with CaptureQueriesContext(database) as many:
        as_alice.get("/items/?type=table")

    assert len(many) <= len(few)
