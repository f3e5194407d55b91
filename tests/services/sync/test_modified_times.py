"""When an item changed: as its provider says, as it was noticed here, or unknown."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from integrations.models import Collection, Item
from integrations.providers.records import IntegrationItem
from integrations.services.items.storage.store import store_page
from tests.support.rows import NOON, make_collection, make_connection

pytestmark = pytest.mark.django_db

MADE = NOON - timedelta(days=30)
LATER = NOON + timedelta(hours=1)


@pytest.fixture
def collection(alice: User) -> Collection:
    return make_collection(make_connection(alice))


def store(collection: Collection, *, now: datetime, **values: Any) -> Item:
    """Store one page with one item; return the item."""
    defaults = {
        "id": "1",
        "type": "record",
        "name": "Write",
        "creation_time": MADE,
        "properties": {"city": "Oslo"},
    }
    item = IntegrationItem(**{**defaults, **values})
    store_page(collection, [item], run_id=None, now=now)
    return Item.objects.get(collection=collection, remote_id="1")


@pytest.mark.parametrize("made", [MADE, None])
def test_the_first_sight_of_an_item_is_no_change(
    collection: Collection, made: datetime | None
) -> None:
    item = store(collection, now=NOON, creation_time=made)

    assert (item.remote_updated_at, item.is_update_noticed) == (None, None)
    assert item.remote_created_at == made


@pytest.mark.parametrize(
    "edit", [{"properties": {"city": "Bergen"}}, {"name": "Wrote"}, {"children": ()}]
)
def test_an_edit_without_a_time_happened_when_it_was_noticed(
    collection: Collection, edit: dict[str, Any]
) -> None:
    store(collection, now=NOON)

    item = store(collection, now=LATER, **edit)

    assert (item.remote_updated_at, item.is_update_noticed) == (LATER, True)


def test_an_edit_with_a_time_happened_then(collection: Collection) -> None:
    store(collection, now=NOON)
    said = NOON - timedelta(minutes=5)

    item = store(
        collection, now=LATER, last_modified_time=said, properties={"city": "Bergen"}
    )

    assert (item.remote_updated_at, bool(item.is_update_noticed)) == (said, False)


def test_a_time_that_is_told_takes_the_place_of_one_that_was_noticed(
    collection: Collection,
) -> None:
    store(collection, now=NOON)
    store(collection, now=LATER, name="Wrote")
    said = NOON - timedelta(minutes=5)

    item = store(
        collection,
        now=LATER + timedelta(hours=1),
        name="Wrote",
        last_modified_time=said,
    )

    assert (item.remote_updated_at, item.is_update_noticed) == (said, False)


@pytest.mark.parametrize("field", ["creation_time", "last_modified_time"])
def test_a_time_far_ahead_is_not_when_anything_happened(
    collection: Collection, field: str
) -> None:
    ahead = NOON + timedelta(days=2)

    item = store(collection, now=NOON, **{"creation_time": None, field: ahead})

    assert (item.remote_updated_at, item.remote_created_at) == (None, None)


def test_a_clock_that_is_a_little_ahead_is_believed(collection: Collection) -> None:
    soon = NOON + timedelta(minutes=5)

    item = store(collection, now=NOON, last_modified_time=soon)

    assert item.remote_updated_at == soon


def test_an_edit_with_a_time_far_ahead_happened_when_it_was_noticed(
    collection: Collection,
) -> None:
    store(collection, now=NOON, last_modified_time=MADE)

    ahead = NOON + timedelta(days=400)
    item = store(collection, now=LATER, last_modified_time=ahead, name="Wrote")

    assert (item.remote_updated_at, item.is_update_noticed) == (LATER, True)


def test_an_item_that_is_the_same_is_not_written_again(collection: Collection) -> None:
    store(collection, now=NOON)
    edited = store(collection, now=LATER, name="Wrote")

    again = store(collection, now=LATER + timedelta(hours=1), name="Wrote")

    assert (again.remote_updated_at, again.changed_at) == (LATER, edited.changed_at)


def test_an_item_whose_parent_has_a_new_name_was_not_edited(
    collection: Collection,
) -> None:
    store(collection, now=NOON, parent_path_or_name="Tasks")

    item = store(collection, now=LATER, parent_path_or_name="Jobs")

    assert (item.parent_name, item.remote_updated_at) == ("Jobs", None)


def test_an_item_that_comes_back_keeps_its_time(collection: Collection) -> None:
    store(collection, now=NOON)
    store(collection, now=LATER, name="Wrote")
    Item.objects.update(deleted_at=NOON, deleted_kind="deleted")

    item = store(collection, now=LATER + timedelta(hours=1), name="Wrote")

    assert (item.is_deleted, item.remote_updated_at) == (False, LATER)
    assert item.is_update_noticed
