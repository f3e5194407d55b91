"""What is kept of values, so that they are described once, has a bound."""

import gc
import tracemalloc

import pytest
from django.contrib.auth.models import User

from integrations.models import Connection
from integrations.services.items.search import texts
from integrations.services.items.search.texts import Indexer
from tests.services.fixtures import FinishSync
from tests.support.rows import make_collection, make_connection

MOST_BYTES = 9_000_000
NAMES = [f"field_{number}" for number in range(20)]


def test_values_that_are_each_in_one_item_are_not_all_kept(alice: User) -> None:
    fields = [{"name": name, "label": name} for name in NAMES]
    contacts = make_collection(make_connection(alice), schema={"fields": fields})
    indexer = Indexer(contacts)

    tracemalloc.start()
    try:
        for number in range(1000):
            properties = {name: f"value {number} of {name}" for name in NAMES}
            indexer.text(name="Ann", remote_id="a", properties=properties)
        gc.collect()
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert held < MOST_BYTES


def test_one_property_of_unique_values_takes_no_room_of_others(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields = [{"name": name, "label": name} for name in ("number", "city")]
    contacts = make_collection(make_connection(alice), schema={"fields": fields})
    indexer = Indexer(contacts)
    for number in range(2 * texts.MOST_KNOWN):
        indexer.text(name="", remote_id="a", properties={"number": f"n{number}"})
    indexer.text(name="", remote_id="a", properties={"city": "Bonn"})

    monkeypatch.setattr(indexer, "_describe", None)

    assert "bonn" in indexer.text(name="", remote_id="b", properties={"city": "Bonn"})


def test_a_sync_leaves_nothing_of_it_behind(
    connection: Connection, finish_sync: FinishSync
) -> None:
    finish_sync(connection)

    gc.collect()
    assert not [each for each in gc.get_objects() if isinstance(each, Indexer)]


def test_collections_that_are_read_in_turns_keep_theirs_in_one_room(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(texts, "MOST_KNOWN", 40)
    texts.forget_indexers()
    connection = make_connection(alice)
    fields = [{"name": "number", "label": "Number"}]
    first, second = (
        make_collection(connection, remote_id=name, schema={"fields": fields})
        for name in ("one", "two")
    )
    made = [texts.indexer_of(first), texts.indexer_of(second)]
    for indexer in made:
        for number in range(30):
            indexer.text(name="", remote_id="a", properties={"number": f"n{number}"})

    assert [texts.indexer_of(first), texts.indexer_of(second)] == made
    kept = [len(indexer._known["number"]) for indexer in made]
    assert kept == [30, 10]

    third = make_collection(connection, remote_id="three", schema={"fields": fields})
    texts.indexer_of(third)
    assert texts.indexer_of(second) is made[1]
    assert texts.indexer_of(first) is not made[0]
    texts.forget_indexers()
