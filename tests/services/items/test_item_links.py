"""Links between items: told by both sides, renewed with their item, gone with it."""

import pytest
from django.contrib.auth.models import User

from integrations.models import Collection, ItemLink, SearchState
from integrations.providers import CONNECTORS
from integrations.providers.records import IntegrationItem
from integrations.services.items.relations.groups import find_groups
from integrations.services.items.search import reindex
from integrations.services.items.storage import store
from tests.support.rows import NOON, make_collection, make_connection, make_item


@pytest.fixture
def deals(alice: User) -> Collection:
    connection = make_connection(alice)
    return make_collection(
        connection, remote_id="deals", name="Deals", item_type="deal"
    )


def store_deal(deals, *companies, contacts=(), parent=None):
    properties = {
        "associations.companies": list(companies),
        "associations.contacts": list(contacts),
    }
    item = IntegrationItem(
        id="7", type="deal", name="Deal", parent_id=parent, properties=properties
    )
    store.store_page(deals, [item], run_id=None, now=NOON)


def links():
    rows = ItemLink.objects.order_by("target_collection", "target_remote_id")
    return list(rows.values_list("target_collection", "target_remote_id", "is_primary"))


def test_links_are_stored_with_their_item_and_the_primary_one_is_marked(deals):
    store_deal(deals, "1", "2", contacts=("9",), parent="2")

    assert links() == [
        ("companies", "1", False),
        ("companies", "2", True),
        ("contacts", "9", False),
    ]


def test_links_know_the_collection_of_their_item(deals):
    store_deal(deals, "1", parent="2")
    store_deal(deals, "1", "2", contacts=("9",))

    assert set(ItemLink.objects.values_list("collection", flat=True)) == {deals.pk}


def test_only_what_differs_is_written_again(deals):
    store_deal(deals, "1", "2", parent="2")
    kept = dict(ItemLink.objects.values_list("target_remote_id", "pk"))

    store_deal(deals, "2", "3", parent="3")

    assert links() == [("companies", "2", False), ("companies", "3", True)]
    assert ItemLink.objects.get(target_remote_id="2").pk == kept["2"]


def test_links_are_deleted_with_their_items_in_the_same_batches(deals):
    store_deal(deals, "1", "2")
    assert links()

    store.delete_some({"connection": deals.connection})

    assert links() == []


def test_a_mistake_in_a_connector_costs_neither_items_nor_links(deals, monkeypatch):
    store_deal(deals, "1")

    def fail(*_args, **_more):
        raise ZeroDivisionError

    monkeypatch.setattr(CONNECTORS["hubspot"], "links", fail)
    store_deal(deals, "2")

    assert deals.items.get().properties["associations.companies"] == ["2"]
    assert links() == [("companies", "1", False)]


def test_links_of_what_was_stored_before_are_read_in_the_background(deals):
    item = make_item(deals, properties={"associations.companies": ["1"]})
    SearchState.objects.update(indexed_with="2:older")

    reindex.run_slice()
    reindex.run_slice()

    assert list(ItemLink.objects.values_list("item", "target_remote_id")) == [
        (item.pk, "1")
    ]
    assert not reindex.outdated().exists()


def test_relations_come_in_the_order_of_their_labels_however_they_are_written(
    alice: User,
):
    held = make_collection(make_connection(alice, provider="notion"), remote_id="tasks")
    names = {"a": "Zebras", "B": "apples", "c": "Bears"}
    held.schema = {"fields": [{"name": n, "label": told} for n, told in names.items()]}
    item = make_item(held, remote_id="1")
    for name in names:
        ItemLink.objects.create(
            item=item,
            connection=held.connection,
            relation=name,
            target_collection="tasks",
            target_remote_id="1",
        )

    shown = [each.label for each in find_groups(item) if not each.is_incoming]

    assert shown == ["apples", "Bears", "Zebras"]
