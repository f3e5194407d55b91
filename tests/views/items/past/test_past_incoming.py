"""What others linked to an item is part of its past: on its page, and in its table."""

import re
from datetime import timedelta

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from integrations.models import Item
from integrations.providers.kinds import Deletion, DeletionKind
from integrations.providers.records import IntegrationItem
from integrations.services.items.past import incoming
from integrations.services.items.storage import store
from tests.support.plans import STATISTICS, tell_statistics, whole_reads
from tests.support.rows import NOON
from tests.views.items.tables.test_relation_columns import COMPANIES, make

HOUR = timedelta(hours=1)
THEN, NOW = NOON + HOUR, NOON + 8 * HOUR


def put(deals, at, **named):
    """Store deals by their ids, each with the companies that it names."""
    items = [
        IntegrationItem(
            id=key, type="deal", name=f"Deal {key}", properties={COMPANIES: companies}
        )
        for key, companies in named.items()
    ]
    store.store_page(deals, items, run_id=None, now=at)


@pytest.fixture
def deals(connection, time_machine):
    """Return deals that came to a company, left it, stayed, went, and are new."""
    time_machine.move_to(NOW, tick=False)
    make(connection, "companies", "company", [("1", "Zeta", {}), ("2", "Yota", {})])
    made = make(connection, "deals", "deal", [])
    put(made, NOON, left=["1"], came=["2"], stayed=["1"], gone=["1"], none=[])
    put(made, NOON + 2 * HOUR, left=["2"], came=["1", "2"])
    gone = {made.items.get(remote_id="gone").pk: Deletion(kind=DeletionKind.DELETED)}
    store.soft_delete(made, gone, run_id=None, now=NOON + 3 * HOUR)
    put(made, NOON + 4 * HOUR, new=["1"])
    # Known only after the first full read of all.
    Item.objects.update(first_seen_at=NOON)
    came = NOON + 4 * HOUR
    Item.objects.filter(remote_id="new").update(first_seen_at=came, new_at=came)
    return made


def ask(client, name, at=THEN):
    item = Item.objects.get(name=name)
    path = reverse("integrations:item-as-of", args=(item.uuid,))
    return client.get(path, {"at": at.isoformat()})


def linked(page):
    """Return the ids of what named the item then, and of what does now."""
    (row,) = page.context["linked_rows"]
    return [{each.remote_id for each in row[side]["items"]} for side in ("then", "now")]


def codes(page):
    return set(re.findall(r'data-code="(\w+)"', page.content.decode()))


@pytest.mark.parametrize(
    ("name", "hours", "expected"),
    [
        ("Zeta", 1, {"left", "stayed", "gone"}),
        ("Zeta", 2.5, {"came", "stayed", "gone"}),
        ("Zeta", 3.5, {"came", "stayed"}),
        ("Zeta", 5, {"came", "stayed", "new"}),
        ("Yota", 1, {"came"}),
        ("Yota", 5, {"left", "came"}),
    ],
)
def test_a_company_as_it_was_has_the_deals_of_then(
    as_alice, deals, name, hours, expected
):
    page = ask(as_alice, name, NOON + hours * HOUR)

    now = {"Zeta": {"came", "stayed", "new"}, "Yota": {"left", "came"}}[name]
    assert linked(page) == [expected, now]
    (row,) = page.context["linked_rows"]
    assert (row["label"], row["differs"]) == ("Deals", expected != now)
    assert not codes(page) & {"links_partial", "links_first_read"}
    gone = Item.objects.get(remote_id="gone")
    leads = f"{gone.get_absolute_url()}as-of/?at=" in page.content.decode()
    assert leads is ("gone" in expected)


def test_what_was_first_read_later_is_said_as_it_may_have_been_linked(as_alice, deals):
    Item.objects.filter(remote_id="new").update(new_at=None)

    page = ask(as_alice, "Zeta")

    assert linked(page)[0] == {"left", "stayed", "gone"}
    assert "links_first_read" in codes(page)


@pytest.mark.parametrize("bound", ["MOST_OF_ONE", "MOST_CHANGES", "MOST_UNDONE"])
def test_where_a_bound_cuts_the_page_says_so(as_alice, deals, monkeypatch, bound):
    monkeypatch.setattr(incoming, bound, 1)

    assert "links_partial" in codes(ask(as_alice, "Zeta"))


def test_a_value_of_which_the_history_holds_the_beginning_is_said(as_alice, deals):
    many = [f"{n}" for n in range(500)]
    put(deals, NOON, many=many)
    put(deals, NOON + 2 * HOUR, many=["2"])

    assert "links_partial" in codes(ask(as_alice, "Zeta"))


def test_a_past_table_keeps_the_columns_of_what_linked_to_its_rows(as_alice, deals):
    companies = Item.objects.get(name="Zeta").collection
    told = {"at": THEN.isoformat(), "columns": f"deals.{COMPANIES}"}

    page = as_alice.get(f"/collections/{companies.pk}/as-of/", told)

    (column,) = page.context["columns"]
    assert column.id == f"deals.{COMPANIES}"
    cells = {row.item.name: row.cells[0][1] for row in page.context["rows"]}
    names = {n: {i.name for i in c.value.items} for n, c in cells.items()}
    assert names == {"Zeta": {"Deal left", "Deal stayed"}, "Yota": {"Deal came"}}
    # One of them is deleted now.
    assert {name: cell.more for name, cell in cells.items()} == {"Zeta": 1, "Yota": 0}


def test_an_items_past_asks_few_questions(as_alice, deals):
    for n in range(40):
        put(deals, NOON, **{f"x{n}": ["1"]})
    ask(as_alice, "Zeta")

    with CaptureQueriesContext(database) as queries:
        ask(as_alice, "Zeta")

    assert len(queries) - 1 <= 12


def test_a_sorted_past_table_asks_as_many_questions_for_more_rows(as_alice, deals):
    companies = Item.objects.get(name="Zeta").collection
    column = f"deals.{COMPANIES}"
    told = {"at": THEN.isoformat(), "columns": column, "sort": "item.name"}
    asked = []

    for name in ("Xi", "Chi", "Rho"):
        page = as_alice.get(f"/collections/{companies.pk}/as-of/", told)
        with CaptureQueriesContext(database) as queries:
            as_alice.get(f"/collections/{companies.pk}/as-of/", told)
        asked.append((len(page.context["rows"]), len(queries)))
        item = IntegrationItem(id=name, type="company", name=name)
        store.store_page(companies, [item], run_id=None, now=NOON)
        Item.objects.filter(name=name).update(first_seen_at=NOON)

    assert [rows for rows, _ in asked] == [2, 3, 4]
    assert len({count for _, count in asked}) == 1


@pytest.mark.parametrize("statistics", STATISTICS)
def test_no_large_table_is_read_whole_for_what_linked(deals, statistics):
    for n in range(300):
        put(deals, NOON, **{f"x{n}": ["2"]})
    tell_statistics(statistics)
    items = list(
        Item.objects.filter(collection__remote_id="companies").select_related(
            "collection__connection"
        )
    )

    with CaptureQueriesContext(database) as queries:
        incoming.find_incoming(items, THEN)

    assert whole_reads(str(each["sql"]) for each in queries) == []
