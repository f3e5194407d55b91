"""What the benchmarks write past the product fits the product's table."""

import json

import pytest
from django.contrib.auth.models import User
from django.db import connection as database

from integrations.models import Collection, Item
from tests.bench.site import rows
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
