"""What the benchmarks write past the product fits the product's table."""

import json

import pytest
from django.contrib.auth.models import User
from django.db import connection as database

from integrations.models import Collection, Item, PropertyValue
from integrations.services.items.search import full_text
from integrations.services.items.search.search_query import SearchQuery
from integrations.services.items.tables.columns.values import fold
from tests.bench.site import account, rows, table_rows
from tests.bench.support import naive
from tests.support.rows import make_collection, make_connection

RECORD = {
    "id": "1",
    "url": "https://app.hubspot.com/contacts/1/record/0-1/1",
    "createdAt": "2026-01-05T09:30:00.000Z",
    "updatedAt": "2026-01-06T09:30:00.000Z",
    "properties": {"firstname": "Ada", "lastname": "Byron"},
}


@pytest.fixture
def collection(alice: User) -> Collection:
    return make_collection(make_connection(alice))


@pytest.mark.skipif(database.vendor != "sqlite", reason="the benchmarks fill SQLite")
def test_the_loop_with_sql_writes_what_the_product_reads(collection, monkeypatch):
    monkeypatch.setattr(naive, "pages", lambda _collection: [[RECORD]])

    assert naive.load_with_sql(collection) == 1
    assert naive.load_with_sql(collection) == 1

    item = Item.objects.live().get(collection=collection)
    assert (item.name, item.properties) == ("Ada Byron", RECORD["properties"])


@pytest.mark.skipif(database.vendor != "sqlite", reason="the benchmarks fill SQLite")
def test_a_filled_table_can_be_listed(alice):
    filled = rows.fill(alice, 30)

    items = Item.objects.owned_by(alice).live()
    assert items.filter(connection=filled).count() == 30
    assert json.dumps(items.first().properties)
    with database.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM integrations_item_search")
        assert cursor.fetchone() == (30,)


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(database.vendor == "sqlite", reason="PostgreSQL makes the copies")
def test_copied_contacts_are_found_linked_and_sorted_as_stored_ones(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("PAGE", 40), ("STORED", 40), ("CHANGED", 40), ("DAYS", 2)):
        monkeypatch.setattr(account, name, value)
    monkeypatch.setattr(account, "COMPANIES_COUNT", 10)

    contacts = account.surround(table_rows.fill(alice, 50), 120)

    assert contacts.stored_count == 120
    condition = SearchQuery.parse("1000119", owner_id=alice.pk).condition
    [key] = full_text.ask_index(condition).keys
    copied = contacts.items.get(pk=key)
    assert copied.remote_id == copied.properties["hs_object_id"] == "1000119"
    assert copied.links.count() == 1
    sorted_by = PropertyValue.objects.filter(index__name="item.name", item=copied)
    assert [each.text for each in sorted_by] == [fold(copied.name)]
