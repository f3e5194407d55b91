"""A note is stored beside what is so by then, not beside what was read before."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.models import (
    Collection,
    Item,
    OwnColumn,
    OwnValue,
    PropertyIndex,
    PropertyValue,
)
from integrations.providers.kinds import Deletion, DeletionKind
from integrations.services.items.own_columns import merging, values
from integrations.services.items.own_columns import store as store_columns
from integrations.services.items.storage import store
from tests.support.rows import make_collection, make_connection, make_item


@pytest.fixture
def column(alice: User) -> OwnColumn:
    """Return an own column by which a table is sorted."""
    deals = make_collection(make_connection(alice), remote_id="deals", item_type="deal")
    made = store_columns.create(alice, deals, name="Mine", kind="text", options=())
    PropertyIndex.objects.create(
        collection=deals, name=made.column_id, family="text", state="ready"
    )
    make_item(deals, name="Ash", remote_id="1")
    make_item(deals, name="Beech", remote_id="2")
    return made


def note(item: Item, column: OwnColumn, text: str) -> None:
    values.set_values(item, item.collection, {column: text})


def read() -> Item:
    return Item.objects.select_related("collection__connection").get(remote_id="1")


def delete(item: Item, **facts: Any) -> None:
    deletions = {item.pk: Deletion(**facts)}
    store.soft_delete(item.collection, deletions, run_id=None, now=timezone.now())


def noted() -> dict[str, str]:
    return dict(OwnValue.objects.values_list("remote_id", "value"))


def indexed() -> set[tuple[str, str]]:
    rows = PropertyValue.objects.filter(text__gt="")
    return set(rows.values_list("item__remote_id", "text"))


def test_a_column_that_is_deleted_meanwhile_takes_its_note_along(
    column: OwnColumn,
) -> None:
    item = read()
    store_columns.delete(OwnColumn.objects.get())

    note(item, column, "Easter")

    assert noted() == {}


def test_a_record_that_is_merged_meanwhile_passes_its_note_on(
    column: OwnColumn,
) -> None:
    item = read()
    delete(read(), kind=DeletionKind.MERGED, detail="2")

    note(item, column, "Easter")

    assert noted() == {"1": "Easter", "2": "Easter"}
    assert indexed() == {("2", "easter")}


def test_a_record_that_is_deleted_meanwhile_is_in_no_index(column: OwnColumn) -> None:
    item = read()
    delete(read(), kind=DeletionKind.ARCHIVED)

    note(item, column, "Easter")

    assert (noted(), indexed()) == ({"1": "Easter"}, set())


def merge(remote_id: str, into: str) -> None:
    items = Item.objects.select_related("collection__connection")
    delete(items.get(remote_id=remote_id), kind=DeletionKind.MERGED, detail=into)


@pytest.mark.parametrize("text", ["Whitsun", ""])
def test_what_was_inherited_is_replaced_at_each_heir_up_to_the_live_one(
    column: OwnColumn, text: str
) -> None:
    make_item(column_beside(column), name="Cedar", remote_id="3")
    note(read(), column, "Easter")
    item = read()
    merge("1", "2")
    merge("2", "3")
    assert noted() == dict.fromkeys("123", "Easter")

    note(item, column, text)

    assert noted() == (dict.fromkeys("123", text) if text else {})
    assert indexed() == ({("3", "whitsun")} if text else set())


@pytest.mark.parametrize("text", ["Whitsun", ""])
@pytest.mark.parametrize("own", ["Advent", ""])
def test_what_a_user_noted_or_emptied_at_the_heir_stays(
    column: OwnColumn, text: str, own: str
) -> None:
    note(read(), column, "Easter")
    item, heir = read(), Item.objects.get(remote_id="2")
    merge("1", "2")
    note(heir, column, own)

    note(item, column, text)

    assert noted().get("2", "") == own
    assert noted().get("1", "") == text


def test_a_note_of_its_own_at_a_record_between_ends_the_way(column: OwnColumn) -> None:
    make_item(column_beside(column), name="Cedar", remote_id="3")
    note(read(), column, "Easter")
    note(Item.objects.get(remote_id="2"), column, "Advent")
    note(Item.objects.get(remote_id="3"), column, "Easter")
    item = read()
    merge("1", "2")
    merge("2", "3")

    note(item, column, "Whitsun")

    assert noted() == {"1": "Whitsun", "2": "Advent", "3": "Easter"}


@pytest.mark.parametrize("at_once", [False, True])
def test_what_is_merged_into_a_merged_record_is_inherited_by_the_live_one(
    column: OwnColumn, *, at_once: bool
) -> None:
    make_item(column_beside(column), name="Cedar", remote_id="3")
    note(read(), column, "Easter")
    if at_once:
        keys = dict(Item.objects.values_list("remote_id", "pk"))
        into = {"1": "2", "2": "3"}
        deletions = {
            keys[each]: Deletion(kind=DeletionKind.MERGED, detail=into[each])
            for each in into
        }
        beside = column_beside(column)
        store.soft_delete(beside, deletions, run_id=None, now=timezone.now())
    else:
        merge("2", "3")
        merge("1", "2")

    assert noted() == dict.fromkeys("123", "Easter")
    assert indexed() == {("3", "easter")}


def test_records_that_went_into_each_other_are_followed_once(column: OwnColumn) -> None:
    item = read()
    merge("1", "2")
    merge("2", "1")

    note(item, column, "Easter")

    assert noted() == {"1": "Easter", "2": "Easter"}


def test_a_long_chain_of_merges_is_followed_in_a_bounded_number_of_queries(
    column: OwnColumn,
) -> None:
    deals = column_beside(column)
    number = merging.FARTHEST + 5
    for each in range(3, number + 1):
        make_item(deals, name="Fir", remote_id=str(each))
    for each in range(1, number):
        merge(str(each), str(each + 1))

    with CaptureQueriesContext(database) as queries:
        (heirs,) = merging.heirs_of(deals, ["1"]).values()

    assert heirs == [str(each + 2) for each in range(merging.FARTHEST)]
    assert len(queries) == merging.FARTHEST


def column_beside(column: OwnColumn) -> Collection:
    return store_columns.collections_beside(column).get()
