"""Totals that are kept are those of the rows there are, whoever wrote them."""

from collections import Counter, defaultdict
from decimal import Decimal

import pytest
from django.db import connection as database
from django.db import transaction
from django.test.utils import CaptureQueriesContext

from integrations.models import Item, OwnColumn, PropertyIndex
from integrations.providers.kinds import Deletion, DeletionKind
from integrations.providers.records import IntegrationItem
from integrations.services.connections import selection
from integrations.services.items.own_columns import store as own_columns
from integrations.services.items.own_columns.values import set_values
from integrations.services.items.storage import store
from integrations.services.items.tables import kept_totals
from integrations.services.items.tables.columns.columns import Family, columns_of
from integrations.services.items.tables.indexing import indexes
from tests.support.pages.kept_rows import kept
from tests.support.rows import NOON, make_collection
from tests.views.items.tables.test_table import SCHEMA, STAGES

pytestmark = pytest.mark.django_db(transaction=True)
JOINED = "FILTER (WHERE"
ON_SQLITE = pytest.mark.skipif(
    database.vendor != "sqlite", reason="elsewhere nothing is kept"
)


@pytest.fixture(autouse=True)
def nothing_kept():
    kept_totals.forget()
    yield
    kept_totals.forget()


@pytest.fixture
@kept
def deals(connection):
    connection.account = {"user_email": "cleo@example.com", "currency": "USD"}
    connection.save(update_fields=["account"])
    made = make_collection(
        connection,
        remote_id="deals",
        item_type="deal",
        schema=SCHEMA,
        first_full_refresh_at=NOON,
    )
    sync(made, *(deal(n, amount=100 + n, stage=f"s{1 + n % 2}") for n in range(6)))
    return made


def deal(number, *, amount, stage, currency="USD"):
    return IntegrationItem(
        id=f"{number}",
        type="deal",
        name=f"Deal {number}",
        properties={
            "amount": f"{amount}",
            "dealstage": stage,
            "hubspot_owner_id": f"{41 + number % 2}",
            "deal_currency_code": currency,
        },
    )


def sync(collection, *items):
    with transaction.atomic():
        store.store_page(collection, items, run_id=None, now=NOON)


def delete(collection, remote_id, kind, detail=""):
    keys = collection.items.filter(remote_id=remote_id).values_list("pk", flat=True)
    told = dict.fromkeys(keys, Deletion(kind=kind, detail=detail))
    with transaction.atomic():
        store.soft_delete(collection, told, run_id=None, now=NOON)


def deselect(collection):
    type(collection).objects.filter(pk=collection.pk).update(
        is_selected=False, stored_count=collection.items.live().count()
    )
    selection.soft_delete_deselected(collection.connection)


WRITES = {
    "a new one": lambda c: sync(c, deal(7, amount=7, stage="s1")),
    "another amount": lambda c: sync(c, deal(1, amount=5000, stage="s2")),
    "another currency": lambda c: sync(
        c, deal(1, amount=101, stage="s2", currency="EUR")
    ),
    "another stage": lambda c: sync(c, deal(1, amount=101, stage="s1")),
    "two that change places": lambda c: sync(
        c, deal(0, amount=100, stage="s2"), deal(1, amount=101, stage="s1")
    ),
    "deleted": lambda c: delete(c, "1", DeletionKind.DELETED),
    "archived": lambda c: delete(c, "1", DeletionKind.ARCHIVED),
    "merged": lambda c: delete(c, "1", DeletionKind.MERGED, "3"),
    "hidden": deselect,
    "deleted and back": lambda c: (
        delete(c, "1", DeletionKind.DELETED),
        sync(c, deal(1, amount=9, stage="s1")),
    ),
    "taken out of the database": lambda c: c.items.get(remote_id="1").delete(),
    "indexed again": lambda c: PropertyIndex.objects.filter(collection=c).delete(),
}
ADDRESSES = ("?group=dealstage", "?group=dealstage&hubspot_owner_id__is=Dan+Day")


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("what", WRITES)
def test_totals_are_those_of_the_rows_after_a_write(as_alice, deals, what, address):
    shown(as_alice, deals, address)
    was = shown(as_alice, deals, address)
    assert was == expected(deals, address)

    WRITES[what](deals)

    assert shown(as_alice, deals, address) == expected(deals, address)


@ON_SQLITE
@pytest.mark.parametrize("address", ADDRESSES)
def test_totals_are_not_summed_up_again_while_no_row_changes(as_alice, deals, address):
    first = shown(as_alice, deals, address)

    with CaptureQueriesContext(database) as queries:
        again = shown(as_alice, deals, address)

    assert again == first
    assert not [q for q in queries.captured_queries if JOINED in q["sql"]]


@ON_SQLITE
@pytest.mark.parametrize(("most", "is_asked"), [(0, True), (100, False)])
def test_rows_of_other_indexes_are_told_from_those_of_a_page(
    as_alice, deals, monkeypatch, most, is_asked
):
    monkeypatch.setattr(kept_totals, "MOST_NEW", most)
    first = shown(as_alice, deals)
    other = PropertyIndex.objects.create(collection=deals, name="x", family="text")
    other.values.create(item=deals.items.first(), text="new")

    with CaptureQueriesContext(database) as queries:
        again = shown(as_alice, deals)

    asked = [q for q in queries.captured_queries if JOINED in q["sql"]]
    assert again == first
    assert bool(asked) is is_asked


@ON_SQLITE
def test_a_row_that_comes_for_one_that_goes_is_no_rows_of_before(deals):
    indexes.prepare(deals, [columns_of(deals).by_id["dealstage"]])
    index = PropertyIndex.objects.get(collection=deals)
    asked = []

    def ask():
        kept_totals.ask("same", (), [index], lambda *_: asked.append(1) or [(1,)])

    ask()
    for row in (index.values.first(), index.values.last()):
        row.delete()
        index.values.create(item=row.item, text="other")
        ask()
    ask()

    assert len(asked) == 3


def test_a_write_that_is_rolled_back_leaves_totals_as_they_were(as_alice, deals):
    was = shown(as_alice, deals)
    with transaction.atomic():
        store.store_page(deals, [deal(1, amount=9, stage="s1")], run_id=None, now=NOON)
        inside = shown(as_alice, deals)
        transaction.set_rollback(True)

    assert inside != was
    assert shown(as_alice, deals) == was
    # It takes the keys that those that were rolled back had.
    sync(deals, deal(1, amount=70, stage="s2"))
    assert shown(as_alice, deals) == expected(deals)


@ON_SQLITE
def test_what_is_summed_up_while_somebody_writes_is_not_kept_for_later(deals):
    indexes.prepare(deals, [columns_of(deals).by_id["dealstage"]])
    index = PropertyIndex.objects.get(collection=deals)
    asked = []

    def fetch(_sql, _parameters):
        found = index.values.count()
        asked.append(found)
        if len(asked) == 1:
            sync(deals, deal(7, amount=7, stage="s1"))
        return [(found,)]

    first = kept_totals.ask("same", (), [index], fetch)
    second = kept_totals.ask("same", (), [index], fetch)

    assert (first, second) == ([(6,)], [(7,)])
    assert kept_totals.ask("same", (), [index], fetch) == second
    assert len(asked) == 2


def test_groups_of_a_column_of_ones_own_follow_its_values_and_names(as_alice, deals):
    column = OwnColumn.objects.create(
        owner=deals.connection.owner,
        provider=deals.connection.provider,
        account_id=deals.connection.remote_id,
        collection_id=deals.remote_id,
        name="Mine",
        kind="choice",
        options=["Hot", "Cold"],
    )
    address = f"?group={column.column_id}"
    item = deals.items.get(remote_id="1")
    counts(as_alice, deals, address)

    set_values(item, deals, {column: "Hot"})
    hot = counts(as_alice, deals, address)
    set_values(item, deals, {column: "Cold"})
    cold = counts(as_alice, deals, address)
    swap = {"Hot": "Cold", "Cold": "Hot"}
    own_columns.change(column, name="Mine", options=swap, added=())
    swapped = counts(as_alice, deals, address)

    assert hot == {"Hot": 1, "Without Mine": 5}
    assert cold == {"Cold": 1, "Without Mine": 5}
    assert swapped == {"Hot": 1, "Without Mine": 5}


def test_of_a_column_of_ones_own_nothing_is_kept_as_choices_are_renamed_there(deals):
    index = PropertyIndex.objects.create(collection=deals, name="own.1", family="x")
    asked = []

    for text in ("hot", "cold"):
        index.values.update(text=text)
        kept_totals.ask("same", (), [index], lambda *_: asked.append(1) or [(1,)])

    assert len(asked) == 2


@ON_SQLITE
@pytest.mark.parametrize(("family", "is_kept"), [("choice", True), ("relation", False)])
def test_of_names_of_linked_items_nothing_is_kept(deals, family, is_kept):
    index = PropertyIndex(pk=1, name="company", family=Family(family))
    answers = iter([[("before",)], [("after",)]])

    for _ in range(2):
        told = kept_totals.ask("SELECT 1", (), [index], lambda *_: next(answers))

    assert (told == [("before",)]) is is_kept


@ON_SQLITE
def test_no_more_is_kept_than_is_said(deals, monkeypatch):
    monkeypatch.setattr(kept_totals, "MOST_KEPT", 2)
    indexes.prepare(deals, [columns_of(deals).by_id["dealstage"]])
    index = PropertyIndex.objects.get(collection=deals)
    many = [(n,) for n in range(kept_totals.MOST_ROWS + 1)]

    for sql in ("one", "two", "three"):
        kept_totals.ask(sql, (), [index], lambda *_: [(1,)])
    asked = []
    for sql in ("three", "one"):
        kept_totals.ask(sql, (), [index], lambda sql, _: asked.append(sql) or many)
    kept_totals.ask("one", (), [index], lambda sql, _: asked.append(sql) or many)

    assert asked == ["one", "one"]


def shown(client, collection, address="?group=dealstage"):
    """Return count and sums of each group, as the page writes them."""
    page = client.get(f"/collections/{collection.pk}/{address}")
    assert page.status_code == 200
    return {
        row["label"]: (row["count"], sorted(row["sums"][0]))
        for row in page.context["group_rows"]
    }


def counts(client, collection, address):
    page = client.get(f"/collections/{collection.pk}/{address}")
    return {row["label"]: row["count"] for row in page.context["group_rows"]}


def expected(collection, address="?group=dealstage"):
    """Return the same, counted one by one among the items that are there."""
    count, sums = Counter(), defaultdict(Decimal)
    for item in Item.objects.live().filter(collection=collection):
        told = item.properties
        if "hubspot_owner_id" in address and told["hubspot_owner_id"] != "42":
            continue
        stage = STAGES[told["dealstage"]]
        count[stage] += 1
        sums[stage, told["deal_currency_code"]] += Decimal(told["amount"])
    return {
        stage: (
            number,
            sorted(f"{s:,} {c}" for (at, c), s in sums.items() if at == stage),
        )
        for stage, number in count.items()
    }
