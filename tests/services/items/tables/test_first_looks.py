"""A look at the first rows of a table asks for these alone, by either database."""

import re
from datetime import UTC, timedelta

import pytest
from django.db import connection as database
from django.db.models import BooleanField, ExpressionWrapper, Q
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from integrations.models import Item
from integrations.providers.records import IntegrationItem
from integrations.services.items.lists.counting import Count
from integrations.services.items.storage import store
from integrations.services.items.tables import listing, selection
from integrations.services.items.tables.columns.columns import columns_of
from integrations.services.items.tables.conditions import Asker
from integrations.services.items.tables.indexing import first_keys, indexes
from integrations.services.items.tables.selection import Selection
from integrations.services.items.tables.table_query import TableQuery
from tests.services.items.tables.test_group_plans import deals  # noqa: F401
from tests.support import plans
from tests.support.plans import tell_statistics
from tests.support.rows import NOON, make_collection
from tests.views.items.tables.test_table import SCHEMA

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


# Whatever they are sorted by, the first rows match neither.
WIDE = "amount__is=1&dealstage__is=Closed+won"
LATEST, OTHERS = 1000, 3000


@pytest.mark.skipif(database.vendor == "sqlite", reason="SQLite keeps no rows for it")
@pytest.mark.parametrize("order", ["", "&sort=closedate", "&sort=-closedate"])
def test_of_very_many_behind_the_first_rows_no_more_are_sent_than_shown(
    connection, monkeypatch, order
):
    many = 100
    for module, name, value in (
        (listing, "LOOKS", (50, 100)),
        (listing, "FEW", 20),
        (listing, "SEVERAL_LIMIT", many - 1),
        (selection, "FEW", 20),
        (selection, "MANY", many),
        (indexes, "SMALL", 2 * (LATEST + OTHERS)),
    ):
        monkeypatch.setattr(module, name, value)
    made = make_uneven(connection, is_descending=order != "&sort=closedate")
    query = TableQuery.parse(made.pk, QueryDict(WIDE + order), columns_of(made))
    found = indexes.prepare(made, query.indexed)
    tell_statistics("whole")
    chosen = Selection.make(made, query, found, Asker(zone=UTC, today=NOON.date()))

    with CaptureQueriesContext(database) as queries:
        page = listing.fetch_page(chosen)
        number = listing.count(chosen, page)

    wanted = [n for n in range(OTHERS) if n % 6 == 0][-query.size :]
    assert [int(each.remote_id) for each in page.items] == wanted[::-1]
    told = [plans.explain(str(each["sql"]), is_run=True) for each in queries]
    sent = [each["Actual Rows"] for each in told]
    assert max(sent) <= query.size + 1
    assert number == Count(number=many - 1, is_more=True)


def make_uneven(connection, *, is_descending):
    """Store deals of which the first in an order, a quarter, match no filter."""
    made = make_collection(
        connection,
        remote_id="deals",
        item_type="deal",
        schema=SCHEMA,
        first_full_refresh_at=NOON,
    )
    items = [
        IntegrationItem(
            id=f"{n}",
            type="deal",
            name=f"Deal {n}",
            last_modified_time=NOON - timedelta(minutes=LATEST + OTHERS - n),
            properties={
                "amount": f"{1 + n % 3 if n < OTHERS else 4}",
                "dealstage": f"s{2 - (n % 2 if n < OTHERS else 1)}",
                "closedate": (
                    NOON + timedelta(hours=n if is_descending else -n)
                ).isoformat(),
            },
        )
        for n in range(LATEST + OTHERS)
    ]
    store.store_page(made, items, run_id=None, now=NOON)
    made.stored_count = len(items)
    made.save(update_fields=["stored_count"])
    return made


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
