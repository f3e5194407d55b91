"""A page in any order costs the same, wherever it stands and whatever is known."""

from datetime import UTC, timedelta

import pytest
from django.db import connection as database

from integrations.models import Collection
from integrations.providers.records import IntegrationItem
from integrations.services.items.storage import store
from integrations.services.items.tables import listing
from integrations.services.items.tables.columns.columns import columns_of
from integrations.services.items.tables.conditions import Asker
from integrations.services.items.tables.indexing import indexes
from integrations.services.items.tables.selection import Selection
from integrations.services.items.tables.table_query import TableQuery
from integrations.services.items.tables.walk import walk
from tests.support.pages.snapshots import built_once, made_once
from tests.support.plans import STATISTICS, tell_statistics
from tests.support.rows import NOON, make_collection
from tests.views.items.tables.test_table import SCHEMA

MANY, SIZE = 800, 25
# Of each value so many rows; every fifth has none.
ALIKE = MANY // 4
DEEP = ALIKE * 2 // 3
SORTED = (
    *("amount", "closedate", "dealstage", "hubspot_owner_id", "description"),
    *("item.name", "item.updated"),
)
# Beside those of the first page.
SPREAD = 1.5
PLACES = {
    "among equals": ALIKE + DEEP,
    "before unknown": MANY * 4 // 5 - 3,
    "among unknown": MANY * 4 // 5 + DEEP,
    "at the end": MANY - 3,
}


@pytest.fixture
@made_once
def deals(request, sandbox, connection):
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
    told = [deal(number) for number in range(MANY)]
    store.store_page(made, told, run_id=None, now=NOON)
    columns = columns_of(made)
    indexes.prepare(made, [columns.get(each) for each in SORTED])


def deal(number):
    """Return a deal that shares each of its values with many, or has none."""
    place = number // ALIKE
    told = {
        "amount": f"{place}",
        "dealstage": f"s{1 + place % 2}",
        "hubspot_owner_id": f"{41 + place % 2}",
        "closedate": (NOON + timedelta(days=place)).isoformat(),
        "description": f"harbour {place}",
    }
    return IntegrationItem(
        id=f"{number}",
        type="deal",
        name=f"Deal {place}" if number % 5 else "",
        last_modified_time=NOON - timedelta(days=place) if number % 5 else None,
        properties=told if number % 5 else {},
    )


def selection(deals, sort, **at):
    columns = columns_of(deals)
    column = columns.get(sort.removeprefix("-"))
    query = TableQuery(
        collection=deals.pk,
        sort=column,
        is_descending=sort.startswith("-"),
        size=SIZE,
        **at,
    )
    found = indexes.prepare(deals, [] if query.is_by_update else [column])
    asker = Asker(zone=UTC, today=NOON.date())
    return Selection.make(deals, query, found, asker)


def read(deals, sort, **at):
    """Return a page, and how many steps SQLite took for it."""
    asked, counted = selection(deals, sort, **at), []
    if database.vendor != "sqlite":
        return listing.read_page(asked), 0
    database.connection.set_progress_handler(lambda: counted.append(1) and None, 10)
    page = listing.read_page(asked)
    database.connection.set_progress_handler(None, 10)
    return page, len(counted)


@pytest.fixture(scope="module")
def walked():
    """Return the keys of all rows by their order, once they were walked."""
    return {}


@pytest.mark.parametrize("told", STATISTICS)
def test_a_page_behind_equal_values_costs_what_the_first_one_does(deals, walked, told):
    tell_statistics(told)
    dear = {}
    for order in (*SORTED, *(f"-{sort}" for sort in SORTED)):
        if order not in walked:
            walked[order] = list(walk(selection(deals, order)))
        rows = walked[order]
        assert len(set(rows)) == MANY, order
        _, most = read(deals, order)
        for where, place in PLACES.items():
            at = listing.cursor_of(selection(deals, order), rows[place])
            page, steps = read(deals, order, after=at)
            assert page.items == rows[place + 1 :][:SIZE], (order, where)
            back, steps_back = read(deals, order, before=at)
            assert back.items == rows[place - SIZE : place], (order, where)
            if max(steps, steps_back) > most * SPREAD:
                dear[order, where] = (most, steps, steps_back)

    assert dear == {}
