"""A connector may put the texts of items on the page that lists them."""

from typing import Any

import pytest
from msgspec.structs import replace

from integrations.models import Connection, Item, ItemContent
from integrations.providers import CONNECTORS
from integrations.providers.records import Content, Page
from tests.services.fixtures import FinishSync


def test_texts_of_a_list_are_stored_with_their_items(
    connection: Connection, finish_sync: FinishSync, monkeypatch: pytest.MonkeyPatch
) -> None:
    connector = CONNECTORS[connection.provider]
    listed = connector.fetch_page

    def fetch_page(api: Any, collection: Any, **place: Any) -> Page:
        page = listed(api, collection, **place)
        texts = {item.id: Content(blocks=(), text=item.name) for item in page.items}
        return replace(page, contents=texts)

    monkeypatch.setattr(connector, "fetch_page", fetch_page)

    assert finish_sync(connection).outcome == "complete"

    kept = dict(ItemContent.objects.values_list("item__name", "text"))
    assert Item.objects.live().count() == ItemContent.objects.count()
    assert all(name == text for name, text in kept.items())
