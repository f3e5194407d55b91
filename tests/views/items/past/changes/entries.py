"""Make changes, and read them off the page of changes."""

from integrations.models import Item, ItemChange
from integrations.providers.records import IntegrationItem
from integrations.services.items.storage import store
from tests.support.rows import NOON, make_item

PATH = "/changes/"


def put(collection, *, run=None, at=NOON, **properties):
    """Store an item as a sync finds it."""
    item = IntegrationItem(
        id="1", type=collection.item_type, name="Big deal", properties=properties
    )
    run_id = run.pk if run else None
    return store.store_page(collection, [item], run_id=run_id, now=at)


def change(item, *, at=NOON, **values):
    return ItemChange.objects.create(
        item=item,
        connection=item.connection,
        at=at,
        **{"kind": "changed", "fields": {"name": ["Old", "New"]}, **values},
    )


def entries(page):
    return [entry for day in page.context["days"] for entry in day["entries"]]


def keys(page):
    return [entry["pk"] for entry in entries(page)]


def walk(client, path):
    """Return the keys of all pages."""
    found = []
    while path:
        page = client.get(path)
        found += keys(page)
        path = page.context["next_url"]
    return found


def came(collection, at, **values):
    """Store an item that came after everything of its collection had been read."""
    item = make_item(collection, **values)
    Item.objects.filter(pk=item.pk).update(
        first_seen_at=at, new_at=at, changed_at=values.get("changed_at", at)
    )
    item.refresh_from_db()
    return item
