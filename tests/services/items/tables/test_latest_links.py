"""Of what names an item the latest are looked at, and not all, by either database."""

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from integrations.models import Item
from integrations.providers.records import IntegrationItem
from integrations.services.items.storage import store
from integrations.services.items.tables.columns import incoming
from integrations.services.items.tables.columns.columns import columns_of
from tests.support.plans import explain, nodes_of, tell_statistics
from tests.support.rows import NOON, make_collection
from tests.views.items.tables.test_relation_columns import COMPANIES
from tests.views.items.tables.test_table import SCHEMA

MANY, LOOKED = 6000, 60


@pytest.fixture
def companies(connection):
    made = make_collection(connection, remote_id="companies", item_type="company")
    deals = make_collection(
        connection, remote_id="deals", item_type="deal", schema=SCHEMA
    )
    put(made, "company", [("L", "Large", [])])
    # Of the others there is one deal each, so that a planner expects few.
    named = [(f"{n}", f"Deal {n}", ["L" if n % 3 else f"{n}"]) for n in range(MANY)]
    put(deals, "deal", named)
    return made


def put(collection, kind, told):
    items = [
        IntegrationItem(id=key, type=kind, name=name, properties={COMPANIES: named})
        for key, name, named in told
    ]
    store.store_page(collection, items, run_id=None, now=NOON)


@pytest.mark.skipif(database.vendor == "sqlite", reason="PostgreSQL tells of its rows")
def test_no_more_links_are_read_than_are_looked_at(companies, monkeypatch):
    monkeypatch.setattr(incoming, "MOST_LOOKED", LOOKED)
    tell_statistics("whole")
    items = list(Item.objects.filter(collection=companies))
    column = columns_of(companies).get(f"deals.{COMPANIES}")

    with CaptureQueriesContext(database) as queries:
        incoming.load(items, [column])

    (large,) = items
    assert large.incoming[column.id].has_more
    assert max(links_read(str(q["sql"])) for q in queries) <= LOOKED + 1


def links_read(sql):
    """Return how many links a statement reads for one item, at most."""
    return max(
        each["Actual Rows"] * each["Actual Loops"]
        for each in nodes_of(explain(sql, is_run=True))
        if each.get("Relation Name") == "integrations_itemlink"
    )
