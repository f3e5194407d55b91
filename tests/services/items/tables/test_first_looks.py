"""A look at the first rows of a table asks for these alone, by either database."""

import re
from datetime import UTC

import pytest
from django.db import connection as database
from django.db.models import BooleanField, ExpressionWrapper, Q
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from integrations.models import Item
from integrations.services.items.tables import listing, selection
from integrations.services.items.tables.columns.columns import columns_of
from integrations.services.items.tables.conditions import Asker
from integrations.services.items.tables.indexing import first_keys, indexes
from integrations.services.items.tables.selection import Selection
from integrations.services.items.tables.table_query import TableQuery
from tests.services.items.tables.test_group_plans import deals  # noqa: F401
from tests.support.plans import tell_statistics
from tests.support.rows import NOON

RARE = "dealstage__is=Closed+won&amount__is=96"
ADDRESSES = (
    "amount__gt=1&dealstage__is=Closed+won",
    "amount__gt=1&dealstage__is=Closed+won&match=any",
    "dealstage__not=Qualified&amount__gt=1",
    "sort=-amount&amount__gt=1&dealstage__is=Closed+won",
)


@pytest.mark.skipif(database.vendor == "sqlite", reason="PostgreSQL's planner chooses")
def test_no_index_is_read_whole_for_the_first_rows(deals):  # noqa: F811
    columns = columns_of(deals)
    for address in ADDRESSES:
        query = TableQuery.parse(deals.pk, QueryDict(address), columns)
        found = indexes.prepare(deals, query.indexed)
        tell_statistics("whole")
        asker = Asker(zone=UTC, today=NOON.date())

        with CaptureQueriesContext(database) as queries:
            selection = Selection.make(deals, query, found, asker)
            page = listing.fetch_page(selection)
            listing.count(selection, page)

        assert len(page.items) == query.size
        hashed = [sql for q in queries if "hashed" in explain(sql := str(q["sql"]))]
        assert hashed == [], address


# How many rows are looked at and wanted; how many are found, and whether it is the end.
ROWS = ((30, 3, 3, False), (30, 30, 10, False), (90, 30, 30, False), (99, 40, 30, True))


def test_a_look_tells_what_it_found_and_whether_rows_are_left(deals):  # noqa: F811
    keys = list(Item.objects.filter(collection=deals).values_list("pk", flat=True)[:90])
    rows = Item.objects.filter(pk__in=keys).order_by("pk")
    held = ExpressionWrapper(Q(pk__in=sorted(keys)[::3]), output_field=BooleanField())

    for look, want, found, is_end in ROWS:
        told = first_keys.first_held(rows[:look], held, ("pk", "first_seen_at"), want)

        wanted = rows.filter(pk__in=sorted(keys)[::3])[:found]
        kept = list(wanted.values_list("pk", "first_seen_at"))
        assert told == (kept, is_end), (look, want)


@pytest.mark.skipif(database.vendor == "sqlite", reason="SQLite keeps no rows for it")
def test_rare_rows_are_found_where_they_are_stored(deals, monkeypatch):  # noqa: F811
    monkeypatch.setattr(listing, "FEW", 10)
    monkeypatch.setattr(listing, "LOOKS", (10, 20))
    columns = columns_of(deals)
    query = TableQuery.parse(deals.pk, QueryDict(RARE), columns)
    found = indexes.prepare(deals, query.indexed)
    asker = Asker(zone=UTC, today=NOON.date())
    monkeypatch.setattr(selection, "FEW", 10)
    chosen = Selection.make(deals, query, found, asker)

    with CaptureQueriesContext(database) as queries:
        page = listing.fetch_page(chosen)

    assert len(page.items) == query.size
    assert [q["sql"] for q in queries if "CURSOR" in str(q["sql"])] == []


@pytest.mark.skipif(database.vendor == "sqlite", reason="PostgreSQL expects numbers")
def test_as_many_rows_are_expected_as_there_are(deals):  # noqa: F811
    columns = columns_of(deals)
    names = ("amount", "dealstage", "item.name", "closedate")
    used = [column for name in names if (column := columns.get(name))]
    index = indexes.prepare(deals, used).get(columns.get("dealstage"))
    rows = index.values.filter(text="closed won")
    tell_statistics("whole")

    told = explain(str(rows.query).replace("= closed won", "= 'closed won'"))

    expected = int(re.search(r"rows=(\d+)", told)[1])
    assert 0.8 < expected / rows.count() < 1.2


def explain(sql):
    with database.cursor() as cursor:
        cursor.execute(f"EXPLAIN (VERBOSE) {sql.replace('%', '%%')}", ())
        return "\n".join(line for (line,) in cursor.fetchall())
