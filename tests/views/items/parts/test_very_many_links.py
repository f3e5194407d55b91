"""Where very many items name one, its page is what it is where all are put in order."""

from datetime import timedelta

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from integrations.models import ItemLink
from integrations.providers.records import IntegrationItem
from integrations.services.items.relations import around, first_links, groups
from integrations.services.items.storage import store
from integrations.services.items.tables import selection
from tests.support.pages.kept_rows import kept
from tests.support.plans import STATISTICS, tell_statistics, whole_reads
from tests.support.rows import NOON, make_collection
from tests.views.items.parts.test_related_tables import company, deals, store_deals

__all__ = ["company", "deals"]

MOST, FEW, LOOKS = 10, 12, 40
RELATION = "associations.companies"


@pytest.fixture
@kept
def contacts(connection):
    return make_collection(
        connection, remote_id="contacts", name="Contacts", item_type="contact"
    )


@pytest.fixture(autouse=True)
def few(monkeypatch):
    """Take some dozens for very many."""
    for module in (around, groups):
        monkeypatch.setattr(module, "MOST_LINKS", MOST)
    monkeypatch.setattr(first_links, "FEW", FEW)
    monkeypatch.setattr(first_links, "LOOKS", LOOKS)


def store_contacts(contacts, naming, others=0, *, is_latest=True):
    """Store contacts that name the company, and others that changed before or after."""
    numbers = range(naming + others)
    first = range(naming) if is_latest else range(others, naming + others)
    items = [
        IntegrationItem(
            id=f"p{n}",
            type="contact",
            name=f"Contact {n}",
            last_modified_time=NOON - timedelta(minutes=n // 3),
            properties={RELATION: ["1"] if n in first else []},
        )
        for n in numbers
    ]
    store.store_page(contacts, items, run_id=None, now=NOON)


def shown(client, item):
    """Return the tables of an item's page as users read them."""
    tables = client.get(item.get_absolute_url()).context["tables"]
    return [
        {
            **{name: table[name] for name in ("label", "count", "sums", "url")},
            "rows": [row["item"].name for row in table["rows"]],
            "cells": [[c and c["html"] for c in row["cells"]] for row in table["rows"]],
        }
        for table in tables
    ]


def shown_in_order(client, item, monkeypatch):
    """Return the same where all links are put in their order."""
    with monkeypatch.context() as patch:
        patch.setattr(first_links, "FEW", 10_000)
        return shown(client, item)


def test_the_latest_are_shown_beside_a_small_table_with_its_sum(
    as_alice, company, contacts, deals, monkeypatch
):
    store_contacts(contacts, 60)
    store_deals(deals, 3, currencies=("USD",))

    tables = shown(as_alice, company)

    of_contacts, of_deals = tables
    assert of_contacts["count"] == f"more than {MOST}"
    # Of equal times those that were stored last, as in the table of all.
    assert of_contacts["rows"] == [f"Contact {n}" for n in (2, 1, 0, 5, 4)]
    assert (of_deals["count"], of_deals["sums"]) == ("3", ["300.30 USD"])
    assert tables == shown_in_order(as_alice, company, monkeypatch)
    page = as_alice.get(of_contacts["url"])
    assert [r.item.name for r in page.context["rows"]][:5] == of_contacts["rows"]


@pytest.mark.parametrize(
    ("change", "left"),
    [("old", 60), ("deleted", 3), ("deleted", 7), ("unknown", 60), ("old unknown", 60)],
)
def test_they_are_the_latest_whatever_the_others_are(
    as_alice, company, contacts, deals, monkeypatch, change, left
):
    store_contacts(contacts, 60, 2 * LOOKS, is_latest="old" not in change)
    store_deals(deals, 20)
    named = contacts.items.filter(links__isnull=False).order_by("pk")
    keys = list(named.values_list("pk", flat=True))
    gone = contacts.items.filter(pk__in=keys[left:])
    gone.update(deleted_at=NOON, deleted_kind="archived")
    if "unknown" in change:
        contacts.items.filter(pk__in=keys[:-2]).update(remote_updated_at=None)

    tables = shown(as_alice, company)

    assert tables == shown_in_order(as_alice, company, monkeypatch)
    of_contacts = tables[0]
    assert of_contacts["count"] == (f"more than {MOST}" if left > MOST else f"{left}")
    assert len(of_contacts["rows"]) == min(left, 5)


@pytest.mark.parametrize("written", [30, 57])
def test_links_that_a_release_before_has_written_are_shown(
    as_alice, company, contacts, deals, monkeypatch, written
):
    monkeypatch.setattr(selection, "FEW", FEW)
    store_contacts(contacts, 60)
    store_deals(deals, 7)
    latest = contacts.items.order_by("pk")[:written]
    ItemLink.objects.filter(item__in=list(latest)).update(collection=None)

    tables = shown(as_alice, company)

    assert tables == shown_in_order(as_alice, company, monkeypatch)
    page = as_alice.get(tables[0]["url"])
    assert page.context["count_text"].startswith("60 of")
    assert len(as_alice.get(tables[1]["url"]).context["rows"]) == 7


def test_an_id_that_others_have_elsewhere_is_another_item(
    as_alice, company, contacts, monkeypatch
):
    """What leads to a deal of the same id is not among what leads to the company."""
    store_contacts(contacts, 60)
    others = contacts.items.order_by("pk")[:30]
    ItemLink.objects.filter(item__in=list(others)).update(target_collection="deals")

    [table] = shown(as_alice, company)

    assert table["rows"] == [f"Contact {n}" for n in (32, 31, 30, 35, 34)]
    assert [table] == shown_in_order(as_alice, company, monkeypatch)


@pytest.mark.parametrize("few_rows", [1000, 12])
def test_all_of_them_are_the_rows_of_their_table(
    as_alice, company, contacts, deals, monkeypatch, few_rows
):
    """Deals name the company by the same relation."""
    monkeypatch.setattr(selection, "FEW", few_rows)
    store_contacts(contacts, 70, 30, is_latest=False)
    store_deals(deals, 20)
    gone = contacts.items.filter(remote_id__in=["p40", "p41"])
    gone.update(deleted_at=NOON, deleted_kind="archived")
    url = shown(as_alice, company)[0]["url"]
    names = []

    page = as_alice.get(url)
    assert page.context["count_text"].startswith("68 of")
    while True:
        names += [row.item.name for row in page.context["rows"]]
        if not page.context["next_url"]:
            break
        page = as_alice.get(page.context["next_url"])

    assert len(names) == 68
    assert set(names) == {f"Contact {n}" for n in range(30, 100)} - {
        "Contact 40",
        "Contact 41",
    }


@pytest.mark.parametrize("statistics", STATISTICS)
def test_few_questions_are_asked_and_none_reads_all(
    as_alice, company, contacts, deals, statistics
):
    store_contacts(contacts, 60, 300, is_latest=False)
    store_deals(deals, 20)
    store_deals_of_others(deals, 300)
    as_alice.get(company.get_absolute_url())
    tell_statistics(statistics)

    with CaptureQueriesContext(database) as queries:
        page = as_alice.get(company.get_absolute_url())

    assert len(page.context["tables"]) == 2
    assert len(queries) <= 12
    assert whole_reads(str(each["sql"]) for each in queries) == []


def store_deals_of_others(deals, number):
    items = [
        IntegrationItem(id=f"o{n}", type="deal", name=f"Other {n}")
        for n in range(number)
    ]
    store.store_page(deals, items, run_id=None, now=NOON)


@pytest.mark.skipif(database.vendor != "sqlite", reason="it counts SQLite's steps")
def test_very_many_are_counted_and_not_put_in_order(company, contacts):
    store_contacts(contacts, 1000)

    assert 3 * steps_of(company, shown=5) < steps_of(company, shown=None)


def steps_of(company, *, shown):
    """Return how many steps SQLite takes for what is around an item."""
    counted = []
    database.connection.set_progress_handler(lambda: counted.append(1) and None, 20)
    found = around.look_around(company, shown=shown)
    database.connection.set_progress_handler(None, 20)
    assert len(found.incoming) == MOST + 1
    return len(counted)
