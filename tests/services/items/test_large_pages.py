"""However many rows come at once, each is stored, linked, found and sorted."""

import pytest
from django.contrib.auth.models import User

from integrations.models import Collection, Item, ItemLink, PropertyIndex, PropertyValue
from integrations.providers.records import IntegrationItem
from integrations.services.common.database.row_writes import (
    MOST_CHARACTERS,
    MOST_ROWS,
    parts_of,
)
from integrations.services.items.search import full_text
from integrations.services.items.search.search_query import SearchQuery
from integrations.services.items.storage import store
from tests.support.rows import NOON, make_collection, make_connection

MANY = 2 * MOST_ROWS + 1


@pytest.fixture
def deals(alice: User) -> Collection:
    deals = make_collection(
        make_connection(alice), remote_id="deals", name="Deals", item_type="deal"
    )
    deals.schema = {"fields": [{"name": "amount", "label": "Amount", "kind": "number"}]}
    deals.save()
    PropertyIndex.objects.create(
        collection=deals, name="amount", family="number", state="ready"
    )
    return deals


def show(deals: Collection, word: str, *, more: int = 0) -> store.PageCounts:
    """Store a page of deals, each with a word and an amount of its own."""
    items = [
        IntegrationItem(
            id=str(number),
            type="deal",
            name=f"It's {word}{number} 100% \\ %s",
            properties={
                "amount": str(number + more),
                "associations.companies": [f"9{number}"],
            },
        )
        for number in range(MANY)
    ]
    return store.store_page(deals, items, run_id=None, now=NOON)


def found(deals: Collection, text: str) -> list[str]:
    condition = SearchQuery.parse(text, owner_id=deals.connection.owner_id).condition
    keys = full_text.ask_index(condition).keys
    return list(Item.objects.filter(pk__in=keys).values_list("remote_id", flat=True))


def test_new_rows_are_written_with_all_that_hangs_on_them(deals: Collection) -> None:
    counts = show(deals, "plan")

    last = str(MANY - 1)
    assert (counts.created, len(set(counts.seen_keys))) == (MANY, MANY)
    names = dict(Item.objects.values_list("remote_id", "name"))
    assert names[last] == f"It's plan{last} 100% \\ %s"
    assert ItemLink.objects.count() == MANY
    assert found(deals, f"plan{last}") == [last]
    values = PropertyValue.objects.filter(index__name="amount")
    assert sorted(values.values_list("number", flat=True)) == list(range(MANY))


def test_changed_rows_are_found_by_what_they_are_now(deals: Collection) -> None:
    show(deals, "plan")
    keys = dict(Item.objects.values_list("remote_id", "pk"))

    counts = show(deals, "goal", more=1)

    assert counts.changed == MANY
    assert dict(Item.objects.values_list("remote_id", "pk")) == keys
    assert found(deals, "plan7") == []
    assert found(deals, f"goal{MANY - 1} {MANY}") == [str(MANY - 1)]
    values = PropertyValue.objects.filter(index__name="amount")
    assert sorted(values.values_list("number", flat=True)) == list(range(1, MANY + 1))


def test_rows_of_a_statement_are_bounded_in_number_and_in_size() -> None:
    long = "x" * (MOST_CHARACTERS // 2)
    rows = [(1, long), (2, long), (3, "y"), (4, long * 3), (5, None)]
    few = [(number, "z") for number in range(MANY)]

    assert [[row[0] for row in part] for part in parts_of(rows)] == [
        [1, 2],
        [3],
        [4],
        [5],
    ]
    assert [len(part) for part in parts_of(few)] == [MOST_ROWS, MOST_ROWS, 1]
    assert list(parts_of([])) == []
