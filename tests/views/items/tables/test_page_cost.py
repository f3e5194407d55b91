"""A page of a table costs what it shows, however many rows there are.

Few rows stand for many: the bounds are made as much smaller as the table is.
"""

from datetime import timedelta

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext

from integrations.models import Item, PropertyIndex
from integrations.providers.records import IntegrationItem
from integrations.services.items.lists import counting
from integrations.services.items.search import full_text
from integrations.services.items.storage import store
from integrations.services.items.tables import listing, selection
from integrations.services.items.tables.columns import incoming
from integrations.services.items.tables.columns.columns import columns_of
from integrations.services.items.tables.indexing import indexes
from tests.support.pages.kept_rows import kept
from tests.support.plans import tell_statistics, whole_reads
from tests.support.rows import NOON, make_collection
from tests.support.sessions import with_session
from tests.views.items.tables.test_relation_columns import COMPANIES
from tests.views.items.tables.test_table import SCHEMA

MOST_QUERIES = 12
FEW, MANY = 600, 2400
# Of each company, so that a page of companies shows as much in either table.
DEALS_OF_ONE = 6
# Steps of the smaller table: deeper trees and longer texts cost a little more.
SPREAD = 1.3
INCOMING = f"deals.{COMPANIES}"
EARLY, DAY = "2026-11-03", "2026-11-20"
TWO_FILTERS = "dealstage__is=Closed+won&hubspot_owner_id__is=Dan+Day"
SORTED_GROUPS = (
    "group=hubspot_owner_id&sort=closedate&amount__gt=60&dealstage__is=Closed+won"
)
GROUPED_PAGES = {
    "grouped": "group=dealstage",
    "grouped, filtered": "group=dealstage&hubspot_owner_id__is=Dan+Day",
    "grouped, two filters": f"group=dealstage&{TWO_FILTERS}",
    "grouped, two wide filters": "group=dealstage&amount__gt=10&dealstage__not=Lost",
    "grouped, sorted": f"group=dealstage&sort=-closedate&{TWO_FILTERS}",
    "grouped by owner, sorted": (
        "group=hubspot_owner_id&sort=closedate&dealstage__is=Closed+won"
    ),
    "grouped, text": f"group=dealstage&{TWO_FILTERS}&description__contains=harbour",
    "grouped, searched": "group=dealstage&q=harbour",
    "grouped, searched, filtered": f"group=dealstage&q=harbour&{TWO_FILTERS}",
}
DEAL_PAGES = {
    "first": "",
    "two filters": TWO_FILTERS,
    "two wide filters": "amount__gt=10&dealstage__not=Lost",
    "any of two": "amount__gt=10&dealstage__is=Closed+won&match=any",
    "text": "description__contains=harbour",
    "relation, rare text": (
        f"{COMPANIES}__is=company+00007&description__contains=harbour+43"
    ),
    "sorted": "sort=-amount",
    "sorted by a choice": "sort=dealstage",
    "sorted by a relation": f"sort={COMPANIES}",
    "sorted, filtered": "sort=-closedate&amount__gt=10&dealstage__is=Closed+won",
    "relation": f"{COMPANIES}__contains=company+00007",
    "a day": f"closedate__is={DAY}",
    "before a day": f"closedate__before={EARLY}",
    "after a day": f"closedate__after={EARLY}",
    "between days": f"closedate__between={EARLY},{DAY}",
    "in the last days": "closedate__last=3650",
    "a day, sorted": f"closedate__is={DAY}&sort=-amount",
    "a day, filtered": f"closedate__is={DAY}&dealstage__is=Closed+won",
    "not a number": "amount__not=12",
    "less": "amount__lt=40",
    "between": "amount__between=10,50",
    "one of": "dealstage__in=Closed+won,Lost",
    "none of": "dealstage__not_in=Lost,Gone",
    "none of, lacking": "dealstage__not_in=Lost&description__not_contains=harbour+1",
    "lacking a relation": f"{COMPANIES}__not_contains=company+00007",
    "mine": "hubspot_owner_id__me=1",
    "empty": "amount__empty=1",
    "not empty": "closedate__filled=1",
    "searched, frequent": "q=harbour",
    "searched, rare": "q=deal+00077",
    "searched, filtered": "q=harbour&dealstage__is=Closed+won",
    "searched, two filters": f"q=harbour&{TWO_FILTERS}",
    "searched, sorted": f"q=harbour&sort=-amount&{TWO_FILTERS}",
    "searched for many words": "q=harbour+deal+12+company+7",
}
NOTING = ('UPDATE "django_session"', "SAVEPOINT", "RELEASE SAVEPOINT")
# They show more rows in the larger table, up to a page of them or to what is counted.
GROWING_PAGES = {
    "a number": "amount__is=12",
    "a day of a few": f"closedate__is={DAY}&amount__is=12",
    "in the next days": "closedate__next=3650",
    "starts with": "description__starts=harbour+12",
    "after most": f"closedate__after={DAY}",
}
COMPANY_PAGES = {
    "incoming": f"columns={INCOMING}",
    "sorted by incoming": f"columns={INCOMING}&sort=-{INCOMING}",
    "filtered by incoming": f"{INCOMING}__filled=1",
    "incoming by name": f"{INCOMING}__is=Deal+00077",
}


@pytest.fixture(autouse=True)
def small_bounds(monkeypatch):
    for module, name, value in (
        (indexes, "SMALL", 10 * MANY),
        (listing, "LOOKS", (120, 240)),
        (listing, "COUNT_LIMIT", 100),
        (listing, "SEVERAL_LIMIT", 60),
        (listing, "SMALL", 0),
        (selection, "FEW", 60),
        (counting, "COUNT_LIMIT", 60),
        (counting, "SMALL", 0),
        (counting, "SOME", 40),
        (counting, "ENOUGH", 10),
        (full_text, "FEW", 60),
        (incoming, "MOST_LOOKED", 60),
        (full_text, "STEPS", (60, 120)),
        (full_text, "ENOUGH", 10),
    ):
        monkeypatch.setattr(module, name, value)


@pytest.fixture
@kept
def deals(connection):
    connection.account = {"user_email": "cleo@example.com", "currency": "USD"}
    connection.save(update_fields=["account"])
    make_collection(connection, remote_id="companies", item_type="company")
    return make_collection(
        connection,
        remote_id="deals",
        name="Deals",
        item_type="deal",
        schema=SCHEMA,
        first_full_refresh_at=NOON,
    )


def fill(deals, first, last):
    """Store deals of these numbers, and the companies that they name."""
    companies = deals.connection.collections.get(remote_id="companies")
    put(companies, range(first // DEALS_OF_ONE, last // DEALS_OF_ONE), "company")
    put(deals, range(first, last), "deal")


def put(collection, numbers, kind):
    items = [
        IntegrationItem(
            id=f"{n}",
            type=kind,
            name=f"{kind.capitalize()} {n:05}",
            last_modified_time=NOON - timedelta(minutes=n),
            properties={
                "amount": f"{n % 97}",
                "dealstage": f"s{1 + n % 2}",
                "hubspot_owner_id": f"{41 + n % 2}",
                "closedate": (NOON + timedelta(hours=n)).isoformat(),
                "description": f"harbour {n}" if kind == "deal" and n % 3 else "none",
                COMPANIES: [f"{n // DEALS_OF_ONE}"],
            },
        )
        for n in numbers
    ]
    counts = store.store_page(collection, items, run_id=None, now=NOON)
    collection.stored_count += counts.live_delta
    collection.save(update_fields=["stored_count"])


def addresses(deals):
    companies = deals.connection.collections.get(remote_id="companies")
    found = {n: f"/collections/{deals.pk}/?{a}&size=25" for n, a in DEAL_PAGES.items()}
    for name, address in COMPANY_PAGES.items():
        found[name] = f"/collections/{companies.pk}/?{address}&size=25"
    return found


def deep(client, address):
    """Return the address of the fifth page of a table."""
    for _ in range(4):
        address = client.get(address).context["next_url"]
    return address


@pytest.fixture
@kept
def filled(deals):
    fill(deals, 0, FEW)
    return deals


@pytest.fixture
@kept
def pages(session_of_alice, filled):
    """Return the addresses of all kinds of pages, their indexes made."""
    client, deals = with_session(Client(), session_of_alice), filled
    found = addresses(deals)
    for address in found.values():
        client.get(address)
    assert not PropertyIndex.objects.exclude(state="ready").exists()
    found["deep"] = deep(client, found["first"])
    found["sorted, deep"] = deep(client, found["sorted"])
    found["as of"] = f"/collections/{deals.pk}/as-of/?at=2026-11-15T12:00"
    found["related"] = Item.objects.get(name="Company 00003").get_absolute_url()
    return found


def growing_pages(client, deals):
    """Return the addresses of pages that cost more in a larger table."""
    found = {}
    for name, address in (GROUPED_PAGES | GROWING_PAGES).items():
        found[name] = f"/collections/{deals.pk}/?{address}&size=25"
        client.get(found[name])
    return found


def test_no_query_of_a_page_reads_a_table_whole(as_alice, filled, pages):
    found = pages | growing_pages(as_alice, filled)
    # Not before there are indexes: of a table where PostgreSQL saw nothing but what was
    # rolled back by other tests, it would expect no rows, and read all of them.
    tell_statistics("own")
    whole, many = {}, {}
    for name, address in found.items():
        with CaptureQueriesContext(database) as queries:
            page = as_alice.get(address)
        assert page.status_code == 200
        told = [str(each["sql"]) for each in queries.captured_queries]
        # That it was searched for is noted once, in the session.
        asked = [sql for sql in told if not sql.startswith(NOTING)]
        if read := whole_reads(asked):
            whole[name] = read
        if len(asked) > MOST_QUERIES:
            many[name] = len(asked)

    assert whole == {}
    assert many == {}, many


def test_no_page_of_sorted_groups_asks_more_where_one_ends_and_the_next_begins(
    as_alice, deals
):
    fill(deals, 0, MANY)
    address = f"/collections/{deals.pk}/?{SORTED_GROUPS}&size=25"
    as_alice.get(address)
    many, pages = {}, 0

    while address:
        with CaptureQueriesContext(database) as queries:
            page = as_alice.get(address)
        told = [str(each["sql"]) for each in queries.captured_queries]
        asked = [sql for sql in told if not sql.startswith(NOTING)]
        pages += 1
        if len(asked) > MOST_QUERIES:
            many[pages] = len(asked)
        address = page.context["next_url"]

    assert pages > MOST_QUERIES
    assert many == {}


def test_what_names_items_is_found_without_a_look_at_all_links(filled):
    tell_statistics("own")
    companies = filled.connection.collections.get(remote_id="companies")
    items = list(Item.objects.filter(collection=companies)[:25])
    columns = [columns_of(companies).get(INCOMING)]

    with CaptureQueriesContext(database) as queries:
        for is_exact in (False, True):
            incoming.load(items, columns, is_exact=is_exact)

    assert whole_reads(str(each["sql"]) for each in queries) == []


@pytest.mark.skipif(database.vendor != "sqlite", reason="it counts SQLite's steps")
def test_a_page_costs_no_more_in_a_larger_table(as_alice, filled, pages):
    most, many = {}, {}
    for told in ("own", "sampled"):
        tell_statistics(told)
        for name, page in pages.items():
            # What is noted once in a while was noted at the first look.
            most[told, name] = _steps_of_one(as_alice, page) * SPREAD
    fill(filled, FEW, MANY)

    for told in ("own", "sampled"):
        tell_statistics(told)
        for name, page in pages.items():
            many[told, name] = steps(as_alice, page, most[told, name])

    grown = {n: (most[n], many[n]) for n in most if many[n] > most[n]}
    assert grown == {}


def steps(client, address, enough=0):
    """Return how many steps SQLite takes for a page.

    Of two looks the cheaper counts: some note what is noted once in a while. Where the
    first takes no more than ``enough``, one will do.
    """
    first = _steps_of_one(client, address)
    return first if first <= enough else min(first, _steps_of_one(client, address))


def _steps_of_one(client, address):
    counted = []
    database.connection.set_progress_handler(lambda: counted.append(1) and None, 20)
    page = client.get(address)
    database.connection.set_progress_handler(None, 20)
    assert page.status_code == 200
    return len(counted)


@pytest.mark.skipif(database.vendor != "sqlite", reason="it counts SQLite's steps")
def test_a_company_of_many_deals_costs_no_more_than_is_looked_at(as_alice, deals):
    address = f"/collections/{make_large(deals, 200).pk}/?columns={INCOMING}"
    few = steps(as_alice, address)
    make_large(deals, 1000)

    page = as_alice.get(address)
    many = steps(as_alice, address, few * SPREAD)

    cell = next(r.cells[0][1] for r in page.context["rows"] if r.item.name == "Large")
    assert (cell.more, cell.has_more) == (57, True)
    assert many <= few * SPREAD


def make_large(deals, count):
    """Store so many deals of one company; return the companies."""
    companies = deals.connection.collections.get(remote_id="companies")
    company = IntegrationItem(id="L", type="company", name="Large")
    store.store_page(companies, [company], run_id=None, now=NOON)
    told = [
        IntegrationItem(
            id=f"L{n}", type="deal", name=f"Of it {n}", properties={COMPANIES: ["L"]}
        )
        for n in range(count)
    ]
    store.store_page(deals, told, run_id=None, now=NOON)
    return companies
