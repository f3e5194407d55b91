"""A note is stored beside what is so by then, not beside what was read before."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from integrations.models import Item, OwnColumn, OwnValue, PropertyIndex, PropertyValue
from integrations.providers.kinds import Deletion, DeletionKind
from integrations.services.items.own_columns import store as store_columns
from integrations.services.items.own_columns import values
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
    rows = PropertyValue.objects.exclude(text="")
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
