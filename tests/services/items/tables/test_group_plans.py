"""Groups are summed up by one look at each condition, or by one step for each row."""

from datetime import UTC

import pytest
from django.db import connection as database
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from integrations.models import Collection
from integrations.providers.records import IntegrationItem
from integrations.services.items.storage import store
from integrations.services.items.tables import totals
from integrations.services.items.tables.columns.columns import columns_of
from integrations.services.items.tables.conditions import Asker
from integrations.services.items.tables.indexing import indexes
from integrations.services.items.tables.selection import Selection
from integrations.services.items.tables.table_query import TableQuery
from tests.support.pages.snapshots import built_once, made_once
from tests.support.plans import explain, nodes_of, tell_statistics
from tests.support.rows import NOON, make_collection
from tests.views.items.tables.test_table import SCHEMA

# Their keys do not fit into the least memory of a worker of PostgreSQL.
MANY = 600 if database.vendor == "sqlite" else 6000
ADDRESSES = (
    "dealstage__not=Closed+won",
    "dealstage__not=Closed+won&amount__gt=1",
    "dealstage__not=Closed+won&amount__is=0&match=any",
    "amount__gt=1&dealstage__is=Closed+won&match=any",
    "amount__gt=1&dealstage__is=Closed+won",
)


@pytest.fixture
@made_once
def deals(request, sandbox, connection, monkeypatch):
    monkeypatch.setattr(indexes, "SMALL", 10 * MANY)
    with built_once(request, sandbox, lambda: make_deals(connection)):
        yield Collection.objects.get(connection=connection, remote_id="deals")


def make_deals(connection):
    made = make_collection(
        connection,
        remote_id="deals",
        item_type="deal",
        schema=SCHEMA,
        first_full_refresh_at=NOON,
    )
    told = [
        IntegrationItem(
            id=f"{n}",
            type="deal",
            name=f"Deal {n}",
            properties={"amount": f"{n % 97}", "dealstage": "s2" if n % 97 else "s1"},
        )
        for n in range(MANY)
    ]
    store.store_page(made, told, run_id=None, now=NOON)


def test_no_condition_is_read_again_at_each_row(deals):
    columns = columns_of(deals)
    for address in ADDRESSES:
        asked = QueryDict(f"group=dealstage&{address}")
        query = TableQuery.parse(deals.pk, asked, columns)
        found = indexes.prepare(deals, query.indexed)
        tell_statistics("whole")
        asker = Asker(zone=UTC, today=NOON.date())
        selection = Selection.make(deals, query, found, asker)
        index = found.get(columns.get("dealstage"))

        with CaptureQueriesContext(database) as queries:
            groups = totals.of_groups(selection, index, [])

        assert sum(each.count for each in groups) == selection.items().count()
        if database.vendor != "sqlite":
            assert [q["sql"] for q in queries if reads_again(str(q["sql"]))] == []


def reads_again(sql):
    """Tell whether PostgreSQL, short of memory, goes through a list for each row."""
    plan = explain(sql, {"work_mem": "'64kB'", "hash_mem_multiplier": "1"})
    return any(
        each["Node Type"] == "Materialize" and each["Parent Relationship"] == "SubPlan"
        for each in nodes_of(plan)
    )
