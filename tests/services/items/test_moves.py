"""An item that turns up in another collection of its account is the same item."""

from datetime import timedelta

import pytest

from integrations.models import Item, ItemChange, ItemLink
from integrations.providers.records import IntegrationItem
from integrations.services.items.storage import moves, store
from tests.support import lock_order
from tests.support.rows import NOON, make_collection, make_connection, make_item

LATER = NOON + timedelta(hours=1)


@pytest.fixture
def pages(alice):
    return make_collection(
        make_connection(alice, provider="notion"),
        remote_id="pages",
        name="Pages",
        item_type="page",
    )


@pytest.fixture
def rows(pages):
    return make_collection(
        pages.connection, remote_id="src", name="Tasks", item_type="page"
    )


def show(collection, *ids, name="Plan"):
    items = [IntegrationItem(id=each, type="page", name=name) for each in ids]
    return store.store_page(collection, items, run_id=None, now=LATER)


def test_it_keeps_its_row_its_first_day_and_its_history(pages, rows):
    item = make_item(pages, name="Plan", remote_id="p1")
    ItemChange.objects.create(item=item, at=NOON, kind="changed", fields={})

    counts = show(rows, "p1")

    moved = Item.objects.get()
    assert (moved.pk, moved.uuid) == (item.pk, item.uuid)
    assert (moved.collection, moved.first_seen_at) == (rows, NOON)
    assert not moved.is_deleted
    change = moved.changes.first()
    assert (change.kind, change.fields["collection"]) == ("changed", ["Pages", "Tasks"])
    assert moved.changes.count() == 2
    pages.refresh_from_db()
    assert (counts.created, counts.live_delta, pages.stored_count) == (0, 1, 0)
    assert counts.seen_keys == (item.pk,)


def test_its_links_are_in_its_collection(pages, rows):
    item = make_item(pages, name="Plan", remote_id="p1")
    ItemLink.objects.create(
        item=item,
        connection=pages.connection,
        collection=pages,
        relation="lead",
        target_remote_id="p2",
    )

    moves.take_over(rows, ["p1"])

    assert ItemLink.objects.get().collection == rows


def test_one_that_was_deleted_where_it_was_comes_back(pages, rows):
    item = make_item(pages, remote_id="p1", deleted_at=NOON, deleted_kind="moved")

    counts = show(rows, "p1")

    item.refresh_from_db()
    assert (item.collection, item.is_deleted) == (rows, False)
    assert item.changes.get().kind == "restored"
    assert counts.live_delta == 1


def test_of_several_rows_the_living_one_moves(pages, rows):
    third = make_collection(pages.connection, remote_id="src2", item_type="page")
    gone = make_item(third, remote_id="p1", deleted_at=NOON)
    living = make_item(pages, remote_id="p1")

    show(rows, "p1")

    assert Item.objects.get(collection=rows).pk == living.pk
    assert Item.objects.get(collection=third).pk == gone.pk


def test_nobody_elses_item_is_taken_over(pages, rows, bob):
    theirs = make_collection(make_connection(bob, provider="notion"), item_type="page")
    other = make_item(theirs, remote_id="p1")

    assert show(rows, "p1").created == 1
    other.refresh_from_db()
    assert other.collection == theirs


def test_where_ids_are_unique_in_a_collection_only_nothing_moves(alice):
    collection = make_collection(make_connection(alice))
    deals = make_collection(collection.connection, remote_id="deals", item_type="deal")
    contact = make_item(collection, remote_id="1")

    assert show(deals, "1").created == 1
    contact.refresh_from_db()
    assert contact.collection == collection


def test_only_what_is_new_here_is_looked_for_elsewhere(
    pages, rows, django_assert_num_queries
):
    show(rows, "p1", "p2")
    rows.refresh_from_db()
    assert rows.connection.provider == "notion"

    # The collection's lock, what is known of these, and what a table sorts by.
    with django_assert_num_queries(3):
        show(rows, "p1", "p2")


def test_whoever_may_take_an_item_over_locks_first_what_it_may_leave(pages, rows):
    make_item(pages, remote_id="p1")

    with lock_order.watched() as order:
        show(rows, "p1")

    locked = order.asked[0].get_compiler("default").results_iter()
    assert {key for (key,) in locked} == {pages.pk, rows.pk}
