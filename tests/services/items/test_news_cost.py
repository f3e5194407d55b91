"""An open list looks for news often, and must not read all items for it."""

from datetime import timedelta

import pytest
from django.db import connection as database

from integrations.models import Item
from integrations.services.items.lists.counting import count_since
from tests.support.rows import NOON, make_collection, make_connection, make_items


@pytest.mark.skipif(database.vendor != "sqlite", reason="it counts SQLite's steps")
@pytest.mark.parametrize("of", ["owner", "collection"])
def test_looking_for_news_costs_no_more_among_more_items(alice, of):
    connection = make_connection(alice)
    collection = make_collection(connection)
    later = NOON + timedelta(hours=1)
    make_items(collection, [{"name": "new", "changed_at": later}] * 3)
    few = look(alice, collection, of)

    make_items(collection, [{"name": "old"}] * 3000)

    assert look(alice, collection, of) <= few + 2


def look(user, collection, of):
    """Return how many steps, in hundreds, SQLite takes for a look."""
    live = Item.objects.live()
    items = live.owned_by(user) if of == "owner" else live.filter(collection=collection)
    steps = []
    database.connection.set_progress_handler(lambda: steps.append(1) and None, 100)
    new, changed = count_since(items, NOON, connections=[collection.connection_id])
    database.connection.set_progress_handler(None, 100)
    assert (new.number, changed.number) == (0, 3)
    return len(steps)
