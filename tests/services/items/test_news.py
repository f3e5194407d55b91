"""What came, changed or went is found by its index, not among all items."""

from datetime import timedelta

import pytest
from django.db import connection as database
from django.utils import timezone

from integrations.models import Item
from integrations.services.items.history.news import CHANGED, DELETED, NEW, News
from integrations.services.items.lists import counting
from tests.support.rows import make_collection, make_connection, make_items

pytestmark = pytest.mark.django_db

BY_INDEX = {
    NEW: "item_by_arrival",
    CHANGED: "item_changed_since",
    DELETED: "item_by_deletion",
}


@pytest.fixture
def alices_items(alice):
    """Return many items of a first load, one new, one changed, one deleted."""
    now = timezone.now()
    collection = make_collection(make_connection(alice))
    make_items(collection, [{"name": f"N{n}"} for n in range(63)])
    collection.first_full_refresh_at = now
    collection.save()
    keys = list(Item.objects.order_by("pk").values_list("pk", flat=True)[:3])
    later = now + timedelta(minutes=5)
    Item.objects.update(first_seen_at=now, changed_at=now)
    Item.objects.filter(pk=keys[0]).update(
        first_seen_at=later, changed_at=later, new_at=later
    )
    Item.objects.filter(pk=keys[1]).update(changed_at=later)
    Item.objects.filter(pk=keys[2]).update(deleted_at=later, changed_at=later)
    return Item.objects.owned_by(alice)


@pytest.mark.parametrize("kind", BY_INDEX)
def test_a_first_load_costs_the_count_and_the_list_of_news_nothing(alices_items, kind):
    if database.vendor != "sqlite":
        pytest.skip("reads the words of SQLite's planner")
    news = News(kind=kind, since=timezone.now() - timedelta(days=7))
    found = news.select(alices_items)

    assert counting.count_up_to(found, counting.COUNT_LIMIT).number == 1
    page = found.order_by("-remote_updated_at", "-id")[:51]
    assert f"INDEX {BY_INDEX[kind]} " in found[:51].explain()
    assert f"INDEX {BY_INDEX[kind]} " in page.explain()
