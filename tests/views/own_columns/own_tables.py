"""Make own columns, write their values, and read them from a table."""

import re

from django.utils import timezone

from integrations.models import (
    OwnColumn,
)
from integrations.providers.records import IntegrationItem
from integrations.services.items.storage import store
from integrations.views.items.tables.drawing import draw
from tests.support.rows import make_collection
from tests.views.items.tables.test_table import SCHEMA


def make_deals(connection):
    return make_collection(
        connection, remote_id="deals", name="Deals", item_type="deal", schema=SCHEMA
    )


def add(client, collection, name="Rank", kind="number", choices=""):
    form = {"name": name, "kind": kind, "added": choices}
    answer = client.post(f"/collections/{collection.pk}/own-columns/", form)
    assert answer.status_code == 302, answer.context["form"].errors
    return OwnColumn.objects.get(name=name)


def note(client, item, column, value, **more):
    form = {column.column_id: value, **more}
    return client.post(f"/items/{item.uuid}/own/", form)


def table(client, collection, query=""):
    page = client.get(f"/collections/{collection.pk}/{query}")
    assert page.status_code == 200
    return page


def shown(page, label):
    """Return the cells of a column as texts, by the names of their rows."""
    return {
        row.item.name: re.sub("<[^>]+>", "", draw(cell)).strip()
        for row in page.context["rows"]
        for column, cell in row.cells
        if column.label == label
    }


def page_of(item, **more):
    return IntegrationItem(
        id=item.remote_id, type="deal", name=item.name, properties=more
    )


def sync(collection, *items):
    store.store_page(collection, items, run_id=None, now=timezone.now())
