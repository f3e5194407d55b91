"""What is recognized outside of a transaction is looked at once more inside of it."""

from datetime import timedelta
from functools import partial

import pytest
from django.contrib.auth.models import User

from integrations.models import Collection, Item
from integrations.providers.records import IntegrationItem, Same
from integrations.services.items.storage import store
from integrations.services.items.storage.recognition import recognizer
from integrations.services.items.storage.store import PageCounts
from tests.support.rows import NOON, make_collection, make_connection

pytestmark = pytest.mark.django_db

LATER = NOON + timedelta(hours=1)
SOURCE, OTHER = b"s" * 16, b"o" * 16


@pytest.fixture
def collection(alice: User) -> Collection:
    found = make_collection(make_connection(alice), stored_count=1)
    show(found, [make("1")], sources={"1": SOURCE})
    return found


def make(remote_id: str, name: str = "Plan") -> IntegrationItem:
    return IntegrationItem(id=remote_id, type="record", name=name)


def show(
    collection: Collection, items: list[IntegrationItem], **more: object
) -> PageCounts:
    return store.store_page(collection, items, run_id=None, now=LATER, **more)


def recognized(collection: Collection) -> dict[str, Same]:
    found = recognizer(collection)({"1": SOURCE})
    return {
        key: Same(digest=digest, to_item=partial(make, key))
        for key, digest in found.items()
    }


def test_a_record_is_known_by_its_source_alone(collection: Collection) -> None:
    assert recognized(collection).keys() == {"1"}
    assert recognizer(collection)({"1": OTHER, "2": SOURCE}) == {}


def test_one_of_another_collection_is_not_known(collection: Collection) -> None:
    other = make_collection(collection.connection, remote_id="other", stored_count=1)

    assert recognizer(other)({"1": SOURCE}) == {}


def test_what_is_recognized_is_seen_and_not_written(collection: Collection) -> None:
    item = Item.objects.get()
    same = recognized(collection)

    counts = show(collection, [], same=same, sources={"1": SOURCE})

    assert counts == PageCounts(unchanged=1, seen_keys=(item.pk,))
    assert Item.objects.get().changed_at == item.changed_at


@pytest.mark.parametrize(
    "written",
    [
        {"name": "Edited", "digest": "0" * 32},
        {"name": "Altered", "digest": ""},
        {"deleted_at": NOON, "deleted_kind": "deleted"},
    ],
)
def test_what_was_written_since_it_was_recognized_is_made_anew(
    collection: Collection, written: dict[str, object]
) -> None:
    same = recognized(collection)
    Item.objects.update(**written)

    show(collection, [], same=same, sources={"1": SOURCE})

    item = Item.objects.get()
    assert (item.name, item.is_deleted) == ("Plan", False)
    assert recognized(collection).keys() == {"1"}


def test_a_record_is_not_known_for_an_item_that_came_of_another(
    collection: Collection,
) -> None:
    show(collection, [make("1", name="Another")])

    assert recognizer(collection)({"1": SOURCE}) == {}
