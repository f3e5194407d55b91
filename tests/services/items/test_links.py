"""Items that others name are found however many they are."""

from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from integrations.providers.records import DisplayField
from integrations.providers.typed.fields import Relation
from integrations.services.items.relations import links
from tests.support.rows import make_collection, make_connection, make_items


def test_no_linked_item_is_missed_because_there_are_many(alice):
    collection = make_collection(make_connection(alice))
    make_items(collection, [{"remote_id": str(n)} for n in range(1200)])
    item = collection.items.first()
    ids = [str(n) for n in range(1200)]
    described = [
        DisplayField(
            name=str(start),
            label="Linked",
            value=Relation(linked_ids=tuple(ids[start : start + 40])),
        )
        for start in range(0, 1200, 40)
    ]

    found = links.find(item, described)

    assert sum(len(found.of(field.value)) for field in described) == 1200


def test_so_many_ids_are_asked_for_at_once_as_sqlite_takes(alice, monkeypatch):
    monkeypatch.setattr(links, "AT_ONCE", 10)
    collection = make_collection(make_connection(alice))
    make_items(collection, [{"remote_id": str(n)} for n in range(25)])
    field = DisplayField(
        name="linked",
        label="Linked",
        value=Relation(linked_ids=tuple(str(n) for n in range(25))),
    )

    with CaptureQueriesContext(database) as queries:
        found = links.find_each([(collection.items.first(), [field])])

    assert len(found[collection.connection_id].of(field.value)) == 25
    # Each asks for ten ids or fewer.
    assert len([each for each in queries if "remote_id" in each["sql"]]) == 4
