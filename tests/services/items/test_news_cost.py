"""An open list looks for news often, and must not read all items for it."""

from datetime import timedelta

import pytest
from django.db import connection as database

from integrations.models import Item, ItemChange
from integrations.services.items.history.news import News
from integrations.services.items.lists import listing
from integrations.services.items.lists.counting import count_since
from integrations.services.items.lists.query import ItemQuery
from integrations.services.items.search import full_text
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


@pytest.mark.skipif(database.vendor != "sqlite", reason="it counts SQLite's steps")
@pytest.mark.parametrize("kind", ["changed", "deleted", "restored"])
def test_a_list_of_a_past_day_costs_no_more_among_more_items(alice, kind):
    collection = make_collection(make_connection(alice))
    day = timedelta(days=1)
    asked = ItemQuery(news=News(kind=kind, since=NOON, until=NOON + day))
    told = {"first_seen_at": NOON - day, "changed_at": NOON}
    make_items(collection, [{"name": "then", **told}] * 3)
    changes = [
        ItemChange(item=item, connection=collection.connection, at=NOON, kind=kind)
        for item in collection.items.all()
    ]
    ItemChange.objects.bulk_create(changes)
    few = steps_of(alice, collection, asked)

    late = {"first_seen_at": NOON - day, "changed_at": NOON + 2 * day}
    make_items(collection, [{"name": "later", **late}] * 3000)
    full_text.tell_planner()

    assert steps_of(alice, collection, asked) <= few + 5


def steps_of(user, collection, query):
    """Return how many steps, in hundreds, SQLite takes for a page of a list."""
    collections = [collection]
    items = listing.select(Item.objects.owned_by(user), query, collections)
    steps = []
    database.connection.set_progress_handler(lambda: steps.append(1) and None, 100)
    page = listing.fetch_page(items, query, owner_id=user.pk, collections=collections)
    database.connection.set_progress_handler(None, 100)
    assert [item.name for item in page.items] == ["then"] * 3
    return len(steps)
