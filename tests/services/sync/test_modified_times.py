"""An item that was edited is as new as the edit, even if its provider says nothing."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from integrations.models import Collection, Item
from integrations.providers.records import IntegrationItem
from integrations.services.items.store import store_page
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


def test_a_new_item_is_as_old_as_it_was_made(collection: Collection) -> None:
    assert store(collection, now=NOON).remote_updated_at == MADE


@pytest.mark.parametrize(
    "edit", [{"properties": {"city": "Bergen"}}, {"name": "Wrote"}, {"children": ()}]
)
def test_an_edit_without_a_time_happened_when_it_was_noticed(
    collection: Collection, edit: dict[str, Any]
) -> None:
    store(collection, now=NOON)

    assert store(collection, now=LATER, **edit).remote_updated_at == LATER


def test_an_edit_with_a_time_happened_then(collection: Collection) -> None:
    store(collection, now=NOON)
    said = NOON - timedelta(minutes=5)

    item = store(
        collection, now=LATER, last_modified_time=said, properties={"city": "Bergen"}
    )

    assert item.remote_updated_at == said


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

    assert (item.parent_name, item.remote_updated_at) == ("Jobs", MADE)


def test_an_item_that_comes_back_keeps_its_time(collection: Collection) -> None:
    store(collection, now=NOON)
    Item.objects.update(deleted_at=NOON, deleted_kind="deleted")

    item = store(collection, now=LATER)

    assert (item.is_deleted, item.remote_updated_at) == (False, MADE)
