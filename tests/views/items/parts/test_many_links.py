"""An item of very many links costs no more than its page looks at."""

from collections import Counter

import pytest
from django.db import connection as database
from django.db.models.signals import post_init

from integrations.models import Item, ItemLink
from integrations.providers.hubspot.connector import HubSpot
from integrations.providers.notion.mapping.items import ICON_KEY
from integrations.providers.records import IntegrationItem
from integrations.services.items.detail import find_children
from integrations.services.items.relations import around, groups
from integrations.services.items.storage import store
from tests.support.pages.kept_rows import kept
from tests.support.rows import NOON, make_collection, make_connection
from tests.views.items.parts.test_related_tables import deals, store_deals

__all__ = ["deals"]

MOST = 20


@pytest.fixture
@kept
def company(connection):
    companies = make_collection(
        connection, remote_id="companies", name="Companies", item_type="company"
    )
    acme = IntegrationItem(
        id="1", type="company", name="Acme", properties={"domain": "acme.example"}
    )
    store.store_page(companies, [acme], run_id=None, now=NOON)
    return Item.objects.select_related("collection").get()


def read_whole(monkeypatch, *, most=500, few=1000):
    for module in (around, groups):
        monkeypatch.setattr(module, "MOST_LINKS", most)
    monkeypatch.setattr(around, "FEW", few)


def shown(client, item):
    """Return what an item's page tells of its links, without objects."""
    page = client.get(item.get_absolute_url())
    tables = page.context["tables"]
    for table in tables:
        for row in table["rows"]:
            row["icon"], row["name"] = row["item"].icon, row["item"].name
    return tables


@pytest.mark.parametrize("most", [500, MOST])
def test_few_columns_of_many_items_tell_what_all_columns_do(
    as_alice, company, deals, monkeypatch, most
):
    store_deals(deals, MOST + 10)
    deals.items.filter(remote_id="3").update(deleted_at=NOON, deleted_kind="archived")
    read_whole(monkeypatch, most=most)
    expected = shown(as_alice, company)

    read_whole(monkeypatch, most=most, few=0)

    assert shown(as_alice, company) == expected
    assert expected[0]["rows"][0]["cells"][0]["html"]


def test_icons_of_many_items_are_shown(as_alice, alice, monkeypatch):
    notion = make_connection(alice, provider="notion", remote_id="w")
    pages = make_collection(notion, remote_id="pages", name="Pages", item_type="page")
    named = [f"p{n}" for n in range(4)]
    items = [
        IntegrationItem(id=each, type="page", name=each, properties={ICON_KEY: "🚢"})
        for each in named
    ]
    items.append(IntegrationItem(id="top", type="page", name="Top"))
    store.store_page(pages, items, run_id=None, now=NOON)
    top = pages.items.get(remote_id="top")
    ItemLink.objects.bulk_create(
        ItemLink(item=top, connection=notion, relation="r", target_remote_id=each)
        for each in named
    )
    read_whole(monkeypatch, few=0)

    [table] = shown(as_alice, top)

    assert [row["icon"] for row in table["rows"]] == ["🚢"] * 4


def test_it_reads_as_many_items_as_it_looks_at_and_no_more_often(
    as_alice, company, deals, monkeypatch, django_assert_max_num_queries
):
    store_deals(deals, 3 * MOST)
    read_whole(monkeypatch, most=MOST, few=MOST // 2)
    shown(as_alice, company)
    made = Counter()

    def count(sender, **_):
        made[sender] += 1

    post_init.connect(count)
    try:
        with django_assert_max_num_queries(12):
            [table] = shown(as_alice, company)
    finally:
        post_init.disconnect(count)

    assert table["count"] == f"more than {MOST}"
    # One more tells that there are more; beside them, the item and what it is found by.
    assert made[Item] <= MOST + 5
    assert made[ItemLink] == 0


@pytest.mark.skipif(database.vendor != "sqlite", reason="it counts SQLite's steps")
def test_what_is_inside_of_an_item_and_linked_with_it_is_looked_at_once(
    company, deals, monkeypatch
):
    read_whole(monkeypatch, most=10, few=0)
    # As of a provider that names parents where nothing is linked.
    monkeypatch.setattr(HubSpot, "links_parents", False)
    store_deals(deals, 60)
    few = steps_of_children(company)

    store_deals(deals, 240)

    assert steps_of_children(company) < 6 * few


def steps_of_children(company):
    """Return how many steps SQLite takes for what is inside of an item."""
    found = around.look_around(company)
    counted = []
    database.connection.set_progress_handler(lambda: counted.append(1) and None, 20)
    children = find_children(company, found)
    database.connection.set_progress_handler(None, 20)
    assert children.count.number == 0
    return len(counted)


def test_what_is_only_counted_is_counted(as_alice, company, deals, monkeypatch):
    store_deals(deals, MOST)
    whole = shown(as_alice, company)
    monkeypatch.setattr(around, "has_amounts", lambda _: False)

    [table] = shown(as_alice, company)

    assert table | {"sums": ""} == whole[0] | {"sums": ""}
